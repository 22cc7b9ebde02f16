package admin

import (
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/message"
)

var _ proxy.Internal = (*Inside)(nil)

func TestPagesOnAnEntryPointAreThoseThatAreAskedFor(t *testing.T) {
	o := blog(t).options()
	o.Path, o.Debug = "/admin", true
	for _, row := range []struct {
		pages          Pages
		method, path   string
		open, admitted int
	}{
		{Pages{Ping: true}, "GET", "/admin/ping", 200, 0},
		{Pages{Ping: true}, "HEAD", "/admin/ready", 200, 0},
		{Pages{Ping: true}, "GET", "/ping", 0, 0},
		{Pages{Ping: true}, "GET", "/admin/api", 0, 0},
		{Pages{Ping: true}, "POST", "/admin/ping", 0, 0},
		{Pages{API: true}, "GET", "/admin/ping", 0, 0},
		{Pages{API: true}, "GET", "/admin/api", 0, 200},
		{Pages{API: true}, "GET", "/admin/api/", 0, 301},
		{Pages{API: true}, "GET", "/admin/api/providers/none", 0, 404},
		{Pages{API: true}, "GET", "/admin/apis", 0, 0},
		{Pages{API: true}, "GET", "/admin/", 0, 0},
		{Pages{API: true}, "GET", "/admin/health", 0, 200},
		{Pages{API: true}, "GET", "/admin/dashboard/", 0, 200},
		{Pages{API: true}, "GET", "/admin/debug/vars", 0, 200},
		{Pages{API: true}, "GET", "/admin/debug/pprof/cmdline", 0, 200},
		{Pages{API: true}, "GET", "/admin/metrics", 0, 0},
		{Pages{Metrics: true}, "GET", "/admin/metrics", 0, 200},
	} {
		i := New(o).Inside(row.pages)
		q := &message.Request{Method: row.method, Path: row.path, RawPath: row.path, Host: "a.com", Client: netip.MustParseAddrPort("127.0.0.1:1")}
		for _, part := range []struct {
			name   string
			answer *message.Response
			want   int
		}{{"open", i.Open(q), row.open}, {"admitted", i.Admitted(q), row.admitted}} {
			got := 0
			if part.answer != nil {
				got = part.answer.Status
			}
			if got != part.want {
				t.Errorf("%+v: %s %s, %s: %d, want %d", row.pages, row.method, row.path, part.name, got, part.want)
			}
		}
	}
}

func TestPageOnAnEntryPointIsWhole(t *testing.T) {
	i := New(blog(t).options()).Inside(Pages{API: true})
	q := &message.Request{Method: "GET", Path: "/api/version", RawPath: "/api/version"}
	r := i.Admitted(q)
	text, err := io.ReadAll(r.Body)
	if err != nil || string(text) != `{"Version":"v1.2.3","Codename":"appia"}` || r.Fields.Get("Content-Length") != "39" ||
		!strings.HasPrefix(r.Fields.Get("Content-Type"), "application/json") || r.Fields.Get("Content-Security-Policy") == "" {
		t.Errorf("%v: %s, %v", err, text, r.Fields.All())
	}
}

func TestListenerHasNoPageThatNobodyAskedFor(t *testing.T) {
	h := New(blog(t).options()).Handler(Pages{Ping: true})
	for page, want := range map[string]int{"/ping": 200, "/api": 404, "/metrics": 404, "/dashboard/": 404, "/": 404, "/debug/vars": 404} {
		if got := ask(t, h, "GET", page).StatusCode; got != want {
			t.Errorf("%s: %d", page, got)
		}
	}
	o := blog(t).options()
	o.NoDashboard = true
	h = New(o).Handler(Pages{API: true})
	for page, want := range map[string]int{"/api": 200, "/dashboard/": 404, "/debug/vars": 404} {
		if got := ask(t, h, "GET", page).StatusCode; got != want {
			t.Errorf("without a dashboard: %s: %d", page, got)
		}
	}
}

func TestHealthTellsTheLastErrorsAndSizes(t *testing.T) {
	r := blog(t)
	o := r.options()
	o.Errors = NewErrors(2)
	for _, path := range []string{"/1", "/2", "/3"} {
		o.Errors.Add(404, "GET", "a.com", path)
	}
	o.Errors.Add(499, "GET", "a.com", "/4")
	r.tally.Done("GET", "http", 200, 0)
	r.tally.Done("GET", "http", 200, 0)
	r.tally.Sent.Add(100)
	var got healthAnswer
	if err := json.Unmarshal([]byte(body(t, ask(t, New(o).Handler(all), "GET", "/health"))), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.RecentErrors) != 2 || got.RecentErrors[0].Path != "/4" || got.RecentErrors[0].Status != "499" || got.RecentErrors[1].Status != "Not Found" {
		t.Errorf("%+v", got.RecentErrors)
	}
	if got.TotalSize != 100 || got.AverageSize != 50 {
		t.Errorf("%d bytes, %d each", got.TotalSize, got.AverageSize)
	}
}
