package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A show tells what there is, lets acts change it and tells what came of that. It alone writes to out, from one goroutine.
type show struct {
	out     io.Writer
	options Options
	stage   *stage
	visitor *visitor
	began   time.Time
	acted   time.Time    // when the last command was given
	table   *rules.Table // the last that was told
	heard   int          // tables so far
	told    []diagnostic // before the first act
}

// An act is a change with what comes of it.
type act struct {
	title string
	play  func(*show, context.Context) error
}

func newShow(o Options, s *stage, began time.Time) *show {
	return &show{
		out: o.Out, options: o, stage: s, began: began,
		visitor: newVisitor("http://"+reachable(s.entry), "http://"+reachable(s.admin)),
	}
}

// reachable is how to come to a listener from this machine.
func reachable(l net.Listener) string {
	at := l.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", at.Port)
	}
	return at.String()
}

func (s *show) run(ctx context.Context) error {
	defer s.visitor.close()
	if err := s.firstTable(ctx); err != nil {
		return err
	}
	s.greet()
	s.tellTable()
	if err := s.tellDiagnostics(ctx); err != nil {
		return err
	}
	s.tellRequests()
	acts := s.acts()
	if len(acts) > 0 {
		s.print("\nNow the swarm changes, and the table with it: + came, - went, ~ changed, so long after the command.\n")
	}
	for i, a := range acts {
		if err := s.rest(ctx); err != nil {
			return err
		}
		s.print("\n%d. %s\n\n", i+1, a.title)
		if err := a.play(s, ctx); err != nil {
			return err
		}
	}
	s.close()
	<-ctx.Done()
	return ctx.Err()
}

// close says what there is to do while everything runs on.
func (s *show) close() {
	if len(s.table.Routes) == 0 {
		s.print("\nNothing is routed, so there is no more to show. Everything is running: see the dashboard, mend the labels and start again.\n")
	} else {
		s.print("\nThat was the show. Everything is still running: try the curl lines and the dashboard above, or\n" +
			"appia check deploy/examples/broken, which tells what is wrong with stack files before they are deployed.\n")
	}
	if len(s.told) > 0 {
		s.print("What the router has to say about the labels is above, and at %s/api/diagnostics.\n", s.visitor.admin)
	}
	s.print("%s\n", s.howItEnds())
}

func (s *show) print(format string, args ...any) { fmt.Fprintf(s.out, format, args...) }

func (s *show) greet() {
	s.print("Appia demo: the whole real router, in front of a docker swarm in miniature.\n\n")
	s.print("%s", lines("   ", [][]string{
		{"stacks", strings.Join(s.files(), ", ")},
		{"swarm", "embedded, with its Docker API at " + s.stage.client.Endpoint() + "; tasks answer who they are"},
		{"networks", s.networks()},
		{"router", "appia " + strings.Join(shellWords(s.stage.flags), " ")},
		{"entry point", s.visitor.base},
		{"dashboard", s.visitor.admin + "/dashboard/"},
		{"API", s.visitor.admin + "/api/table, /api/diagnostics, /health, /metrics"},
	}))
	for _, remark := range s.stage.remarks {
		s.print("   # %s\n", remark)
	}
}

// networks says which the router is attached to.
func (s *show) networks() string {
	if len(s.stage.external) > 0 {
		return "the router is on " + few(s.stage.external, ", ") + ", external in the stacks, and reaches the services that are too"
	}
	return "the router is on all of the stacks', as no file names an external one; on a real swarm it must share one with each service," +
		" as traefik_public in deploy/stack.yml"
}

func shellWords(flags []string) []string {
	var words []string
	for _, flag := range flags {
		words = append(words, quoted(flag))
	}
	return words
}

// patience is how long something may take that should take a second.
const patience = 15 * time.Second

func (s *show) firstTable(ctx context.Context) error {
	if err := s.await(ctx, func(t *rules.Table) bool { return t != nil }); err != nil {
		return err
	}
	if s.table == nil {
		return errors.New("the router has not made a table; --logLevel=DEBUG shows what it did instead")
	}
	if len(s.table.Routes) == 0 && !s.spokenTo() {
		return fmt.Errorf("%s: there is nothing to route: no service has labels under deploy: that ask for it, such as traefik.port=80",
			strings.Join(s.files(), ", "))
	}
	return nil
}

// spokenTo: there is a service whose labels speak to a router, even if it refuses what they ask for.
func (s *show) spokenTo() bool {
	for _, service := range s.stage.engine.Services() {
		for label := range service.Labels {
			if strings.HasPrefix(strings.ToLower(label), "traefik.") {
				return true
			}
		}
	}
	return false
}

func (s *show) files() (paths []string) {
	for _, stack := range s.stage.stacks {
		paths = append(paths, stack.path)
	}
	return paths
}

// overview is the router's own, no older than the last table told: its diagnostics come a moment after it.
func (s *show) overview(ctx context.Context) (seen overview, err error) {
	late := poll(ctx, func() bool {
		seen, err = s.visitor.overview(ctx)
		return err != nil || seen.Discovery.Tables >= s.heard
	})
	if late != nil {
		return seen, late
	}
	return seen, err
}

// await takes the tables that come, without telling their changes.
func (s *show) await(ctx context.Context, enough func(*rules.Table) bool) error {
	return s.hear(ctx, enough, func(news) {})
}

// follow takes the tables that come and tells what each has changed.
func (s *show) follow(ctx context.Context, enough func(*rules.Table) bool) error {
	return s.hear(ctx, enough, func(n news) {
		since := n.at.Sub(s.acted).Seconds()
		for _, c := range n.changes[:min(len(n.changes), linesAtMost)] {
			s.print("%s", changeLine(since, c))
		}
		if more := len(n.changes) - linesAtMost; more > 0 {
			s.print("   %5.2f s  and %s\n", since, counted(more, "more change"))
		}
	})
}

// hear goes on until it has heard enough, or for as long as patience has it. The swarm may settle after the last table, and nothing
// tells of that; so it asks again from time to time.
func (s *show) hear(ctx context.Context, enough func(*rules.Table) bool, tell func(news)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		for _, n := range s.stage.tables.take() {
			s.table = n.table
			s.heard++
			tell(n)
		}
		if enough(s.table) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return nil
		case <-s.stage.tables.more:
		case <-tick.C:
		}
	}
}

func (s *show) tellTable() {
	if len(s.table.Routes) == 0 {
		s.print("\nThe table that the labels make is empty: the router serves none of the services.\n")
		return
	}
	shown, more := s.someRoutes()
	s.print("\nThe table that the labels make, in the order rules are tried:\n\n%s", lines("   ", tableRows(s.table, shown)))
	if more > 0 {
		s.print("   and %s: %s/api/table\n", counted(more, "more rule"), s.visitor.admin)
	}
}

// someRoutes are the first of the table, and how many there are besides.
func (s *show) someRoutes() (shown []*rules.Route, more int) {
	all := distinct(s.table)
	n := min(len(all), linesAtMost)
	return all[:n], len(all) - n
}

const (
	linesAtMost = 24 // of a list: more than a screen holds says less
	toldAtMost  = 8  // diagnostics, so that the table stays in sight
)

func (s *show) tellDiagnostics(ctx context.Context) error {
	seen, err := s.overview(ctx)
	found := seen.Diagnostics.Shown
	if err == nil && len(found)+len(s.table.Routes) == 0 {
		s.print("It has nothing to say about that: traefik.enable=false or a flag, such as --docker.exposedByDefault=false, keeps them out.\n")
	}
	if err != nil || len(found) == 0 {
		return err
	}
	s.print("\nWhat the router has to say about the labels:\n\n")
	s.told = found[:min(len(found), toldAtMost)]
	for _, d := range s.told {
		s.print("   %s\n", d)
		if d.Suggestion != "" {
			s.print("     did you mean %s ?\n", d.Suggestion)
		}
	}
	if more := seen.Diagnostics.Matching - toldAtMost; more > 0 {
		s.print("   and %d more: %s/api/diagnostics\n", more, s.visitor.admin)
	}
	return nil
}

func (s *show) tellRequests() {
	if len(s.table.Routes) == 0 {
		return
	}
	s.print("\nTry it from another terminal:\n\n")
	shown, more := s.someRoutes()
	for _, r := range shown {
		if r.Rule.Messages() {
			s.print("   %s\n", s.curlMessage(r))
			continue
		}
		asked, why := s.request(r)
		if why != "" {
			s.print("   # %s: %s\n", r.Rule.Text, why)
			continue
		}
		if names := s.unreached(r.Service); r.Closed() {
			s.print("   # %s: 503, as its lock can't be made, see above\n", r.Rule.Text)
		} else if names != "" {
			s.print("   # %s: 503, as the router reaches no task of %s\n", r.Rule.Text, names)
		}
		s.print("   %s\n", asked.curl(s.visitor.base))
	}
	if more > 0 {
		s.print("   # and so on: appia explain --api %s URL says where any other request goes\n", s.visitor.admin)
	}
}

// unreached names the owners of a service that has no endpoint behind it, and points to what was told of them.
func (s *show) unreached(service *rules.Service) (names string) {
	var owners []string
	for _, source := range sources(s.table, service) {
		if len(source.Endpoints) > 0 {
			return ""
		}
		owners = append(owners, source.Owner.Name)
	}
	names = few(owners, ", ")
	if slices.ContainsFunc(s.told, func(d diagnostic) bool { return slices.Contains(owners, d.Service) }) {
		names += ", see above"
	}
	return names
}

// request is one that a route takes, or why there is none.
func (s *show) request(r *rules.Route) (asked request, why string) {
	for _, source := range sources(s.table, r.Service) {
		for _, e := range source.Endpoints {
			if e.Scheme == "https" {
				return request{}, "its tasks are to speak https, which those of the demo cannot"
			}
		}
	}
	asked, ok := requestFor(s.table, r, "http", reachable(s.stage.entry))
	if !ok {
		return request{}, "no request comes to mind that this route takes"
	}
	return asked, ""
}

func (s *show) rest(ctx context.Context) error {
	if s.options.Breath == 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.options.Breath):
		return nil
	}
}

func (s *show) howItEnds() string {
	if s.options.For == 0 {
		return "Ctrl-C ends it."
	}
	left := max(0, s.options.For-time.Since(s.began)).Round(time.Second)
	return fmt.Sprintf("It ends by itself in %s, or with Ctrl-C.", left)
}
