package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// What labels come to depends on the router: its flags (settings.go), and the networks that it is on. Both are taken from the
// router's own service where a stack file has it.

// configure reads the router's flags: those given, else those of the first router among the services.
func (w *World) configure(o Options, services []embedded.Service) error {
	if router, ok := firstRouter(services); ok {
		w.router = w.written[router.Name]
		if len(o.Router) == 0 {
			w.useFlagsOf(router)
			return nil
		}
	}
	c, remarks, err := readFlags(o.Router, nothing)
	if err != nil {
		return err
	}
	w.Config = c
	if len(o.Router) == 0 {
		w.remark("the router's flags are not known and its defaults assumed: entry point http, services published unless they say " +
			"traefik.enable=false; give its stack file too, or flags after --")
	}
	for _, r := range remarks {
		w.remark("%s", r)
	}
	return nil
}

// place tells the swarm which networks the router is on.
func (w *World) place(given []string, in *inputs) error {
	s := w.Swarm
	switch own := w.networksOfRouter(); {
	case len(given) > 0:
		return w.placeOn(given)
	case len(own) > 0:
		s.Own = own
		w.remark("the router is on %s, as %s is", names(s, own), w.router.stack.name+"_"+w.router.service.Name)
	case len(s.Own) > 0:
		w.remark("the router is on %s, as the recording says", names(s, s.Own))
	case len(in.stacks) > 0:
		w.assumeNetworks(in)
	default:
		w.remark("it is not known which networks the router is on; --network names them")
	}
	return nil
}

func (w *World) placeOn(given []string) error {
	w.Swarm.Own = nil
	all := map[string]string{}
	var known []string
	for _, n := range w.Swarm.Networks {
		if !n.Ingress {
			all[n.Name] = n.ID
			known = append(known, n.Name)
		}
	}
	for _, name := range given {
		id, ok := all[name]
		if !ok {
			near, _ := rules.Nearest(name, known)
			return fmt.Errorf("--network %s: no service is on a network of this name; there are %s%s", name, strings.Join(known, ", "), meant(near))
		}
		w.Swarm.Own = append(w.Swarm.Own, id)
	}
	w.remark("the router is on %s, as given", strings.Join(given, ", "))
	return nil
}

func meant(near string) string {
	if near == "" {
		return ""
	}
	return "; did you mean " + near + "?"
}

// networksOfRouter are the ids of the networks of the router's own service.
func (w *World) networksOfRouter() (own []string) {
	if w.router.service == nil {
		return nil
	}
	for _, s := range w.Swarm.Services {
		if s.Name != w.router.stack.name+"_"+w.router.service.Name {
			continue
		}
		addresses := slices.Clone(s.VIPs)
		for _, t := range s.Tasks {
			addresses = append(addresses, t.Addresses...)
		}
		for _, n := range w.Swarm.Networks {
			on := slices.ContainsFunc(addresses, func(a snapshot.Address) bool { return a.Network == n.ID })
			if on && !n.Ingress {
				own = append(own, n.ID)
			}
		}
	}
	return own
}

// assumeNetworks puts the router on the networks that the files leave to others to make, as one that serves several stacks
// is; where there are none, on all.
func (w *World) assumeNetworks(in *inputs) {
	external := map[string]bool{}
	for _, s := range in.stacks {
		for _, name := range s.external {
			external[name] = true
		}
	}
	for _, n := range w.Swarm.Networks {
		if !n.Ingress && (len(external) == 0 || external[n.Name]) {
			w.Swarm.Own = append(w.Swarm.Own, n.ID)
		}
	}
	why := "which the files leave to others to make"
	if len(external) == 0 {
		why = "all there are"
	}
	if len(w.Swarm.Own) > 0 {
		w.remark("the router is assumed to be on %s, %s; --network says otherwise", names(w.Swarm, w.Swarm.Own), why)
	}
}

func names(s *snapshot.Swarm, ids []string) string {
	var list []string
	for _, n := range s.Networks {
		if slices.Contains(ids, n.ID) {
			list = append(list, n.Name)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func (w *World) remark(format string, args ...any) {
	w.Remarks = append(w.Remarks, fmt.Sprintf(format, args...))
}
