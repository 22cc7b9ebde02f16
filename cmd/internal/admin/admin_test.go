package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ask is the answer to a request, its header given as "Name: value".
func ask(t testing.TB, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for _, field := range header {
		name, value, _ := strings.Cut(field, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are all there are when the blog is served.
var pages = []string{
	"/ping", "/ready", "/health", "/metrics", "/dashboard/", "/dashboard/dashboard.css", "/dashboard/dashboard.js",
	"/dashboard/icon.svg", "/api", "/api/version", "/api/table", "/api/explain?url=http://blog.litup.me", "/api/diagnostics", "/api/overview", "/api/providers",
	"/api/providers/docker", "/api/providers/docker/backends", "/api/providers/docker/backends/backend-blog",
	"/api/providers/docker/backends/backend-blog/servers", "/api/providers/docker/backends/backend-blog/servers/server-blog-1",
	"/api/providers/docker/frontends", "/api/providers/docker/frontends/frontend-Host-blog-litup-me-0",
	"/api/providers/docker/frontends/frontend-Host-blog-litup-me-0/routes",
	"/api/providers/docker/frontends/frontend-Host-blog-litup-me-0/routes/route-frontend-Host-blog-litup-me-0",
}

func blog(t testing.TB) *router {
	return newRouter(t, spec(t, "blog", "Host:blog.litup.me", endpoint("blog-1", "10.0.1.5:2368")))
}

func TestEveryPageIsThereWithAndWithoutAPrefix(t *testing.T) {
	for _, prefix := range []string{"", "/", "/admin", "admin/deep/"} {
		o := blog(t).options()
		o.Path = prefix
		s := New(o)
		for _, page := range pages {
			if got := ask(t, s.Handler(all), "GET", s.prefix()+page); got.StatusCode != 200 || body(t, got) == "" {
				t.Errorf("%s%s: %s", prefix, page, got.Status)
			}
		}
	}
}

func TestNothingIsServedBesideThePrefix(t *testing.T) {
	o := blog(t).options()
	o.Path = "/admin"
	h := New(o).Handler(all)
	for _, page := range []string{"/", "/ping", "/adminping", "/admins/ping", "/dashboard/"} {
		if got := ask(t, h, "GET", page); got.StatusCode != 404 {
			t.Errorf("%s: %s", page, got.Status)
		}
	}
}

func TestWhoeverWritesIsTold405(t *testing.T) {
	h := New(blog(t).options()).Handler(all)
	for _, page := range append(pages, "/", "/nowhere") {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			got := ask(t, h, method, page)
			if got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %s, Allow %q", method, page, got.Status, got.Header.Get("Allow"))
			}
		}
	}
}

func TestEveryAnswerTellsBrowsersToBeCareful(t *testing.T) {
	h := New(blog(t).options()).Handler(all)
	for _, page := range append(pages, "/", "/nowhere", "/api/") {
		got := ask(t, h, "GET", page, "Origin: http://evil.example")
		if got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s: %v", page, got.Header)
		}
		if cors := got.Header.Get("Access-Control-Allow-Origin"); cors != "" {
			t.Errorf("%s: any page may read it: %s", page, cors)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Error("the policy is none:", policy)
	}
}

func TestWhatDoesNotExistIs404(t *testing.T) {
	h := New(blog(t).options()).Handler(all)
	for _, page := range []string{
		"/nowhere", "/api/nowhere", "/dashboard/nowhere", "/dashboard/index.html", "/api/providers/file", "/api/providers/file/backends",
		"/api/providers/docker/backends/b", "/api/providers/docker/backends/b/servers", "/api/providers/docker/backends/backend-blog/servers/s",
		"/api/providers/docker/backends/b/servers/server-blog-1", "/api/providers/docker/frontends/f",
		"/api/providers/docker/frontends/f/routes", "/api/providers/docker/frontends/frontend-Host-blog-litup-me-0/routes/r",
	} {
		if got := ask(t, h, "GET", page); got.StatusCode != 404 {
			t.Errorf("%s: %s", page, got.Status)
		}
	}
}

func TestRedirectsLeadToOurOwnPathsOnly(t *testing.T) {
	for _, c := range []struct{ path, page, prefix, want string }{
		{"", "/", "", "302 /dashboard/"},
		{"", "/", "/traefik", "302 /traefik/dashboard/"},
		{"", "/", "/a/b/", "302 /a/b/dashboard/"},
		{"", "/", "/", "302 /dashboard/"},
		{"", "/", "//evil.example", "302 /dashboard/"},
		{"", "/", "/a//evil.example", "302 /dashboard/"},
		{"", "/", "http://evil.example", "302 /dashboard/"},
		{"", "/", `/\evil.example`, "302 /dashboard/"},
		{"", "/", "/a?b", "302 /dashboard/"},
		{"", "/", "/%2fevil.example", "302 /dashboard/"},
		{"", "/", "javascript:alert(1)", "302 /dashboard/"},
		{"", "/", "/a b", "302 /dashboard/"},
		{"", "/dashboard", "/x", "302 /x/dashboard/"},
		{"", "/api/", "", "301 /api"},
		{"", "/api/providers/docker/", "/x", "301 /x/api/providers/docker"},
		{"", "/api/table/?format=json", "", "301 /api/table?format=json"},
		{"", "/ping/", "", "301 /ping"},
		{"/admin", "/admin", "", "302 /admin/dashboard/"},
		{"/admin", "/admin/", "/x", "302 /x/admin/dashboard/"},
		{"/admin", "/admin/api/", "", "301 /admin/api"},
	} {
		o := blog(t).options()
		o.Path = c.path
		got := ask(t, New(o).Handler(all), "GET", c.page, "X-Forwarded-Prefix: "+c.prefix)
		if answer := got.Status[:3] + " " + got.Header.Get("Location"); answer != c.want {
			t.Errorf("%s below %q with prefix %q: %s, want %s", c.page, c.path, c.prefix, answer, c.want)
		}
	}
}

func TestPingIsWellUntilTerminationBegins(t *testing.T) {
	r := newRouter(t)
	r.status.Swapped, r.status.Stale = time.Time{}, true
	h := New(r.options()).Handler(all)
	if got := ask(t, h, "GET", "/ping"); got.StatusCode != 200 || body(t, got) != "OK" {
		t.Error(got.Status)
	}
	r.leaving = true
	if got := ask(t, h, "GET", "/ping"); got.StatusCode != 503 || body(t, got) != "Service Unavailable" {
		t.Error(got.Status)
	}
}

func TestReadyIsFromTheFirstTableToTermination(t *testing.T) {
	r := newRouter(t)
	swapped := r.status.Swapped
	r.status.Swapped = time.Time{}
	h := New(r.options()).Handler(all)
	for _, step := range []struct {
		change func()
		want   int
	}{
		{func() {}, 503},
		{func() { r.status.Swapped, r.status.Stale = swapped, true }, 200},
		{func() { r.leaving = true }, 503},
	} {
		step.change()
		if got := ask(t, h, "GET", "/ready"); got.StatusCode != step.want {
			t.Errorf("%d, want %d", got.StatusCode, step.want)
		}
	}
}

func TestServerAnswersUntilClosed(t *testing.T) {
	s := New(blog(t).options())
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run() }()
	url := "http://" + s.Addr().String() + "/ping"
	got, err := http.Head(url)
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, got); got.StatusCode != 200 || text != "" {
		t.Errorf("HEAD: %s %q", got.Status, text)
	}
	s.Close()
	if err := <-ended; err != nil {
		t.Error("Run:", err)
	}
	if _, err := http.Head(url); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error("after Close:", err)
	}
	s.Close()
}

func TestCloseFreesAnAddressThatWasNeverServedOn(t *testing.T) {
	s := New(blog(t).options())
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := net.Dial("tcp", s.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
	if err := s.Run(); err != nil {
		t.Error("Run after Close:", err)
	}
}

func TestTakenAddressIsTheErrorOfListen(t *testing.T) {
	s := New(blog(t).options())
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := blog(t).options()
	o.Address = s.Addr().String()
	if err := New(o).Listen(t.Context()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Error(err)
	}
}

func TestGivenListenIsUsed(t *testing.T) {
	o := blog(t).options()
	refusal := errors.New("not here")
	o.Listen = func(context.Context, string, string) (net.Listener, error) { return nil, refusal }
	if err := New(o).Listen(t.Context()); !errors.Is(err, refusal) {
		t.Error(err)
	}
}
