package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

func TestPathFiltersActAtTheirPlace(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	addr := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Write([]byte(q.RequestURI + " " + strings.Join(q.Header["X-Forwarded-Prefix"], ",") + " " + strings.Join(q.Header["X-Replaced-Path"], ",")))
	})
	like, err := rules.ReplacePathRegex("^/c(.*)", "/d$1")
	if err != nil {
		t.Fatal(err)
	}
	r.put([]rules.ServiceSpec{at("s", addr)},
		routeTo(t, "leading.com", "s", rules.StripPrefix("/a"), rules.AddPrefix("/b"), rules.Compress{}),
		routeTo(t, "behind.com", "s", rules.Compress{}, rules.StripPrefix("/a", "/x"), rules.AddPrefix("/c"), like))
	for ask, want := range map[string]string{
		"leading.com/a/x%2Fy?q=1": "/b/x%2Fy?q=1 /a ", "leading.com/z": "/b/z  ",
		"behind.com/a/x%2Fy": "/d/x/y /a /c/x/y", "behind.com/z": "/d/z  /c/z",
	} {
		host, target, _ := strings.Cut(ask, "/")
		if _, got := r.ask("GET", host, "/"+target); got != want {
			t.Errorf("%s: the endpoint got %q, want %q", ask, got, want)
		}
	}
}

func TestClientIPOfARuleIsTheConnections(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	addr := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {})
	for text, want := range map[string]int{"ClientIP(`127.0.0.0/8`)": 200, "ClientIP(`10.0.0.0/8`)": 404} {
		rule, _, _ := rules.ParseTraefik3(text, rules.V3)
		r.put([]rules.ServiceSpec{at("s", addr)}, rules.RouteSpec{Name: "r", Rule: rule, Service: "s", PassHost: true})
		if answer, _ := r.ask("GET", "a.com", "/", header("X-Forwarded-For", "10.0.0.1")); answer.StatusCode != want {
			t.Errorf("%s: %d", text, answer.StatusCode)
		}
	}
}
