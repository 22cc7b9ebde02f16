package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"syscall"

	"github.com/docker/docker/api/types/versions"
)

// silent is for servers whose clients' mistakes are not the reader's business.
var silent = log.New(io.Discard, "", 0)

// Serve answers the Engine API on a listener, until Close.
func (e *Engine) Serve(l net.Listener) error {
	server := &http.Server{Handler: e, ErrorLog: silent}
	e.mu.Lock()
	if e.ctx.Err() != nil {
		e.mu.Unlock()
		return errors.Join(http.ErrServerClosed, l.Close())
	}
	e.servers = append(e.servers, server)
	e.running.Add(1)
	e.mu.Unlock()
	defer e.running.Done()
	return server.Serve(l)
}

// ListenUnix answers on a new unix socket in the background, and returns the endpoint to give to a docker client.
func (e *Engine) ListenUnix(path string) (endpoint string, err error) {
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) {
		return "", fmt.Errorf("the socket %s exists: remove it if no other engine uses it", path)
	}
	if err != nil {
		return "", err
	}
	e.running.Go(func() { e.Serve(l) })
	return "unix://" + path, nil
}

// SetVersions changes the API versions spoken, as an upgrade of the engine does.
func (e *Engine) SetVersions(oldest, newest string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.minAPI, e.maxAPI = oldest, newest
}

var versioned = regexp.MustCompile(`^/v([0-9][0-9.]*)(/.*)$`)

// ServeHTTP answers one question of the Engine API, after the faults had their way with it.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	faults, oldest, newest := e.faults, e.minAPI, e.maxAPI
	e.mu.Unlock()

	w.Header().Set("Api-Version", newest)
	w.Header().Set("Server", "Docker/"+e.options.Version+" (embedded)")
	w.Header().Set("Ostype", "linux")
	if match := versioned.FindStringSubmatch(r.URL.Path); match != nil {
		if err := speaks(match[1], oldest, newest); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		r.URL.Path = match[2]
	}
	var answer http.Handler = http.HandlerFunc(e.answer)
	for _, fault := range faults {
		answer = fault(answer)
	}
	answer.ServeHTTP(w, r)
}

// speaks is the engine's rule and the engine's words.
func speaks(version, oldest, newest string) error {
	if versions.LessThan(version, oldest) {
		return fmt.Errorf("client version %s is too old. Minimum supported API version is %s, please upgrade your client to a newer version", version, oldest)
	}
	if versions.GreaterThan(version, newest) {
		return fmt.Errorf("client version %s is too new. Maximum supported API version is %s", version, newest)
	}
	return nil
}

// tell answers with what is so under mu. It is written after mu is released, as the client may be slow to read.
func (e *Engine) tell(w http.ResponseWriter, what func() any) {
	e.mu.Lock()
	text, err := json.Marshal(what())
	e.mu.Unlock()
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(text, '\n'))
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"message": message})
}
