package http1_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/rules"
)

// serve runs a server alone, without a router behind it.
func serve(t *testing.T, s *http1.Server) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
func (endless) Close() error               { return nil }
func (endless) Length() int64              { return -1 }
func (endless) Trailers() *message.Fields  { return nil }

func TestEveryLimitAndTimeOutHasAWordOfItsOwn(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: x\r\n"
	for _, row := range []struct {
		code   string
		limits http1.Limits
		say    string
		status string // of the answer; "": none
		then   string // of another one behind a 200
	}{
		{"head-timeout", http1.Limits{Head: time.Second}, "GET / HTTP/1.1\r\nHo", "408", ""},
		{"head-timeout", http1.Limits{Head: time.Second}, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /se", "200", "408"},
		{"body-timeout", http1.Limits{Body: time.Second}, post + "Content-Length: 10\r\n\r\nhello", "408", ""},
		{"body-timeout", http1.Limits{Body: time.Second}, post + "Content-Length: 100000\r\n\r\nhello", "", ""},
		{"body-timeout", http1.Limits{Body: time.Second}, post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", "", ""},
		{"idle-timeout", http1.Limits{Idle: time.Second}, "", "", ""},
		{"idle-timeout", http1.Limits{Idle: time.Second}, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "200", ""},
		{"write-timeout", http1.Limits{Write: time.Second}, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", "-", ""},
		{"answer-timeout", http1.Limits{Whole: time.Second}, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", "-", ""},
		{"answer-timeout", http1.Limits{Whole: time.Second}, post + "Content-Length: 10\r\n\r\nhello", "", ""},
		{"head-too-long", http1.Limits{HeadBytes: 1000}, "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("b", 1000) + "\r\n\r\n", "431", ""},
		{"fields-too-many", http1.Limits{Fields: 10}, "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 10), "431", ""},
		{"target-too-long", http1.Limits{TargetBytes: 10}, "GET /0123456789 HTTP/1.1\r\n", "414", ""},
	} {
		causes := make(chan string, 10)
		s := &http1.Server{Limits: row.limits, Cause: func(code string, _ netip.AddrPort) { causes <- code }}
		s.Handle = func(x message.Exchange) {
			if body := x.Request().Body; body != nil {
				if _, err := io.Copy(io.Discard, body); err != nil {
					return
				}
			}
			r := &message.Response{Status: 200}
			if x.Request().Path == "/endless" {
				r.Body = endless{}
			}
			x.Send(r)
		}
		c := proxytest.Dial(t, serve(t, s))
		if _, err := io.WriteString(c, row.say); err != nil {
			t.Fatal(err)
		}
		if row.status == "200" {
			if m, err := c.Next(false); err != nil || m.Status() != 200 {
				t.Errorf("%s: %+v %v", row.code, m, err)
			}
			row.status = row.then
		}
		code := ""
		for late := time.Now().Add(proxytest.Patience); code == "" && time.Now().Before(late); {
			select {
			case code = <-causes:
			default:
				s.Tick(time.Now())
				runtime.Gosched()
			}
		}
		if code != row.code {
			t.Errorf("%.60q: %q, want %q", row.say, code, row.code)
		}
		if row.status == "-" { // what half an answer is followed by is nobody's business here
			continue
		}
		rest, err := c.Rest()
		if err != nil || row.status == "" && len(rest) > 0 || row.status != "" && !strings.HasPrefix(string(rest), "HTTP/1.1 "+row.status+" ") {
			t.Errorf("%s: %.60q got %q, %v", row.code, row.say, rest, err)
		}
		select {
		case code := <-causes:
			t.Errorf("%s: and %q", row.code, code)
		default:
		}
	}
}

func TestServeEndsWithTheLastConnection(t *testing.T) {
	arrived, release := make(chan bool), make(chan bool)
	s := &http1.Server{Handle: func(x message.Exchange) {
		arrived <- true
		<-release
		x.Send(&message.Response{Status: 200})
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	c := proxytest.Dial(t, l.Addr().String())
	fmt.Fprint(c, ordinary)
	<-arrived
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(t.Context()) }()
	for { // until the listener is closed
		probe, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		probe.Close()
	}
	select {
	case err := <-ended:
		t.Errorf("it ended, with %v, while a request is under way: nobody makes time pass for it", err)
	default:
	}
	close(release)
	if m, err := c.Next(false); err != nil || m.Status() != 200 || m.Get("Connection") != "close" {
		t.Errorf("%+v %v", m, err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

// endpointAt is an endpoint of a fleet.
func endpointAt(t *testing.T, addr string) *balancer.Endpoint {
	t.Helper()
	fleet := balancer.New(balancer.Options{StickyKey: []byte("test")})
	t.Cleanup(fleet.Close)
	table, _ := rules.Compile([]rules.Spec{{
		Owner:    rules.Owner{ID: "x", Name: "x", Created: time.Unix(0, 0)},
		Services: []rules.ServiceSpec{{Name: "backend", Weight: 1, Endpoints: []rules.Endpoint{{Task: "task", Name: "server", Scheme: "http", Addr: addr}}}},
		Routes:   []rules.RouteSpec{everything(t)},
	}}, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
	return fleet.Grow(table.Services)[0].Pick()
}

func everything(t *testing.T) rules.RouteSpec {
	rule, _, ok := rules.ParseTraefik1("PathPrefix:/")
	if !ok {
		t.Fatal("no rule")
	}
	return rules.RouteSpec{Name: "all", Rule: rule, Service: "backend"}
}

func TestFaultOfOursLeavesNoConnectionToTheEndpoint(t *testing.T) {
	backend := proxytest.Start(t, func(_ int, head *proxytest.Message) proxytest.Answer { return proxytest.Echo(head) })
	back := http1.NewBack(http1.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: 10})
	e := endpointAt(t, backend.Addr())
	s := &http1.Server{Panic: func(any, []byte) {}}
	s.Handle = func(x message.Exchange) {
		if _, fail := back.RoundTrip(x, e); fail != nil {
			t.Error(fail)
		}
		panic("a bug")
	}
	addr := serve(t, s)
	for range 5 {
		c := proxytest.Dial(t, addr)
		fmt.Fprint(c, ordinary)
		if m, err := c.Next(false); err != nil || m.Status() != 500 {
			t.Errorf("%+v %v", m, err)
		}
	}
	eventually(t, func() error {
		if n := backend.Open(); n > 0 {
			return fmt.Errorf("%d connections are left", n)
		}
		return nil
	})
}

// A request that an endpoint dies of is sent on two connections at most, however many are kept.
func TestRequestThatConnectionsDieOfDoesNotTakeAllAlong(t *testing.T) {
	const kept = 8
	gate := make(chan bool)
	backend := proxytest.Start(t, func(_ int, head *proxytest.Message) proxytest.Answer {
		if head.Target() == "/poison" {
			return proxytest.Answer{Then: proxytest.Close}
		}
		<-gate
		return proxytest.Echo(head)
	})
	back := http1.NewBack(http1.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: kept})
	e := endpointAt(t, backend.Addr())
	s := &http1.Server{}
	s.Handle = func(x message.Exchange) {
		r, fail := back.RoundTrip(x, e)
		if fail != nil {
			x.Send(&message.Response{Status: fail.Status()})
			return
		}
		x.Send(r)
	}
	addr := serve(t, s)
	var clients []*proxytest.Client
	for range kept {
		c := proxytest.Dial(t, addr)
		fmt.Fprint(c, ordinary)
		clients = append(clients, c)
	}
	for range kept { // all are asked before one is answered, so that there is a connection for each
		gate <- true
	}
	for _, c := range clients {
		if m, err := c.Next(false); err != nil || m.Status() != 200 {
			t.Fatalf("%+v %v", m, err)
		}
	}
	fmt.Fprint(clients[0], "GET /poison HTTP/1.1\r\nHost: x\r\n\r\n")
	if m, err := clients[0].Next(false); err != nil || m.Status() != 502 {
		t.Errorf("%+v %v", m, err)
	}
	got, faults := backend.Settle()
	poisoned := 0
	for _, g := range got {
		for _, m := range g.Requests {
			if m.Target() == "/poison" {
				poisoned++
			}
		}
	}
	if poisoned > 2 || len(faults) > 0 {
		t.Errorf("sent %d times; %v", poisoned, faults)
	}
}
