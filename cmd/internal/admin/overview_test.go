package admin

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

// look is an overview, filtered.
func look(r *router, filter string) overview {
	return New(r.options()).survey(newFilter(filter), listed, time.Now())
}

func names(o overview) (all []string) {
	for _, r := range o.Routes.Shown {
		all = append(all, r.Rule)
	}
	for _, s := range o.Services.Shown {
		all = append(all, s.Name)
	}
	return all
}

func TestFilterFindsRoutesAndServicesByEachOther(t *testing.T) {
	r := newRouter(t,
		spec(t, "blog", "Host:blog.litup.me", endpoint("blog-1", "10.0.1.5:2368")),
		spec(t, "shop", "Host:shop.litup.me", endpoint("shop-1", "10.0.1.6:80")))
	for _, c := range []struct{ filter, want string }{
		{"", "[Host:blog.litup.me Host:shop.litup.me backend-blog backend-shop]"},
		{"BLOG.litup", "[Host:blog.litup.me backend-blog]"},
		{"backend-shop", "[Host:shop.litup.me backend-shop]"},
		{"litup shop", "[Host:shop.litup.me backend-shop]"},
		{"10.0.1.6", "[backend-shop]"},
		{"nothing", "[]"},
	} {
		o := look(r, c.filter)
		if got := fmt.Sprint(names(o)); got != c.want {
			t.Errorf("%q: %s, want %s", c.filter, got, c.want)
		}
		if o.Counts.Routes != 2 || o.Counts.Services != 2 {
			t.Errorf("%q changes what there is: %+v", c.filter, o.Counts)
		}
	}
}

func TestOverviewOfTenThousandServicesIsShort(t *testing.T) {
	var specs []rules.Spec
	for i := range 10_000 {
		specs = append(specs, spec(t, fmt.Sprintf("team%d", i), fmt.Sprintf("Host:s%d.litup.me", i),
			endpoint(fmt.Sprint(i), fmt.Sprintf("10.0.%d.%d:80", i/250, i%250+1))))
	}
	r := newRouter(t, specs...)
	text := body(t, ask(t, New(r.options()).Handler(all), "GET", "/api/overview"))
	if len(text) > 100_000 {
		t.Errorf("%d bytes", len(text))
	}
	for query, want := range map[string]int{"": listed, "limit=3": 3, "limit=1000000": listedMost, "limit=-1": listed, "filter=team77&limit=5": 5} {
		if n := shown(t, r, query); n != want {
			t.Errorf("%s: %d routes, want %d", query, n, want)
		}
	}
	if o := look(r, ""); o.Services.Matching != 10_000 || o.Routes.Matching != 10_000 {
		t.Errorf("%d services, %d routes", o.Services.Matching, o.Routes.Matching)
	}
}

// shown is how many routes an answer has.
func shown(t *testing.T, r *router, query string) int {
	t.Helper()
	var o struct {
		Routes struct{ Shown []json.RawMessage }
	}
	text := body(t, ask(t, New(r.options()).Handler(all), "GET", "/api/overview?"+query))
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err, text)
	}
	return len(o.Routes.Shown)
}

func TestEndpointsThatAreOutAreShownBeforeTheManyThatAreNot(t *testing.T) {
	var tasks []rules.Endpoint
	for i := range listedEach + 10 {
		tasks = append(tasks, endpoint(fmt.Sprint(i), fmt.Sprintf("10.0.0.%d:80", i+1)))
	}
	r := newRouter(t, spec(t, "blog", "Host:blog.litup.me", tasks...))
	g := r.fleet.Groups()[0]
	for range listedEach {
		g.Pick()
	}
	out := g.Pick()
	out.Refused()
	s := look(r, "").Services.Shown[0]
	if s.More != 10 || len(s.Endpoints) != listedEach || s.Endpoints[0].URL != out.URL() || s.Endpoints[0].State != balancer.Ejected {
		t.Errorf("%d and %d more, first %+v", len(s.Endpoints), s.More, s.Endpoints[0])
	}
}

func TestOverviewTellsHowTheSwarmIsSeen(t *testing.T) {
	r := newRouter(t)
	r.status.Looked = time.Now().Add(-time.Hour)
	if d := look(r, "").Discovery; d.State != "fresh" || d.Looked != 3600 {
		t.Errorf("%+v", d)
	}
	r.status.Stale, r.status.Failure = true, "no quorum"
	if d := look(r, "").Discovery; d.State != "stale" || d.Failure != "no quorum" {
		t.Errorf("%+v", d)
	}
	r.status.Stale, r.status.Swapped, r.status.Looked = false, time.Time{}, time.Time{}
	if d := look(r, "").Discovery; d.State != "waiting" || d.Looked != -1 || d.Swapped != -1 {
		t.Errorf("%+v", d)
	}
}

func TestOverviewCountsRequestsAndPutsErrorsFirst(t *testing.T) {
	r := blog(t)
	r.tally.Done("GET", "http", 200, time.Millisecond)
	r.tally.Open("GET", "http", 2)
	r.status.Diagnostics = []rules.Diagnostic{{Code: "a", Severity: rules.Info}, {Code: "b", Severity: rules.Error}, {Code: "c", Severity: rules.Warning}}
	o := look(r, "")
	c := o.Counts
	if c.Requests != 1 || c.InFlight != 2 || c.Errors != 1 || c.Warnings != 1 || c.Infos != 1 || c.Endpoints != 1 || c.States["up"] != 1 {
		t.Errorf("%+v", c)
	}
	if first := o.Diagnostics.Shown[0].Code; first != "b" {
		t.Errorf("first is %s", first)
	}
	if r.status.Diagnostics[0].Code != "a" {
		t.Error("the status of others was sorted")
	}
}
