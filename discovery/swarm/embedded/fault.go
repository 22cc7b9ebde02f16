package embedded

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/docker/docker/api/types/swarm"
)

// A Fault stands between a question and its answer.
type Fault func(answer http.Handler) http.Handler

// Fault puts these faults in place of those before; none at all heals the engine.
func (e *Engine) Fault(faults ...Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = faults
}

// Refuse answers questions whose path has the prefix ("" for all) with an error.
func Refuse(prefix string, status int, message string) Fault {
	return on(prefix, func(w http.ResponseWriter, r *http.Request, _ http.Handler) { refuse(w, status, message) })
}

// Hang lets questions wait for ever.
func Hang(prefix string) Fault {
	return on(prefix, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() })
}

// Cut breaks the connection in the middle of the answer.
func Cut(prefix string) Fault {
	return on(prefix, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		half(w, r, answer)
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
}

// Drop closes the connection without a word.
func Drop(prefix string) Fault {
	return on(prefix, func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
}

// Halve sends half of the answer as if it were the whole.
func Halve(prefix string) Fault { return on(prefix, half) }

// Garble answers with something that is not JSON, as a proxy's error page is not.
func Garble(prefix string) Fault {
	return on(prefix, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Write([]byte("<html><body>It works!</body></html>"))
	})
}

// Null answers with nothing where a list is asked for.
func Null(prefix string) Fault {
	return on(prefix, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte("null\n"))
	})
}

// Worker makes the node one that is in a swarm but not a manager of it.
func Worker() Fault {
	return cluster("This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. " +
		"Please run this command on a manager node or promote the current node to a manager.")
}

// NoSwarm makes the node one that is in no swarm.
func NoSwarm() Fault {
	return cluster(`This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.`)
}

// Locked makes the managers wait for their unlock key.
func Locked() Fault {
	return cluster(`Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.`)
}

// NoLeader takes the quorum away.
func NoLeader() Fault {
	return cluster("rpc error: code = Unknown desc = The swarm does not have a leader. " +
		"It's possible that too few managers are online. Make sure more than half of the managers are online.")
}

// WithoutAddresses lists tasks as they are before the network gave them any.
func WithoutAddresses() Fault {
	return on("/tasks", func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		var tasks []swarm.Task
		kept := keep(r, answer)
		if err := json.Unmarshal(kept.Bytes(), &tasks); err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
		for i := range tasks {
			tasks[i].NetworksAttachments = nil
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(tasks)
	})
}

// cluster refuses, in the engine's words and with its status, what only a working manager knows.
func cluster(message string) Fault {
	return func(answer http.Handler) http.Handler {
		for _, path := range []string{"/services", "/tasks", "/nodes", "/swarm", "/configs"} {
			answer = Refuse(path, http.StatusServiceUnavailable, message)(answer)
		}
		return answer
	}
}

func on(prefix string, do func(w http.ResponseWriter, r *http.Request, answer http.Handler)) Fault {
	return func(answer http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, prefix) {
				do(w, r, answer)
				return
			}
			answer.ServeHTTP(w, r)
		})
	}
}

func half(w http.ResponseWriter, r *http.Request, answer http.Handler) {
	kept := keep(r, answer)
	w.Header().Set("Content-Type", "application/json")
	w.Write(kept.Bytes()[:kept.Len()/2])
}

// kept is an answer that is held back.
type kept struct {
	bytes.Buffer
	header http.Header
}

func (k *kept) Header() http.Header { return k.header }
func (k *kept) WriteHeader(int)     {}

func keep(r *http.Request, answer http.Handler) *kept {
	k := &kept{header: http.Header{}}
	answer.ServeHTTP(k, r)
	return k
}
