package embedded

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
)

// Configs are the one thing that is changed through the API: a router keeps certificates in them.

// largestConfig is what engines before 23.0 take.
const largestConfig = 500 << 10

// configName is swarmkit's rule.
var configName = regexp.MustCompile(`^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?$`)

// A refusal is an error with the status that engines answer it with.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

// answerConfigs is what engines do at /configs, in their words.
func (e *Engine) answerConfigs(w http.ResponseWriter, r *http.Request, asked filters.Args) {
	id, update := strings.CutSuffix(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/configs"), "/"), "/update")
	var err error
	switch {
	case r.Method == http.MethodGet && id == "":
		e.tell(w, func() any { return e.listConfigs(asked) })
	case r.Method == http.MethodPost && id == "create":
		var made string
		if made, err = e.createConfig(r); err == nil {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_ = json.NewEncoder(w).Encode(map[string]string{"ID": made})
		}
	case r.Method == http.MethodPost && update:
		err = e.updateConfig(id, r)
	case r.Method == http.MethodDelete:
		if err = e.removeConfig(id); err == nil {
			w.WriteHeader(http.StatusNoContent)
		}
	case r.Method == http.MethodGet:
		e.tellConfig(w, id)
	default:
		err = &refusal{http.StatusNotFound, "page not found"}
	}
	if refused, is := err.(*refusal); is {
		refuse(w, refused.status, refused.text)
	}
}

func (e *Engine) listConfigs(wanted filters.Args) any {
	list := []swarm.Config{}
	for _, c := range e.configs {
		named := !wanted.Contains("name") || slices.ContainsFunc(wanted.Get("name"), func(p string) bool { return strings.HasPrefix(c.Spec.Name, p) })
		if named && matches(wanted, "id", c.ID) && wanted.MatchKVList("label", c.Spec.Labels) {
			list = append(list, *c)
		}
	}
	return list
}

func (e *Engine) tellConfig(w http.ResponseWriter, id string) {
	e.mu.Lock()
	c, _ := e.config(id)
	e.mu.Unlock()
	if c == nil {
		refuse(w, http.StatusNotFound, "config "+id+" not found")
		return
	}
	e.tell(w, func() any { return *c })
}

// config is one by its id or name, and where it stands. The caller holds mu.
func (e *Engine) config(id string) (*swarm.Config, int) {
	at := slices.IndexFunc(e.configs, func(c *swarm.Config) bool { return c.ID == id || c.Spec.Name == id })
	if at < 0 {
		return nil, at
	}
	return e.configs[at], at
}

func readConfig(r *http.Request) (spec swarm.ConfigSpec, err error) {
	if err := json.NewDecoder(r.Body).Decode(&spec); err != nil {
		return spec, &refusal{http.StatusBadRequest, err.Error()}
	}
	if len(spec.Name) > 64 || !configName.MatchString(spec.Name) {
		return spec, &refusal{http.StatusBadRequest, "rpc error: code = InvalidArgument desc = invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]"}
	}
	return spec, nil
}

func (e *Engine) createConfig(r *http.Request) (id string, err error) {
	spec, err := readConfig(r)
	if err != nil {
		return "", err
	}
	if len(spec.Data) == 0 || len(spec.Data) >= largestConfig {
		return "", &refusal{http.StatusBadRequest, fmt.Sprintf("rpc error: code = InvalidArgument desc = config data must be larger than 0 and less than %d bytes", largestConfig)}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c, _ := e.config(spec.Name); c != nil {
		return "", &refusal{http.StatusConflict, "rpc error: code = AlreadyExists desc = config " + spec.Name + " already exists"}
	}
	c := &swarm.Config{ID: e.id(), Meta: e.newMeta(), Spec: spec}
	e.configs = append(e.configs, c)
	e.emit(configEvent(c, events.ActionCreate))
	return c.ID, nil
}

// updateConfig changes labels: nothing else of a config may change.
func (e *Engine) updateConfig(id string, r *http.Request) error {
	spec, err := readConfig(r)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c, at := e.config(id)
	if c == nil {
		return &refusal{http.StatusNotFound, "rpc error: code = NotFound desc = config " + id + " not found"}
	}
	if version, _ := strconv.ParseUint(r.URL.Query().Get("version"), 10, 64); version != c.Version.Index {
		return &refusal{http.StatusInternalServerError, "rpc error: code = Unknown desc = update out of sequence"}
	}
	if spec.Name != c.Spec.Name || len(spec.Data) > 0 && string(spec.Data) != string(c.Spec.Data) {
		return &refusal{http.StatusBadRequest, "rpc error: code = InvalidArgument desc = only updates to Labels are allowed"}
	}
	changed := *c // who lists is handed the old one
	changed.Spec.Labels = spec.Labels
	e.touch(&changed.Meta)
	e.configs[at] = &changed
	e.emit(configEvent(&changed, events.ActionUpdate))
	return nil
}

func (e *Engine) removeConfig(id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, at := e.config(id)
	if c == nil {
		return &refusal{http.StatusNotFound, "rpc error: code = NotFound desc = config " + id + " not found"}
	}
	e.configs = slices.Delete(e.configs, at, at+1)
	e.emit(configEvent(c, events.ActionRemove))
	return nil
}

// Configs is how many there are.
func (e *Engine) Configs() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.configs)
}

func configEvent(c *swarm.Config, action events.Action) events.Message {
	return events.Message{Type: events.ConfigEventType, Action: action, Scope: "swarm",
		Actor: events.Actor{ID: c.ID, Attributes: map[string]string{"name": c.Spec.Name}}}
}
