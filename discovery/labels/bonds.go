package labels

import (
	"slices"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// A bond is what ties a service's labels to those of others: the services and middlewares that they declare, and those that
// they use, by names such as "services.cart@swarm". Names are the dialect's own, so one that keeps its labels holds back those
// that it is tied to. Labels are read beside the spec, as what a mistake keeps out of the spec is used again once it is mended.
type bond struct{ makes, uses []string }

func bondOf(labels map[string]string, spec *rules.Spec) (b bond) {
	for i := range spec.Services {
		b.makes = append(b.makes, "services."+spec.Services[i].Name)
		for _, name := range leads(&spec.Services[i]) {
			b.uses = append(b.uses, "services."+name)
		}
	}
	for _, r := range spec.Routes {
		b.uses = append(b.uses, "services."+r.Service)
		for _, f := range r.Filters {
			if page, ok := f.(rules.ErrorPage); ok {
				b.uses = append(b.uses, "services."+page.Service)
			}
		}
	}
	for name, value := range labels {
		b.add(name, value)
	}
	return b
}

// add takes in a label of Traefik 3.
func (b *bond) add(name, value string) {
	kind, of, option, ok := cut3(name)
	if !ok {
		return
	}
	if kind != "routers" {
		b.makes = append(b.makes, bondName(kind, of))
	}
	list, _, _ := strings.Cut(option, "[")
	switch {
	case strings.HasSuffix(list, "middlewares"):
		kind = "middlewares"
	case kind == "routers" && option == "service", kind == "middlewares" && option == "errors.service",
		kind == "services" && (list == "weighted.services" || list == "mirroring.mirrors" || option == "mirroring.service" || strings.HasPrefix(option, "failover.")):
		kind = "services"
	default:
		return
	}
	for item := range strings.SplitSeq(value, ",") {
		item, _, _ = strings.Cut(strings.TrimSpace(item), ":")
		b.uses = append(b.uses, bondName(kind, item))
	}
}

func bondName(kind, name string) string {
	name, _, _ = strings.Cut(name, "@")
	return kind + "." + name + "@swarm"
}

// leaveBound leaves as they are those that are tied to one that is left, and so on.
func leaveBound(all []Migration, bonds []bond) {
	var left []int
	for i := range all {
		if len(all[i].Labels) == 0 {
			left = append(left, i)
		}
	}
	for len(left) > 0 {
		i := left[0]
		left = left[1:]
		for j := range all {
			why := bonds[i].holds(bonds[j])
			if why == "" || len(all[j].Labels) == 0 {
				continue
			}
			all[j].leave(all[i].Service + ", which " + why + ", is left as it is")
			left = append(left, j)
		}
	}
}

// holds is how labels that stay hold others back; "": they do not. A middleware that is used needs none of that, as it is
// written again beside each router.
func (b bond) holds(other bond) string {
	switch {
	case meet(b.uses, other.makes, ""):
		return "uses what its labels declare"
	case meet(b.makes, other.makes, "services."):
		return "shares a service with it"
	case meet(b.makes, other.uses, "services."):
		return "it leads to"
	}
	return ""
}

func meet(names, others []string, start string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, start) && slices.Contains(others, name) })
}
