package health

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

// first is the first verdict on a server.
func first(t *testing.T, o Options, e rules.Endpoint, c rules.Check) (up bool, why string) {
	t.Helper()
	p := New(o)
	defer p.Close()
	type verdict struct {
		up  bool
		why string
	}
	told := make(chan verdict, 1)
	stop := p.Watch(e, c, func(up bool, why string) { told <- verdict{up, why} })
	defer stop()
	v := <-told
	return v.up, v.why
}

func endpointOf(s *httptest.Server) rules.Endpoint {
	scheme, addr, _ := strings.Cut(s.URL, "://")
	return rules.Endpoint{Scheme: scheme, Addr: addr}
}

func TestStatus200To399Passes(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.URL.Path[1:])
		w.WriteHeader(code)
	}))
	defer s.Close()
	for code, want := range map[string]bool{"200": true, "204": true, "304": true, "399": true, "400": false, "404": false, "503": false} {
		if up, why := first(t, Options{}, endpointOf(s), rules.Check{Path: "/" + code}); up != want {
			t.Errorf("status %s: up %v (%s)", code, up, why)
		}
	}
}

func TestRedirectsAreFollowedTenTimes(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, _ := strconv.Atoi(r.URL.Path[1:]); n > 0 {
			http.Redirect(w, r, "/"+strconv.Itoa(n-1), http.StatusFound)
		}
	}))
	defer s.Close()
	if up, why := first(t, Options{}, endpointOf(s), rules.Check{Path: "/9"}); !up {
		t.Error("nine redirects:", why)
	}
	if up, _ := first(t, Options{}, endpointOf(s), rules.Check{Path: "/11"}); up {
		t.Error("eleven redirects pass")
	}
}

func TestNobodyListeningIsDown(t *testing.T) {
	s := httptest.NewServer(nil)
	e := endpointOf(s)
	s.Close()
	if up, why := first(t, Options{}, e, rules.Check{Path: "/"}); up || !strings.Contains(why, "refused") {
		t.Errorf("up %v: %s", up, why)
	}
}

func TestABadPathFailsItsCheckAndNothingElse(t *testing.T) {
	if up, why := first(t, Options{}, rules.Endpoint{Scheme: "http", Addr: "127.0.0.1:1"}, rules.Check{Path: ":"}); up || why == "" {
		t.Errorf("up %v: %s", up, why)
	}
}

func TestH2CEndpointsAreAskedInHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
		}
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	e := endpointOf(s)
	e.Scheme = "h2c"
	if up, why := first(t, Options{}, e, rules.Check{Path: "/"}); !up {
		t.Error(why)
	}
}

func TestAnEndlessAnswerIsNotRead(t *testing.T) {
	gone := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	}))
	defer s.Close()
	if up, why := first(t, Options{}, endpointOf(s), rules.Check{Path: "/", Timeout: time.Hour}); !up {
		t.Error(why)
	}
	<-gone
}

func TestWhoSpeaksNoHTTPPassesByAcceptingAConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	for _, scheme := range []string{"tcp", "tls"} {
		if up, why := first(t, Options{}, rules.Endpoint{Scheme: scheme, Addr: addr}, rules.Check{}); !up {
			t.Errorf("%s: %s", scheme, why)
		}
	}
	_, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	if up, why := first(t, Options{}, rules.Endpoint{Scheme: "tcp", Addr: "127.0.0.1:1"}, rules.Check{Port: n}); !up {
		t.Errorf("at the check's port: %s", why)
	}
	l.Close()
	if up, why := first(t, Options{}, rules.Endpoint{Scheme: "tcp", Addr: addr}, rules.Check{}); up || !strings.Contains(why, "refused") {
		t.Errorf("where nobody listens: up %t (%s)", up, why)
	}
}
