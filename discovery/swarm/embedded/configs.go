package embedded

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
)

// Configs are what the swarm's store keeps by name for whoever may ask a manager: they are made, listed and removed, and never
// change. It is the only part of this engine that is changed through its API.

// maxConfigSize is swarmkit's controlapi.MaxConfigSize.
const maxConfigSize = 1000 * 1024

var configName = regexp.MustCompile(`^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?$`)

func (e *Engine) answerConfigs(w http.ResponseWriter, r *http.Request, asked filters.Args) {
	name, one := strings.CutPrefix(r.URL.Path, "/configs/")
	switch {
	case r.Method == http.MethodPost && name == "create":
		e.createConfig(w, r)
	case r.Method == http.MethodGet && !one:
		e.listConfigs(w, asked)
	case r.Method == http.MethodGet:
		e.inspectConfig(w, name)
	case r.Method == http.MethodDelete && one:
		e.removeConfig(w, name)
	default:
		refuse(w, http.StatusNotFound, "page not found")
	}
}

func (e *Engine) createConfig(w http.ResponseWriter, r *http.Request) {
	var spec swarm.ConfigSpec
	if err := json.NewDecoder(r.Body).Decode(&spec); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if reason := unstorable(&spec); reason != "" {
		refuse(w, http.StatusBadRequest, "rpc error: code = InvalidArgument desc = "+reason)
		return
	}
	id := e.addConfig(&spec)
	if id == "" {
		refuse(w, http.StatusConflict, "rpc error: code = AlreadyExists desc = config "+spec.Name+" already exists")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(swarm.ConfigCreateResponse{ID: id})
}

// unstorable is the store's reason to refuse; "" when there is none.
func unstorable(spec *swarm.ConfigSpec) string {
	switch {
	case spec.Name == "":
		return "name must be provided"
	case len(spec.Name) > 64 || !configName.MatchString(spec.Name):
		return "invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]"
	case len(spec.Data) < 1 || len(spec.Data) >= maxConfigSize:
		return fmt.Sprintf("config data must be larger than 0 and less than %d bytes", maxConfigSize)
	}
	return ""
}

// addConfig is "" where the name is taken.
func (e *Engine) addConfig(spec *swarm.ConfigSpec) (id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.configNames[spec.Name] != nil {
		return ""
	}
	if spec.Labels == nil {
		spec.Labels = map[string]string{}
	}
	c := &swarm.Config{ID: e.id(), Meta: e.newMeta(), Spec: *spec}
	e.configs = append(e.configs, c)
	e.configNames[spec.Name] = c
	e.emit(configEvent(c, events.ActionCreate))
	return c.ID
}

// listConfigs takes both ids and names for prefixes, as the store does.
func (e *Engine) listConfigs(w http.ResponseWriter, wanted filters.Args) {
	for _, filter := range wanted.Keys() {
		if !slices.Contains([]string{"id", "label", "name"}, filter) {
			refuse(w, http.StatusBadRequest, "invalid filter '"+filter+"'")
			return
		}
	}
	e.tell(w, func() any {
		list := []*swarm.Config{}
		for _, c := range e.configs {
			if begins(wanted, c) && wanted.MatchKVList("label", c.Spec.Labels) {
				list = append(list, c)
			}
		}
		return list
	})
}

// begins: names and ids are alternatives.
func begins(wanted filters.Args, c *swarm.Config) bool {
	if !wanted.Contains("name") && !wanted.Contains("id") {
		return true
	}
	has := func(text string) func(string) bool {
		return func(prefix string) bool { return strings.HasPrefix(text, prefix) }
	}
	return slices.ContainsFunc(wanted.Get("name"), has(c.Spec.Name)) || slices.ContainsFunc(wanted.Get("id"), has(c.ID))
}

func (e *Engine) inspectConfig(w http.ResponseWriter, name string) {
	e.mu.Lock()
	c := e.config(name)
	e.mu.Unlock()
	if c == nil {
		refuse(w, http.StatusNotFound, "config "+name+" not found")
		return
	}
	e.tell(w, func() any { return c })
}

func (e *Engine) removeConfig(w http.ResponseWriter, name string) {
	if !e.RemoveConfig(name) {
		refuse(w, http.StatusNotFound, "config "+name+" not found")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// RemoveConfig is docker config rm; false when there is none of this name or id.
func (e *Engine) RemoveConfig(nameOrID string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.config(nameOrID)
	if c == nil {
		return false
	}
	e.configs = slices.DeleteFunc(e.configs, func(other *swarm.Config) bool { return other == c })
	delete(e.configNames, c.Spec.Name)
	e.emit(configEvent(c, events.ActionRemove))
	return true
}

// config looks by id first, as the engine does. The caller holds mu.
func (e *Engine) config(nameOrID string) *swarm.Config {
	for _, c := range e.configs {
		if c.ID == nameOrID {
			return c
		}
	}
	return e.configNames[nameOrID]
}

func configEvent(c *swarm.Config, action events.Action) events.Message {
	return events.Message{Type: events.ConfigEventType, Action: action, Scope: "swarm",
		Actor: events.Actor{ID: c.ID, Attributes: map[string]string{"name": c.Spec.Name}}}
}

// Configs is how many configs there are.
func (e *Engine) Configs() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.configs)
}
