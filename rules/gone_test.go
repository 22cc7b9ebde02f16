package rules

import (
	"testing"
	"time"
)

func TestRoutesOfServicesThatAreGoneGiveWayAndNobodyIsToldOfThem(t *testing.T) {
	rule, _, _ := ParseTraefik1("Host:a.com")
	claim := func(name string, gone bool, created int64) Spec {
		return Spec{Owner: Owner{ID: name, Name: name, Created: time.Unix(created, 0), Gone: gone},
			Routes:   []RouteSpec{{Name: "r", Rule: rule, Service: "s-" + name}},
			Services: []ServiceSpec{{Name: "s-" + name, Weight: 1, Endpoints: []Endpoint{{Task: name}}}}}
	}
	o := Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}}
	table, found := Compile([]Spec{claim("old", true, 1), claim("new", false, 2)}, o)
	if m := table.Match("http", &Query{Method: "GET", Host: "a.com", Path: "/"}); m.Route == nil || m.Route.Owner.Name != "new" {
		t.Errorf("the route is %+v", m.Route)
	}
	if len(found) != 0 {
		t.Errorf("told %v", found)
	}
	alone, _ := Compile([]Spec{claim("old", true, 1)}, o)
	if m := alone.Match("http", &Query{Method: "GET", Host: "a.com", Path: "/"}); m.Route == nil {
		t.Error("a route that nobody else wants is gone at once")
	}
	back, _ := Recompile(alone, []Spec{claim("old", false, 1)}, o)
	if back.Routes[0].Owner.Gone {
		t.Error("a service that is back is still gone")
	}
}
