package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/rules"
)

// overQUIC is an entry point that speaks HTTP/3, too, for the named hosts.
func overQUIC(a *proxytest.Authority, hosts ...string) EntryPointOptions {
	e := overTLS(a, hosts...)
	e.HTTP3 = &HTTP3{}
	return e
}

// http3Client speaks HTTP/3 to the router, whatever name it asks for.
func (r *router) http3Client(a *proxytest.Authority, change ...func(*tls.Config, *http3.Transport)) *http.Client {
	config := &tls.Config{RootCAs: a.Pool()}
	transport := &http3.Transport{
		TLSClientConfig: config,
		Dial: func(ctx context.Context, _ string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
			return quic.DialAddr(ctx, r.addr, c, q)
		},
	}
	for _, c := range change {
		c(config, transport)
	}
	r.t.Cleanup(func() { transport.Close() })
	return &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func TestRequestsComeByHTTP3(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, tellsHow)}})
	client := r.http3Client(a)
	for range 2 { // the second time on the same connection
		answer, body := get(t, client, "https://a.com/")
		if answer.StatusCode != 200 || answer.Proto != "HTTP/3.0" || body != "https 443 a.com" || answer.Header.Get("Alt-Svc") != "" {
			t.Errorf("got %s %s %q %v", answer.Proto, answer.Status, body, answer.Header)
		}
	}
}

func TestContentOfHTTP3PassesAsItIs(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %d %d %v %v", q.Method, q.ContentLength, len(body), q.Header["Host"], err)
	})}})
	client := r.http3Client(a)
	for _, row := range []struct {
		method string
		body   io.Reader
		want   string
	}{
		{"GET", nil, "GET 0 0 [] <nil>"},
		{"GET", io.MultiReader(strings.NewReader("text")), "GET -1 4 [] <nil>"},
		{"POST", strings.NewReader("text"), "POST 4 4 [] <nil>"},
		{"POST", io.MultiReader(strings.NewReader("text")), "POST -1 4 [] <nil>"},
		{"PUT", strings.NewReader(strings.Repeat("x", 2<<20)), "PUT 2097152 2097152 [] <nil>"},
	} {
		q, err := http.NewRequest(row.method, "https://a.com/", row.body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if want := row.want; err != nil || string(got) != want {
			t.Errorf("%s: got %q %v, want %q", row.method, got, err, want)
		}
	}
}

// comeByHTTP3 asks by HTTP/3 whoever a test asks in clear.
func comeByHTTP3(t testing.TB) http.RoundTripper {
	transport := &http3.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableCompression: true}
	t.Cleanup(func() { transport.Close() })
	return overHTTP3{transport}
}

type overHTTP3 struct{ *http3.Transport }

func (o overHTTP3) RoundTrip(q *http.Request) (*http.Response, error) {
	there := q.Clone(q.Context())
	there.URL.Scheme = "https"
	return o.Transport.RoundTrip(there)
}

func (o overHTTP3) CloseIdleConnections() { o.Transport.CloseIdleConnections() }

func TestWhoComesByTCPIsToldOfHTTP3(t *testing.T) {
	a := proxytest.NewAuthority(t)
	secure := overQUIC(a, "a.com")
	secure.Name, secure.Address, secure.HTTP3.AdvertisedPort = "https", "127.0.0.1:0", 8443
	r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{secure, {Name: "http", Address: "127.0.0.1:0"}}})
	answer, _ := get(t, r.client(a), "https://a.com/")
	if got := answer.Header["Alt-Svc"]; answer.ProtoMajor != 2 || len(got) != 1 || got[0] != `h3=":8443"; ma=86400` {
		t.Errorf("over HTTP/2: %q", got)
	}
	answer, _ = get(t, r.client(a, onlyHTTP1), "https://a.com/")
	if got := answer.Header["Alt-Svc"]; answer.ProtoMajor != 1 || len(got) != 1 || got[0] != `h3=":8443"; ma=86400` {
		t.Errorf("over HTTP/1.1: %q", got)
	}
	answer, err := http.Get("http://" + r.proxy.EntryPoints()[1].Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if got := answer.Header["Alt-Svc"]; got != nil {
		t.Errorf("in clear: %q", got)
	}
	answer, _ = get(t, r.http3Client(a), "https://a.com/")
	if got := answer.Header["Alt-Svc"]; got != nil {
		t.Errorf("over HTTP/3: %q", got)
	}
}

func TestServicesWordForAnotherWayHolds(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Alt-Svc", "clear") })}})
	answer, _ := get(t, r.client(a), "https://a.com/")
	if got := answer.Header["Alt-Svc"]; len(got) != 1 || got[0] != "clear" {
		t.Errorf("got %q", got)
	}
}

func TestHTTP3WithoutTLSIsAnErrorThatNamesTheEntryPoint(t *testing.T) {
	p := New(Options{EntryPoints: []EntryPointOptions{{Name: "web", Address: "127.0.0.1:0", HTTP3: &HTTP3{}}}, Fleet: balancer.New(balancer.Options{}), Log: zap.NewNop()})
	if err := p.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "entry point web: HTTP3 needs TLS") {
		t.Error(err)
	}
}

func TestTakenUDPPortIsAnErrorThatNamesTheEntryPoint(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	taken := r.proxy.EntryPoints()[0].quic.Addr().String()
	entry := overQUIC(a, "a.com")
	entry.Name, entry.Address = "web", taken
	p := New(Options{
		EntryPoints: []EntryPointOptions{entry}, Fleet: balancer.New(balancer.Options{}), Log: zap.NewNop(),
		Listen: func(ctx context.Context, network, address string) (net.Listener, error) { // only TCP lets it be shared
			return atAddress{newHanded(), r.proxy.EntryPoints()[0].socket.Addr()}, nil
		},
	})
	if err := p.Listen(t.Context()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "entry point web: HTTP/3") {
		t.Error(err)
	}
}

func TestClientsOfHTTP3AreKnownByTheirAddressAndTheirCertificate(t *testing.T) {
	a, clients := proxytest.NewAuthority(t), proxytest.NewAuthority(t)
	entry := overQUIC(a, "a.com")
	entry.TLS.ClientCAs = []string{clients.PEM()}
	r := newRouter(t, entry)
	r.serve(service{rule: "Host:a.com", filters: []rules.Filter{rules.ClientCert{PEM: true}}, addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, q.Header.Get("X-Forwarded-For")+" "+q.Header.Get("X-Forwarded-Tls-Client-Cert"))
	})}})
	me := clients.Pair("me")
	_, body := get(t, r.http3Client(a, func(c *tls.Config, _ *http3.Transport) { c.Certificates = []tls.Certificate{me} }), "https://a.com/")
	if !strings.HasPrefix(body, "127.0.0.1 MII") {
		t.Errorf("got %q", body)
	}
	if _, err := r.http3Client(a).Get("https://a.com/"); err == nil {
		t.Error("a client without a certificate was let in")
	}
	r.until("it is counted", func() bool { return refusals(r)["client client-certificate"] == 1 })
}

func TestHandshakesOfQUICThatComeToNothingAreCountedByTheirCause(t *testing.T) {
	a := proxytest.NewAuthority(t)
	strict := overQUIC(a, "a.com")
	strict.TLS.SNIStrict = true
	for _, row := range []struct {
		name, host, cause string
		entry             EntryPointOptions
	}{
		{"a name that nobody knows", "b.com", "no-certificate", strict},
		{"a client that does not trust us", "b.com", "client-alert", overQUIC(a, "a.com")},
	} {
		r := newRouter(t, row.entry)
		if _, err := r.http3Client(a).Get("https://" + row.host + "/"); err == nil {
			t.Errorf("%s: it is served", row.name)
		}
		r.until(row.name+" is counted", func() bool { return refusals(r)["client "+row.cause] == 1 })
		if got := refusals(r); len(got) != 1 {
			t.Errorf("%s: got %v", row.name, got)
		}
	}
}

func TestRoutersResumeEachOthersSessionsOfQUIC(t *testing.T) {
	a := proxytest.NewAuthority(t)
	secret := certs.Secret("what all routers know of each other")
	sessions := tls.NewLRUClientSessionCache(10)
	for i := range 2 {
		store := certs.New(certs.Options{Log: zap.NewNop(), Secret: secret})
		t.Cleanup(store.Close)
		entry := overQUIC(a, "a.com")
		entry.Address = "127.0.0.1:0"
		r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{entry}, Certificates: store})
		answer, _ := get(t, r.http3Client(a, func(c *tls.Config, _ *http3.Transport) { c.ClientSessionCache = sessions }), "https://a.com/")
		if answer.TLS.DidResume != (i == 1) {
			t.Errorf("router %d: resumed %t", i, answer.TLS.DidResume)
		}
	}
}

func TestAnswersOfHTTP3EndAsTheyShould(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	whole := strings.Repeat("x", 4<<20)
	r.serve(
		service{rule: "Path:/long", addrs: []string{endpoint(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, whole) })}},
		service{rule: "Path:/cut", addrs: []string{endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})}},
		service{rule: "Path:/head", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("X-Seen", q.Method)
			http.NewResponseController(w).Flush()
		})}},
	)
	client := r.http3Client(a)
	if answer, body := get(t, client, "https://a.com/long"); body != whole {
		t.Errorf("%s, %d bytes", answer.Status, len(body))
	}
	answer, err := client.Get("https://a.com/cut")
	if err == nil { // else its head has not come either: QUIC drops what was sent when a stream is reset
		_, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	if err == nil {
		t.Error("half an answer was taken for a whole one")
	}
	answer, err = client.Head("https://a.com/head")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.Header.Get("X-Seen") != "HEAD" || answer.Header.Get("Content-Length") != "" {
		t.Errorf("HEAD: %v", answer.Header)
	}
}

func TestBothBodiesStreamOverHTTP3(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		c := http.NewResponseController(w)
		c.EnableFullDuplex()
		c.Flush()
		lines := bufio.NewReader(q.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(w, "heard "+line)
			c.Flush()
		}
	})}})
	says, write := io.Pipe()
	q, _ := http.NewRequestWithContext(t.Context(), "POST", "https://a.com/", says)
	answer, err := r.http3Client(a).Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	heard := bufio.NewReader(answer.Body)
	for _, word := range []string{"one", "two", "three"} {
		io.WriteString(write, word+"\n")
		if line, err := heard.ReadString('\n'); err != nil || line != "heard "+word+"\n" {
			t.Fatalf("%q %v", line, err)
		}
	}
	write.Close()
	if _, err := heard.ReadByte(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// WebSockets over HTTP/3 are WebSockets of HTTP/1.1 to endpoints (RFC 9220).
func TestWebSocketsComeByHTTP3(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	asked := make(chan *http.Request, 1)
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		asked <- q
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
		io.Copy(c, buffered)
	})}})
	conn, err := quic.DialAddr(t.Context(), r.addr, &tls.Config{RootCAs: a.Pool(), ServerName: "a.com", NextProtos: []string{"h3"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseWithError(0, "")
	client := new(http3.Transport).NewClientConn(conn)
	<-client.ReceivedSettings()
	if !client.Settings().EnableExtendedConnect {
		t.Fatal("extended CONNECT is not offered")
	}
	stream, err := client.OpenRequestStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	q, _ := http.NewRequest("CONNECT", "https://a.com/chat?x", nil)
	q.Proto = "websocket"
	if err := stream.SendRequestHeader(q); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.ReadResponse()
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("%v %v", answer, err)
	}
	if got := <-asked; got.Method != "GET" || got.RequestURI != "/chat?x" || got.Header.Get("Upgrade") != "websocket" || got.Header.Get("Sec-Websocket-Key") == "" {
		t.Errorf("the endpoint was asked %s %s %v", got.Method, got.RequestURI, got.Header)
	}
	for _, text := range []string{"hello", strings.Repeat("x", 1<<17)} {
		said := make(chan struct{})
		go func() {
			defer close(said)
			io.WriteString(stream, text)
		}()
		heard := make([]byte, len(text))
		if _, err := io.ReadFull(stream, heard); err != nil || string(heard) != text {
			t.Errorf("%d bytes: %v", len(text), err)
		}
		<-said
	}
	stream.Close()
	if n, err := stream.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		t.Errorf("at the end: %d %v", n, err)
	}
}

func TestEndpointIsLeftWhenAClientOfHTTP3IsGone(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	left, arrived := make(chan struct{}), make(chan struct{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(_ http.ResponseWriter, q *http.Request) {
		close(arrived)
		<-q.Context().Done()
		close(left)
	})}})
	ctx, cancel := context.WithCancel(t.Context())
	q, _ := http.NewRequestWithContext(ctx, "GET", "https://a.com/", nil)
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := r.http3Client(a).Do(q); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-left
}

func TestWhatIsTooMuchOfAHeadIsRefusedOverHTTP3(t *testing.T) {
	a := proxytest.NewAuthority(t)
	limits := http1.Limits{HeadBytes: 4 << 10, Fields: 20, TargetBytes: 1 << 10}
	entry := overQUIC(a, "a.com")
	entry.Address = "127.0.0.1:0"
	r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{entry}, Limits: limits})
	client := r.http3Client(a)
	for _, row := range []struct {
		name   string
		change func(*http.Request)
		status int
		cause  string
	}{
		{"target", func(q *http.Request) { q.URL.Path = "/" + strings.Repeat("x", 1<<10) }, 414, "client target-too-long"},
		{"lines", func(q *http.Request) { q.Header["X-A"] = make([]string, 30) }, 431, "client fields-too-many"},
		{"bytes", func(q *http.Request) { q.Header.Set("X-A", strings.Repeat("x", 5<<10)) }, 431, ""},
		{"nothing", func(q *http.Request) {}, 404, ""},
	} {
		q, _ := http.NewRequest("GET", "https://a.com/", nil)
		row.change(q)
		answer, err := client.Do(q)
		if err != nil {
			t.Fatal(row.name, err)
		}
		answer.Body.Close()
		if answer.StatusCode != row.status || row.cause != "" && refusals(r)[row.cause] != 1 {
			t.Errorf("%s: %s %v", row.name, answer.Status, refusals(r))
		}
	}
}

func TestWhoStallsOverHTTP3IsGivenUp(t *testing.T) {
	a := proxytest.NewAuthority(t)
	entry := overQUIC(a, "a.com")
	entry.Address = "127.0.0.1:0"
	short := 100 * time.Millisecond
	r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{entry}, ReadTimeout: time.Second, Limits: http1.Limits{Body: short, Write: short}})
	r.serve(
		service{rule: "Path:/up", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.Copy(io.Discard, q.Body) })}},
		service{rule: "Path:/down", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			for piece := make([]byte, 1<<20); ; {
				if _, err := w.Write(piece); err != nil {
					return
				}
			}
		})}},
	)
	client := r.http3Client(a)
	says, write := io.Pipe()
	defer write.Close()
	go io.WriteString(write, "half")
	answer, err := client.Post("https://a.com/up", "text/plain", says)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestTimeout || refusals(r)["client body-timeout"] != 1 {
		t.Errorf("a body that stops: %s %v", answer.Status, refusals(r))
	}
	answer, err = client.Get("https://a.com/down")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	r.until("a client that takes nothing is given up", func() bool { return refusals(r)["client write-timeout"] == 1 })
	if _, err := io.Copy(io.Discard, answer.Body); err == nil {
		t.Error("an answer without an end has ended")
	}
}

func TestShutdownLetsRequestsOfHTTP3FinishAndSendsTheOthersElsewhere(t *testing.T) {
	a := proxytest.NewAuthority(t)
	release, arrived := make(chan struct{}), make(chan struct{})
	r := newRouter(t, overQUIC(a, "a.com"))
	r.serve(
		service{rule: "Path:/slow", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			close(arrived)
			<-release
			io.WriteString(w, "finished")
		})}},
		service{rule: "Path:/", addrs: []string{endpoint(t, okay)}},
	)
	client := r.http3Client(a)
	idle := r.http3Client(a)
	get(t, idle, "https://a.com/")
	got := make(chan string, 1)
	go func() {
		answer, err := client.Get("https://a.com/slow")
		if err != nil {
			got <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		got <- answer.Proto + " " + string(body)
	}()
	<-arrived
	down := r.leaving()
	if _, err := r.http3Client(a).Get("https://a.com/"); err == nil || !strings.Contains(err.Error(), "CONNECTION_REFUSED") {
		t.Errorf("who comes now is to be told at once: %v", err)
	}
	select {
	case err := <-down:
		t.Fatalf("shutdown ended before the request: %v", err)
	default:
	}
	close(release)
	if body := <-got; body != "HTTP/3.0 finished" {
		t.Errorf("the request got %q", body)
	}
	if err := <-down; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownCutsRequestsOfHTTP3ThatTheGraceTimeDoesNotCover(t *testing.T) {
	a := proxytest.NewAuthority(t)
	arrived := make(chan struct{})
	r := newRouter(t, overQUIC(a, "a.com"))
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(_ http.ResponseWriter, q *http.Request) {
		close(arrived)
		<-q.Context().Done()
	})}})
	got := make(chan error, 1)
	go func() {
		_, err := r.http3Client(a).Get("https://a.com/")
		got <- err
	}()
	<-arrived
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.proxy.Shutdown(over); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-got; err == nil {
		t.Error("the request was answered")
	}
}

// atAddress is a listener that says where it is.
type atAddress struct {
	net.Listener
	at net.Addr
}

func (l atAddress) Addr() net.Addr { return l.at }
