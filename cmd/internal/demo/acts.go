package demo

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// acts are what happens to the examples, or what can happen to any stack.
func (s *show) acts() []act {
	if len(s.table.Routes) == 0 {
		return nil
	}
	if len(s.options.Stacks)+len(s.options.Router) > 0 { // the examples, too, may mean something else by other flags
		return s.actsForAny()
	}
	return []act{
		{"A second version of the blog is deployed, while people read it", (*show).update},
		{"The shop's canary gets half of the requests in place of a tenth, by labels of Traefik 1.x", (*show).shift},
		{"So does the cart's, by a label of a kind that Traefik 3 has in files only", (*show).shift3},
		{"One of the blog's two tasks dies, while people read it", (*show).die},
		{"A label is misspelled, and mended", (*show).mistake},
	}
}

// The examples' services.
const (
	blog   = "blog_ghost"
	stable = "shop_stable"
	next   = "shop_next"
	user   = "user_api-v3"

	cart     = "cart@swarm" // in the table
	cartBlue = "cart_blue"
)

func (s *show) update(ctx context.Context) error {
	return s.underLoad(ctx, blog, func() error {
		const before, after = "ghost:5-alpine", "ghost:6-alpine"
		i := slices.IndexFunc(s.stage.stacks, func(stack stack) bool { return stack.name == "blog" })
		file := bytes.ReplaceAll(s.stage.stacks[i].text, []byte(before), []byte(after))
		s.command("docker service update --image %s %s", after, blog)
		return s.stage.engine.Deploy("blog", file)
	})
}

func (s *show) shift(ctx context.Context) error {
	if err := s.tellShares(ctx, "before", stable); err != nil {
		return err
	}
	for _, service := range []string{stable, next} {
		s.command("docker service update --label-add traefik.weight=50 %s", service)
		if err := s.stage.engine.SetLabel(service, "traefik.weight", "50"); err != nil {
			return err
		}
	}
	moved := func(t *rules.Table) bool { return weight(t, stable) == 50 && weight(t, next) == 50 }
	if err := s.follow(ctx, moved); err != nil {
		return err
	}
	return s.tellShares(ctx, "after", stable)
}

func (s *show) shift3(ctx context.Context) error {
	if err := s.tellShares(ctx, "before", cartBlue); err != nil {
		return err
	}
	if err := s.relabel(cartBlue, "traefik.http.services.cart.weighted.services", "cart-blue:50,cart-green:50"); err != nil {
		return err
	}
	moved := func(t *rules.Table) bool {
		s := t.Service(cart)
		return s != nil && !slices.ContainsFunc(s.Weighted, func(p rules.Part) bool { return p.Weight != 50 })
	}
	if err := s.follow(ctx, moved); err != nil {
		return err
	}
	return s.tellShares(ctx, "after", cartBlue)
}

func (s *show) tellShares(ctx context.Context, when, owner string) error {
	asked, ok := s.requestTo(owner)
	if !ok {
		return nil
	}
	t, err := s.visitor.count(ctx, asked, 100)
	if err != nil {
		return err
	}
	s.print("   %-7s  %s\n", when, t)
	return nil
}

func (s *show) die(ctx context.Context) error {
	return s.underLoad(ctx, blog, func() error { return s.kill(blog, 1) })
}

func (s *show) kill(service string, number int) error {
	for _, task := range s.tasks(service) {
		if max(1, task.Slot) == number {
			s.command("docker kill %s", task.Name)
		}
	}
	return s.stage.engine.KillTask(service, number)
}

// mistake shows what its author is told, and mends it by what is suggested.
func (s *show) mistake(ctx context.Context) error {
	const label = "traefik.frontend.rule"
	broken, ok := s.requestTo(user)
	neighbour, _ := s.requestTo("user_api-v2")
	if !ok {
		return nil
	}
	if err := s.relabel(user, label, "Host:api.mydomain.com;PathPrefixStrp:/v3/user"); err != nil {
		return err
	}
	if err := s.follow(ctx, func(t *rules.Table) bool { return !routed(t, user) }); err != nil {
		return err
	}
	for _, r := range []request{broken, neighbour} {
		s.print("   %-7s  %s%s: %s\n", "now", r.host, r.path, outcome(s.visitor.ask(ctx, r)))
	}
	seen, err := s.overview(ctx)
	if err != nil {
		return err
	}
	for _, d := range seen.Diagnostics.Shown {
		if d.about(user, label) && d.Suggestion != "" {
			return s.mend(ctx, broken, d)
		}
	}
	return nil
}

func (s *show) mend(ctx context.Context, asked request, d diagnostic) error {
	s.print("   %-7s  %s; did you mean %s ?\n", "told", d.Message, d.Suggestion)
	if err := s.relabel(d.Service, d.Label, d.Suggestion); err != nil {
		return err
	}
	if err := s.follow(ctx, func(t *rules.Table) bool { return routed(t, d.Service) }); err != nil {
		return err
	}
	s.print("   %-7s  %s%s: %s\n", "now", asked.host, asked.path, outcome(s.visitor.ask(ctx, asked)))
	return nil
}

func outcome(who embedded.Echo, err error) string {
	if err != nil {
		return err.Error()
	}
	return "200 OK from " + who.Image
}

func (s *show) relabel(service, label, value string) error {
	s.command("docker service update --label-add %s %s", quoted(label+"="+value), service)
	return s.stage.engine.SetLabel(service, label, value)
}

// actsForAny: the first service that can be asked and has tasks gets one more, and loses one.
func (s *show) actsForAny() []act {
	for _, r := range distinct(s.table) {
		for _, source := range sources(s.table, r.Service) {
			tasks := s.tasks(source.Owner.Name)
			if _, ok := s.requestTo(source.Owner.Name); ok && len(tasks) > 0 && isTask(source.Endpoints, tasks) {
				return s.actsFor(source.Owner.Name, tasks)
			}
		}
	}
	s.print("\nThere is no service here whose tasks the demo could add to or kill.\n")
	return nil
}

func (s *show) actsFor(service string, tasks []embedded.Task) (acts []act) {
	if tasks[0].Slot > 0 {
		acts = append(acts, act{service + " gets one more task", func(s *show, ctx context.Context) error {
			return s.underLoad(ctx, service, func() error {
				s.command("docker service scale %s=%d", service, len(tasks)+1)
				return s.stage.engine.Scale(service, len(tasks)+1)
			})
		}})
	}
	title := "A task of " + service + " dies"
	if tasks[0].Slot == 0 {
		title = "The only task of " + service + " on this node dies: until the next one runs there is nobody to ask"
	}
	return append(acts, act{title, func(s *show, ctx context.Context) error {
		return s.underLoad(ctx, service, func() error { return s.kill(service, max(1, tasks[0].Slot)) })
	}})
}

// isTask is false for a virtual address: no change of tasks shows in a table that holds one.
func isTask(endpoints []rules.Endpoint, tasks []embedded.Task) bool {
	return len(endpoints) > 0 && slices.ContainsFunc(tasks, func(t embedded.Task) bool { return t.ID == endpoints[0].Task })
}

// underLoad changes a service while requests come for it, tells the changes of the table until swarm and table have come to rest,
// and tells what became of the requests.
func (s *show) underLoad(ctx context.Context, service string, change func() error) error {
	asked, ok := s.requestTo(service)
	if !ok {
		return nil
	}
	load := s.visitor.begin(ctx, asked)
	err := s.through(ctx, load, service, change)
	answered := load.end()
	if err != nil {
		return err
	}
	s.print("   %-7s  %s\n", "load", answered)
	if answered.failed > 0 && !asked.repeatable() {
		s.print("   %-7s  a task that dies may have acted on a %s already, so the router never sends it twice\n", "", asked.method)
	}
	if !s.atRest(s.table, service) {
		s.print("   %-7s  the swarm is not done after %s; on with the show\n", "", patience)
	}
	return nil
}

// through is a change from some requests before it to some after it.
func (s *show) through(ctx context.Context, load *load, service string, change func() error) error {
	if err := load.more(ctx, 5*hands); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	if err := s.follow(ctx, func(t *rules.Table) bool { return s.atRest(t, service) }); err != nil {
		return err
	}
	return load.more(ctx, 5*hands)
}

// atRest: as many tasks as are wanted run, none is on its way, and the table has exactly these.
func (s *show) atRest(t *rules.Table, service string) bool {
	listed := map[string]bool{}
	if source := source(t, service); source != nil {
		for _, e := range source.Endpoints {
			listed[e.Task] = true
		}
	}
	for _, other := range s.stage.engine.Services() {
		if other.Name != service {
			continue
		}
		for _, task := range other.Tasks {
			gone := task.State == "failed" || task.State == "shutdown"
			if other.Updating || !gone && !running(task) || gone == listed[task.ID] {
				return false
			}
			delete(listed, task.ID)
		}
	}
	return len(listed) == 0
}

// tasks are a service's that run.
func (s *show) tasks(service string) (list []embedded.Task) {
	for _, other := range s.stage.engine.Services() {
		if other.Name != service {
			continue
		}
		for _, task := range other.Tasks {
			if running(task) {
				list = append(list, task)
			}
		}
	}
	return list
}

// requestTo finds a request that comes to an owner's tasks.
func (s *show) requestTo(owner string) (asked request, ok bool) {
	for _, r := range s.table.Routes {
		if slices.ContainsFunc(sources(s.table, r.Service), func(s rules.Source) bool { return s.Owner.Name == owner }) {
			if asked, why := s.request(r); why == "" {
				return asked, true
			}
		}
	}
	return request{}, false
}

// source is an owner's share of whatever service with endpoints it is in; nil if it is in none.
func source(t *rules.Table, owner string) *rules.Source {
	for _, service := range t.Services {
		if service.Leads() {
			continue
		}
		for i := range service.Sources {
			if service.Sources[i].Owner.Name == owner {
				return &service.Sources[i]
			}
		}
	}
	return nil
}

func routed(t *rules.Table, owner string) bool {
	return slices.ContainsFunc(t.Routes, func(r *rules.Route) bool { return r.Owner.Name == owner })
}

func weight(t *rules.Table, owner string) int {
	if s := source(t, owner); s != nil {
		return s.Weight
	}
	return 0
}

// command tells what a person would have typed. What follows is counted from here.
func (s *show) command(format string, args ...any) {
	s.acted = time.Now()
	s.print("   $ %s\n", strings.TrimSpace(fmt.Sprintf(format, args...)))
}
