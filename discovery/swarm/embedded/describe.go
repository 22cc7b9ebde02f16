package embedded

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"
)

// A Task is a task as a caller may want to know it.
type Task struct {
	ID          string
	Name        string // service.slot.id
	Service     string // its name
	ServiceID   string
	Slot        int    // 0 for a global service's
	Node        string // the node's id
	State       string // running, failed, …
	Desired     string
	Image       string
	Env         []string
	ContainerID string // empty before it starts
	Addresses   []netip.Addr
}

// A Service is a service as a caller may want to know it.
type Service struct {
	ID       string
	Name     string
	Labels   map[string]string
	Image    string
	Command  []string // the stack file's entrypoint
	Args     []string // its command's, as the stack file's command gives them
	Env      []string // "NAME=value"
	Files    Files    // of its stack's folder
	Updating bool
	VIPs     []netip.Addr
	Tasks    []Task // all that are left of it
}

// Services are all services, oldest first.
func (e *Engine) Services() []Service {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []Service
	for _, s := range e.services {
		service := Service{ID: s.ID, Name: s.Spec.Name, Labels: map[string]string{},
			Image: s.Spec.TaskTemplate.ContainerSpec.Image, Args: slices.Clone(s.Spec.TaskTemplate.ContainerSpec.Args),
			Command: slices.Clone(s.Spec.TaskTemplate.ContainerSpec.Command), Env: slices.Clone(s.Spec.TaskTemplate.ContainerSpec.Env),
			Files:    e.files[s.Spec.Name],
			Updating: s.UpdateStatus != nil && s.UpdateStatus.State == swarm.UpdateStateUpdating}
		for name, value := range s.Spec.Labels {
			service.Labels[name] = value
		}
		for _, vip := range s.Endpoint.VirtualIPs {
			service.VIPs = append(service.VIPs, netip.MustParsePrefix(vip.Addr).Addr())
		}
		for _, t := range s.tasks {
			service.Tasks = append(service.Tasks, e.describe(t))
		}
		list = append(list, service)
	}
	return list
}

func (e *Engine) describe(t *task) Task {
	task := Task{
		ID: t.ID, Name: taskName(t), Service: t.service.Spec.Name, ServiceID: t.ServiceID, Slot: t.Slot, Node: t.NodeID,
		State: string(t.Status.State), Desired: string(t.DesiredState),
		Image: t.Spec.ContainerSpec.Image, Env: slices.Clone(t.Spec.ContainerSpec.Env),
	}
	if t.Status.ContainerStatus != nil {
		task.ContainerID = t.Status.ContainerStatus.ContainerID
	}
	for _, attachment := range t.NetworksAttachments {
		for _, text := range attachment.Addresses {
			task.Addresses = append(task.Addresses, netip.MustParsePrefix(text).Addr())
		}
	}
	return task
}

func taskName(t *task) string {
	if t.Slot == 0 {
		return fmt.Sprintf("%s.%s.%s", t.service.Spec.Name, t.NodeID, t.ID)
	}
	return fmt.Sprintf("%s.%d.%s", t.service.Spec.Name, t.Slot, t.ID)
}

// Describe is what a task answers if nobody says otherwise: who it is, and what it was asked. As text, or as JSON if
// the request accepts that.
func Describe(t Task) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Task", t.Name)
		if strings.Contains(r.Header.Get("Accept"), "json") {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(described(t, r))
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for _, pair := range described(t, r).pairs() {
			fmt.Fprintf(w, "%s: %s\n", pair[0], pair[1])
		}
	})
}

// An Echo is Describe's answer as JSON.
type Echo struct {
	Service string            `json:"service"`
	Task    string            `json:"task"`
	Image   string            `json:"image"`
	Method  string            `json:"method"`
	Host    string            `json:"host"`
	Path    string            `json:"path"` // as it came, escapes kept
	Query   string            `json:"query,omitempty"`
	Proto   string            `json:"proto"`
	Headers map[string]string `json:"headers,omitempty"` // what proxies add: X-…, Forwarded, Via
}

func described(t Task, r *http.Request) Echo {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	echo := Echo{Service: t.Service, Task: t.Name, Image: t.Image, Method: r.Method, Host: r.Host, Path: path,
		Query: r.URL.RawQuery, Proto: r.Proto, Headers: map[string]string{}}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-") || name == "Forwarded" || name == "Via" {
			echo.Headers[name] = strings.Join(values, ", ")
		}
	}
	return echo
}

func (e Echo) pairs() [][2]string {
	list := [][2]string{{"service", e.Service}, {"task", e.Task}, {"image", e.Image}, {"method", e.Method},
		{"host", e.Host}, {"path", e.Path}, {"query", e.Query}, {"proto", e.Proto}}
	var headers [][2]string
	for name, value := range e.Headers {
		headers = append(headers, [2]string{name, value})
	}
	slices.SortFunc(headers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return append(list, headers...)
}
