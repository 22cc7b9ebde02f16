package main

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
)

// An engine answers the few questions of the Docker Engine API that Appia asks, so that the real binary routes to our
// backends: each route is a service, each of its backends a task. (discovery/swarm/embedded gives its tasks addresses of
// its own choice, at which nobody listens outside its process.)
type engine map[string][]byte

// serveEngine answers on a unix socket until it is closed.
func serveEngine(p *plan) (endpoint string, stop func(), err error) {
	e, err := newEngine(p.Routes)
	if err != nil {
		return "", nil, err
	}
	path := filepath.Join(p.Dir, "engine.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: e}
	go server.Serve(l) //nolint:errcheck // ends when it is closed
	return "unix://" + path, func() { server.Close() }, nil
}

type object = map[string]any

func newEngine(routes []route) (engine, error) {
	services, tasks := []object{}, []object{}
	for i, r := range routes {
		id := "service" + strconv.Itoa(i)
		_, port, err := net.SplitHostPort(r.Backends[0])
		if err != nil {
			return nil, err
		}
		services = append(services, object{"ID": id, "CreatedAt": "2026-01-01T00:00:00Z", "Spec": object{
			"Name":   "s" + strconv.Itoa(i),
			"Labels": map[string]string{"traefik.port": port, "traefik.frontend.rule": "Host:" + r.Host},
			"Mode":   object{"Replicated": object{"Replicas": len(r.Backends)}},
		}})
		for slot, address := range r.Backends {
			host, _, _ := net.SplitHostPort(address)
			tasks = append(tasks, object{
				"ID": id + "." + strconv.Itoa(slot), "ServiceID": id, "Slot": slot + 1, "NodeID": "node",
				"DesiredState": "running", "Status": object{"State": "running"},
				"NetworksAttachments": []object{{"Network": object{"ID": "network"}, "Addresses": []string{host + "/24"}}},
			})
		}
	}
	return encode(map[string]any{
		"/services": services,
		"/tasks":    tasks,
		"/networks": []object{{"Id": "network", "Name": "bench", "Scope": "swarm", "Driver": "overlay"}},
		"/info":     object{"Swarm": object{"Cluster": object{"ID": "bench"}}},
		"/_ping":    "OK",
	})
}

func encode(answers map[string]any) (e engine, err error) {
	e = engine{}
	for path, answer := range answers {
		if e[path], err = json.Marshal(answer); err != nil {
			return nil, err
		}
	}
	return e, nil
}

var versioned = regexp.MustCompile(`^/v[0-9.]+`)

func (e engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Content-Type", "application/json")
	path := versioned.ReplaceAllString(r.URL.Path, "")
	answer, ok := e[path]
	switch {
	case ok:
		w.Write(answer) //nolint:errcheck // the client asks again
	case path == "/events": // nothing ever happens
		http.NewResponseController(w).Flush() //nolint:errcheck // as above
		<-r.Context().Done()
	default:
		w.WriteHeader(http.StatusNotFound)
		w.Write([]byte(`{"message":"the benchmark's engine does not know this"}`)) //nolint:errcheck // as above
	}
}
