package embedded

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/docker/docker/api/types"
	dockercontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
)

// answer knows the questions that a router, or a person with the docker command, asks of a swarm.
func (e *Engine) answer(w http.ResponseWriter, r *http.Request) {
	asked, err := filters.FromJSON(r.URL.Query().Get("filters"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid filter: "+err.Error())
		return
	}
	switch id, isContainer := containerAsked(r.URL.Path); {
	case r.URL.Path == "/configs" || strings.HasPrefix(r.URL.Path, "/configs/"):
		e.answerConfigs(w, r, asked)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refuse(w, http.StatusNotImplemented, "the embedded engine is changed from within, not through its API")
	case isContainer:
		e.answerContainer(w, id)
	case r.URL.Path == "/_ping":
		w.Header().Set("Swarm", "active/manager")
		w.Write([]byte("OK"))
	case r.URL.Path == "/events":
		e.stream(w, r)
	case r.URL.Path == "/version":
		e.tell(w, func() any { return e.version() })
	case r.URL.Path == "/info":
		e.tell(w, func() any { return e.info() })
	case r.URL.Path == "/swarm":
		e.tell(w, func() any { return swarm.Swarm{ClusterInfo: *e.info().Swarm.Cluster} })
	case r.URL.Path == "/services":
		e.tell(w, func() any { return e.listServices(asked) })
	case r.URL.Path == "/tasks":
		e.listTasks(w, asked)
	case r.URL.Path == "/networks":
		e.tell(w, func() any { return e.listNetworks(asked) })
	case r.URL.Path == "/nodes":
		e.tell(w, func() any { return e.nodes })
	default:
		refuse(w, http.StatusNotFound, "page not found")
	}
}

func containerAsked(path string) (id string, is bool) {
	rest, found := strings.CutPrefix(path, "/containers/")
	id, is = strings.CutSuffix(rest, "/json")
	return id, found && is && id != ""
}

func (e *Engine) version() types.Version {
	return types.Version{
		Version: e.options.Version, APIVersion: e.maxAPI, MinAPIVersion: e.minAPI, Os: "linux", Arch: "amd64",
		Components: []types.ComponentVersion{{Name: "Engine", Version: e.options.Version}},
	}
}

func (e *Engine) info() system.Info {
	node := e.nodes[0]
	return system.Info{ID: "EMBEDDED", Name: node.Description.Hostname, ServerVersion: e.options.Version, OSType: "linux", Swarm: swarm.Info{
		NodeID: node.ID, NodeAddr: node.Status.Addr, LocalNodeState: swarm.LocalNodeStateActive, ControlAvailable: true,
		Nodes: len(e.nodes), Managers: 1,
		Cluster: &swarm.ClusterInfo{ID: "embedded" + node.ID[:17], Spec: swarm.Spec{Annotations: swarm.Annotations{Name: "default"}}},
	}}
}

func matches(wanted filters.Args, key, value string) bool {
	return !wanted.Contains(key) || wanted.ExactMatch(key, value)
}

func (e *Engine) listServices(wanted filters.Args) any {
	list := []swarm.Service{}
	for _, s := range e.services {
		named := !wanted.Contains("name") || wanted.Match("name", s.Spec.Name)
		if named && matches(wanted, "id", s.ID) && wanted.MatchKVList("label", s.Spec.Labels) {
			list = append(list, s.Service)
		}
	}
	return list
}

// listTasks writes each task as JSON made when it last changed: in a swarm of 50,000, making it anew each time would be most of the work.
func (e *Engine) listTasks(w http.ResponseWriter, wanted filters.Args) {
	separator, out := "[", bufio.NewWriter(w)
	w.Header().Set("Content-Type", "application/json")
	for _, text := range e.encodedTasks(wanted) {
		out.WriteString(separator)
		out.Write(text)
		separator = ","
	}
	if separator == "[" {
		out.WriteString("[")
	}
	out.WriteString("]\n")
	out.Flush()
}

func (e *Engine) encodedTasks(wanted filters.Args) (list [][]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range slices.Concat(e.services, e.ending) {
		if !matches(wanted, "service", s.ID) && !matches(wanted, "service", s.Spec.Name) {
			continue
		}
		for _, t := range s.tasks {
			if matches(wanted, "id", t.ID) && matches(wanted, "desired-state", string(t.DesiredState)) && matches(wanted, "node", t.NodeID) {
				list = append(list, t.json())
			}
		}
	}
	return list
}

func (t *task) json() []byte {
	if t.encoded == nil {
		t.encoded, _ = json.Marshal(&t.Task)
	}
	return t.encoded
}

func (e *Engine) listNetworks(wanted filters.Args) any {
	list := []network.Summary{
		{ID: strings.Repeat("b1", 32), Name: "bridge", Scope: "local", Driver: "bridge"},
		{ID: strings.Repeat("b2", 32), Name: "host", Scope: "local", Driver: "host"},
	}
	for _, n := range e.networks {
		list = append(list, n.Summary)
	}
	return slices.DeleteFunc(list, func(n network.Summary) bool {
		named := !wanted.Contains("name") || wanted.Match("name", n.Name)
		return !named || !matches(wanted, "id", n.ID) || !matches(wanted, "scope", n.Scope) || !matches(wanted, "driver", n.Driver)
	})
}

func (e *Engine) answerContainer(w http.ResponseWriter, prefix string) {
	found := e.container(prefix)
	if found == nil {
		refuse(w, http.StatusNotFound, "No such container: "+prefix)
		return
	}
	e.tell(w, func() any { return found.inspected() })
}

func (e *Engine) container(prefix string) *lone {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, c := range e.containers {
		if strings.HasPrefix(id, prefix) || c.name == prefix {
			return c
		}
	}
	return nil
}

func (c *lone) inspected() dockercontainer.InspectResponse {
	attached := map[string]*network.EndpointSettings{}
	for _, n := range c.networks {
		attached[n.Name] = &network.EndpointSettings{NetworkID: n.ID}
	}
	return dockercontainer.InspectResponse{
		ContainerJSONBase: &dockercontainer.ContainerJSONBase{ID: c.id, Name: "/" + c.name},
		NetworkSettings:   &dockercontainer.NetworkSettings{Networks: attached},
	}
}
