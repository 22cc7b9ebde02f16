package check

import (
	"slices"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// IdleWeight is the code of a weight that nothing is weighed against.
const IdleWeight = "idle-weight"

// idleWeights tells of weights on services that share their requests with no other: each of their tasks weighs the same,
// whatever the number.
func (w *World) idleWeights() (found []rules.Diagnostic) {
	for i := range w.Swarm.Services {
		s := &w.Swarm.Services[i]
		for _, name := range sortedNames(s.Labels) {
			if !isWeight(name) || idle(s.Labels[name]) || !w.alone(s, name) {
				continue
			}
			found = append(found, rules.Diagnostic{
				Service: s.Name, Label: name, Value: s.Labels[name], Code: IdleWeight, Severity: rules.Warning,
				Message: "the weight does nothing: no other service shares requests with this one; those that do have the same traefik.backend, and the same rule",
			})
		}
	}
	return found
}

func isWeight(name string) bool {
	return strings.HasPrefix(name, "traefik.") && strings.HasSuffix(name, ".weight") && strings.Count(name, ".") <= 2 &&
		!strings.HasPrefix(name, "traefik.http.")
}

// idle: a weight of 1 is the default, and one of 0 may keep requests away.
func idle(value string) bool { return value == "1" || value == "0" }

// alone reports whether all that the label weighs stands in services of this owner alone, each with one weight.
func (w *World) alone(s *snapshot.Service, label string) bool {
	segment := strings.TrimSuffix(strings.TrimPrefix(label, "traefik."), "weight")
	segment = strings.TrimSuffix(segment, ".")
	served := false
	for _, r := range w.Table.Routes {
		if r.Owner.ID != s.ID || segment != "" && r.Segment != segment {
			continue
		}
		served = true
		if len(r.Service.Sources) > 1 {
			return false
		}
	}
	return served
}

func sortedNames(labels map[string]string) []string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
