package check

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// What labels come to depends on the router: its flags, and the networks that it is on. Both are taken from the router's
// own service where a stack file has it.

// BadFlag is the code of what is wrong with the command of a router in a stack file.
const BadFlag = "bad-flag"

// configure reads the router's flags: those given, else those of the first router among the services.
func (w *World) configure(o Options, services []embedded.Service) error {
	if router, ok := firstRouter(services); ok {
		w.router = w.written[router.Name]
		if len(o.Router) == 0 {
			w.useFlagsOf(router)
			return nil
		}
	}
	c, remarks, err := readFlags(o.Router)
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

// useFlagsOf reads the flags of a router in a stack file. What is wrong with them is a finding, and the defaults hold.
func (w *World) useFlagsOf(router embedded.Service) {
	c, remarks, err := readFlags(router.Args)
	if err != nil {
		w.findAt(w.router.stack, w.router.service.CommandPlace, rules.Diagnostic{
			Service: router.Name, Code: BadFlag, Severity: rules.Error, Message: err.Error() + "; everything else here is checked with no flag at all",
		})
		w.Config, _, _ = readFlags(nil)
		return
	}
	w.Config = c
	w.remark("the router's flags are those of %s (%s:%d)", router.Name, w.router.stack.path, cmp.Or(w.router.service.CommandPlace.Line, w.router.service.Place.Line))
	for _, r := range remarks {
		w.findAt(w.router.stack, w.router.service.CommandPlace, rules.Diagnostic{
			Service: router.Name, Code: BadFlag, Severity: rules.Warning, Message: r,
		})
	}
}

// readFlags is the configuration of a router with these flags. That it is told to look at a swarm goes without saying here.
func readFlags(given []string) (c *config.Config, remarks []string, err error) {
	clean, remarks, err := config.Normalize(given)
	if err != nil {
		return nil, nil, err
	}
	c = config.Default()
	if err := config.Flags(c).Parse(clean); err != nil {
		return nil, nil, err
	}
	c.Docker, c.SwarmMode = true, true
	more, err := c.Finish()
	return c, append(remarks, more...), err
}

// firstRouter is the oldest service that runs Appia, or Traefik 1.x.
func firstRouter(services []embedded.Service) (embedded.Service, bool) {
	i := slices.IndexFunc(services, func(s embedded.Service) bool { return isRouter(s.Image) && !isLater(s.Args) })
	if i < 0 {
		return embedded.Service{}, false
	}
	return services[i], true
}

func isRouter(image string) bool {
	image, _, _ = strings.Cut(image, "@")
	name, _, _ := strings.Cut(path.Base(image), ":")
	return name == "appia" || name == "traefik"
}

// isLater reports whether flags are those of Traefik 2 or 3.
func isLater(flags []string) bool {
	return slices.ContainsFunc(flags, func(f string) bool {
		f = strings.ToLower(strings.TrimLeft(f, "-"))
		return strings.HasPrefix(f, "providers.") || strings.HasPrefix(f, "entrypoints.")
	})
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
