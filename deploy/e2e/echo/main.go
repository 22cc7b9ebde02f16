// Command echo is the service behind the router in the end-to-end tests: it answers every request with what it received
// and who it is, on the ports that the example stacks name.
//
// The environment says how it behaves in a deployment: BOOT is how long it takes until it listens, EXIT what it does at
// SIGTERM: nothing it can help ("ignore"), end at once ("at-once"), or finish what it has begun.
//
// As "echo sick" and "echo well", run in the container of a task, it makes /health of that task fail and succeed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path"
	"sync"
	"syscall"
	"time"
)

// sick is the file that makes /health fail.
const sick = "/sick"

var ports = []string{":2368", ":8000"}

// A Reply is what came in, as JSON. The tests read it.
type Reply struct {
	Image  string      `json:"image"` // baked into the image: which service and version this is
	Task   string      `json:"task"`  // the container's host name
	Method string      `json:"method"`
	Host   string      `json:"host"`
	URI    string      `json:"uri"` // as on the wire
	Header http.Header `json:"header"`
	Length int64       `json:"length"` // of the body
}

func main() {
	var err error
	switch command := append(os.Args[1:], "serve")[0]; command {
	case "sick":
		err = os.WriteFile(sick, nil, 0o600)
	case "well":
		err = os.Remove(sick)
	case "serve":
		err = serve()
	default:
		err = fmt.Errorf("unknown command %q", command)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// serve ends as a good service does, unless it is told otherwise: at SIGTERM it stops listening and finishes what it has
// begun.
func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch os.Getenv("EXIT") {
	case "ignore":
		ctx = context.Background() // the signal is caught, and nobody looks
	case "at-once":
		context.AfterFunc(ctx, func() { os.Exit(0) })
	}
	if boot, err := time.ParseDuration(os.Getenv("BOOT")); err == nil {
		time.Sleep(boot)
	}
	broken := make(chan error, len(ports))
	servers := make([]*http.Server, len(ports))
	answers := &service{}
	for i, port := range ports {
		servers[i] = &http.Server{Addr: port, Handler: answers, ReadHeaderTimeout: time.Minute}
		go func() { broken <- servers[i].ListenAndServe() }()
	}
	select {
	case err := <-broken:
		return err
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, s := range servers {
		_ = s.Shutdown(finish)
	}
	return nil
}

// A service answers by path. It is no ServeMux, which would answer //x with a redirect: what is asked for must be told as it came.
type service struct {
	held sync.Map // gates of responses that wait, by name
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch place, name := path.Split(r.URL.Path); {
	case place == "/" && name == "health":
		health(w)
	case place == "/hold/":
		s.hold(w, r, name)
	case place == "/release/":
		s.release(w, r, name)
	default:
		echo(w, r)
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	length, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return // the client is gone
	}
	task, _ := os.Hostname()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Reply{os.Getenv("IMAGE"), task, r.Method, r.Host, r.RequestURI, r.Header, length})
}

func health(w http.ResponseWriter) {
	if _, err := os.Stat(sick); err == nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// hold answers with the first half of a response and keeps the rest until it is released.
func (s *service) hold(w http.ResponseWriter, r *http.Request, name string) {
	gate := make(chan struct{})
	s.held.Store(name, gate)
	fmt.Fprintln(w, "first half")
	_ = http.NewResponseController(w).Flush()
	select {
	case <-gate:
		fmt.Fprintln(w, "second half")
	case <-r.Context().Done():
	}
}

func (s *service) release(w http.ResponseWriter, r *http.Request, name string) {
	gate, ok := s.held.LoadAndDelete(name)
	if !ok {
		http.NotFound(w, r)
		return
	}
	close(gate.(chan struct{}))
}
