package embedded

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// A queue is what one open stream has still to tell. It has no bound, because who puts holds the engine's mu and must not
// wait for who reads.
type queue[T any] struct {
	more chan struct{} // one slot: the list has grown
	gone chan struct{} // closed when the engine ends the stream

	mu   sync.Mutex
	list []T
}

func newQueue[T any]() *queue[T] {
	return &queue[T]{more: make(chan struct{}, 1), gone: make(chan struct{})}
}

func (q *queue[T]) take() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = nil
	return list
}

func (q *queue[T]) put(item T) {
	q.mu.Lock()
	q.list = append(q.list, item)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// A listener is one open event stream.
type listener struct {
	wanted filters.Args
	*queue[events.Message]
}

func (l *listener) hear(m events.Message) {
	if matches(l.wanted, "type", string(m.Type)) && matches(l.wanted, "event", string(m.Action)) {
		l.put(m)
	}
}

// emit tells all listeners. The caller holds mu.
func (e *Engine) emit(m events.Message) {
	if m.Type == "" {
		return
	}
	now := e.options.Now()
	m.Time, m.TimeNano = now.Unix(), now.UnixNano()
	for l := range e.listeners {
		l.hear(m)
	}
}

// DropEvents breaks all event streams, as a restart of the daemon does. New ones may be opened at once.
func (e *Engine) DropEvents() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for l := range e.listeners {
		close(l.gone)
		delete(e.listeners, l)
	}
}

// Listeners is the number of open event streams.
func (e *Engine) Listeners() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.listeners)
}

func (e *Engine) stream(w http.ResponseWriter, r *http.Request) {
	wanted, err := filters.FromJSON(r.URL.Query().Get("filters"))
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	l := &listener{wanted, newQueue[events.Message]()}
	e.mu.Lock()
	e.listeners[l] = struct{}{}
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.listeners, l)
		e.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w).Flush
	for encoder := json.NewEncoder(w); flush() == nil; {
		select {
		case <-l.more:
			for _, message := range l.take() {
				if encoder.Encode(message) != nil {
					return
				}
			}
		case <-l.gone:
			return
		case <-r.Context().Done():
			return
		case <-e.ctx.Done():
			return
		}
	}
}

func serviceEvent(s *service, action events.Action, more map[string]string) events.Message {
	attributes := map[string]string{"name": s.Spec.Name}
	for name, value := range more {
		attributes[name] = value
	}
	return events.Message{Type: events.ServiceEventType, Action: action, Scope: "swarm", Actor: events.Actor{ID: s.ID, Attributes: attributes}}
}

func networkEvent(n *net10, action events.Action) events.Message {
	return events.Message{Type: events.NetworkEventType, Action: action, Scope: "swarm",
		Actor: events.Actor{ID: n.ID, Attributes: map[string]string{"name": n.Name, "type": "overlay"}}}
}

// containerEvent is nothing for the tasks of other nodes: an engine tells of its own containers alone.
func (e *Engine) containerEvent(t *task, action events.Action) events.Message {
	if t.NodeID != e.nodes[0].ID || t.Status.ContainerStatus == nil {
		return events.Message{}
	}
	id, name := t.Status.ContainerStatus.ContainerID, taskName(t)
	return events.Message{
		//lint:ignore SA1019 engines still send the three deprecated fields, and so does this one
		Type: events.ContainerEventType, Action: action, Scope: "local", ID: id, Status: string(action), From: t.Spec.ContainerSpec.Image,
		Actor: events.Actor{ID: id, Attributes: map[string]string{
			"com.docker.swarm.node.id":      t.NodeID,
			"com.docker.swarm.service.id":   t.ServiceID,
			"com.docker.swarm.service.name": t.service.Spec.Name,
			"com.docker.swarm.task":         "",
			"com.docker.swarm.task.id":      t.ID,
			"com.docker.swarm.task.name":    name,
			"image":                         t.Spec.ContainerSpec.Image,
			"name":                          name,
		}},
	}
}
