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
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/stdhttp"
	"github.com/appia-edge/appia/rules"
)

func TestRequestReachesItsServiceAsItsRuleSays(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	echo := func(name string) string {
		return endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			fmt.Fprintf(w, "%s %s prefix=%s", name, q.RequestURI, q.Header.Get("X-Forwarded-Prefix"))
		})
	}
	r.serve(
		service{rule: "Host:api.mydomain.com;PathPrefixStrip:/v2/user", addrs: []string{echo("v2")}},
		service{rule: "Host:api.mydomain.com;PathPrefixStrip:/v3/user", addrs: []string{echo("v3")}},
		service{rule: "Host:api.mydomain.com;PathPrefixStrip:/v3/user/my", addrs: []string{echo("my")}},
	)
	for _, row := range []struct{ target, want string }{
		{"/v3/user", "v3 / prefix=/v3/user"},
		{"/v3/user/", "v3 / prefix=/v3/user"},
		{"/v3/user/42?x=1", "v3 /42?x=1 prefix=/v3/user"},
		{"/v3/user/my", "my / prefix=/v3/user/my"},
		{"/v3/user/my/profile", "my /profile prefix=/v3/user/my"},
		{"/v3/user/myprofile", "my /profile prefix=/v3/user/my"},
		{"/v3/users", "v3 /s prefix=/v3/user"},
		{"/v2/user/my", "v2 /my prefix=/v2/user"},
		{"/v3/user/a%2Fb", "v3 /a%2Fb prefix=/v3/user"},
		{"/v3/user//x", "v3 //x prefix=/v3/user"},
		{"/v3/user/x?", "v3 /x? prefix=/v3/user"},
		{"/v3/use", "404 page not found\n"},
		{"/V3/user", "404 page not found\n"},
	} {
		if _, got := r.ask("GET", "API.MyDomain.com:80", row.target); got != row.want {
			t.Errorf("%s: got %q, want %q", row.target, got, row.want)
		}
	}
	answer, _ := r.ask("GET", "api.mydomain.com.", "/v3/user")
	if answer.StatusCode != 404 {
		t.Errorf("final dot: %s", answer.Status)
	}
}

func TestTheRoutersOwnWordOnThePathCountsAndNotTheClients(t *testing.T) {
	r := newRouter(t, EntryPointOptions{}) // trusts nobody
	r.serve(service{rule: "PathPrefixStrip:/a", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		fmt.Fprintf(w, "%q", q.Header["X-Forwarded-Prefix"])
	})}})
	for _, line := range []string{"X-Forwarded-Prefix: /evil", "Connection: X-Forwarded-Prefix, close"} {
		got := r.raw("GET /a/b HTTP/1.1\r\nHost: x\r\n" + line + "\r\nConnection: close\r\n\r\n")
		if _, body, _ := strings.Cut(got, "\r\n\r\n"); body != `["/a"]` {
			t.Errorf("client sent %s, the service saw %s", line, body)
		}
	}
}

func TestPathKeepsTheVeryBytesTheClientSent(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, q.RequestURI)
	})}})
	for _, target := range []string{`/a|b"c`, "/%7Ea~", "/a%20b", "/a[1]", "/%e4%b8%ad", "/;x=1,2", "/a//b/../c", "/?", "/?a=%zz|"} {
		got := r.raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if _, body, _ := strings.Cut(got, "\r\n\r\n"); body != target {
			t.Errorf("sent %s, the service saw %s", target, body)
		}
	}
}

func TestForwardedHeadersTellWhoAsked(t *testing.T) {
	connectionOfTe := "Te" // RFC 9110, 10.1.4
	if now.std || now.h2c {
		connectionOfTe = "" // HTTP/2 has no Connection, and net/http's transport may speak it
	}
	seen := make(chan http.Header, 1)
	hosts := make(chan string, 1)
	addr := endpoint(t, func(w http.ResponseWriter, q *http.Request) { seen <- q.Header; hosts <- q.Host })
	for _, row := range []struct {
		name   string
		entry  EntryPointOptions
		send   map[string]string
		want   map[string]string
		absent []string
	}{
		{
			name: "nothing sent", entry: EntryPointOptions{TrustAll: true},
			want: map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "X-Forwarded-Proto": "http",
				"X-Forwarded-Host": "a.com", "X-Forwarded-Port": "80", "X-Forwarded-Server": "edge-1"},
			absent: []string{"User-Agent", "Accept-Encoding"},
		},
		{
			name: "trusted", entry: EntryPointOptions{TrustAll: true},
			send: map[string]string{"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "outer", "X-Real-Ip": "1.1.1.1", "X-Forwarded-Server": "me"},
			want: map[string]string{"X-Forwarded-For": "1.1.1.1, 127.0.0.1", "X-Real-Ip": "1.1.1.1", "X-Forwarded-Proto": "https",
				"X-Forwarded-Host": "outer", "X-Forwarded-Port": "443", "X-Forwarded-Server": "edge-1"},
		},
		{
			name: "not trusted", entry: EntryPointOptions{TrustedIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
			send: map[string]string{"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Uri": "/x", "X-Real-Ip": "1.1.1.1"},
			want: map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "X-Forwarded-Proto": "http"}, absent: []string{"X-Forwarded-Uri"},
		},
		{
			name: "trusted by range", entry: EntryPointOptions{TrustedIPs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
			send: map[string]string{"X-Forwarded-For": "10.0.0.1"}, want: map[string]string{"X-Forwarded-For": "10.0.0.1, 127.0.0.1"},
		},
		{
			name: "hop by hop", entry: EntryPointOptions{TrustAll: true},
			send:   map[string]string{"Connection": "close, X-Private", "X-Private": "1", "Keep-Alive": "5", "Te": "trailers, deflate", "Proxy-Authorization": "x"},
			want:   map[string]string{"Te": "trailers", "Connection": connectionOfTe},
			absent: []string{"X-Private", "Keep-Alive", "Proxy-Authorization"},
		},
	} {
		r := newRouter(t, row.entry)
		r.serve(service{rule: "Host:a.com", addrs: []string{addr}})
		head := "GET / HTTP/1.1\r\nHost: a.com\r\n"
		for name, value := range row.send {
			head += name + ": " + value + "\r\n"
		}
		if row.send["Connection"] == "" {
			head += "Connection: close\r\n"
		}
		r.raw(head + "\r\n")
		got := <-seen
		<-hosts
		for name, want := range row.want {
			if v := strings.Join(got.Values(name), "|"); v != want {
				t.Errorf("%s: %s is %q, want %q", row.name, name, v, want)
			}
		}
		for _, name := range row.absent {
			if len(got.Values(name)) > 0 {
				t.Errorf("%s: %s: %q was forwarded", row.name, name, got.Get(name))
			}
		}
	}
}

func TestHostIsTheClientsUnlessTheRouteSaysOtherwise(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	addr := endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, q.Host) })
	r.serve(service{rule: "Host:a.com", addrs: []string{addr}}, service{rule: "Host:b.com", addrs: []string{addr}, ownHost: true})
	if _, got := r.ask("GET", "a.com:81", "/"); got != "a.com:81" {
		t.Errorf("passed host: %q", got)
	}
	if _, got := r.ask("GET", "b.com", "/"); got != addr {
		t.Errorf("own host: %q, want %q", got, addr)
	}
}

func TestRouterAnswersForItself(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	broken := endpoint(t, func(w http.ResponseWriter, q *http.Request) { panic(http.ErrAbortHandler) })
	r.serve(
		service{rule: "Host:none.com"},
		service{rule: "Host:dead.com", addrs: []string{deadAddr(t)}},
		service{rule: "Host:broken.com", addrs: []string{broken}},
		service{rule: "Host:slash.com;Path:/path", addrs: []string{broken}},
		service{rule: "Host:busy.com", addrs: []string{broken}, spec: rules.ServiceSpec{MaxConn: &rules.MaxConn{Amount: -1, Extractor: rules.Extractor{Kind: rules.ByHost}}}},
	)
	for _, row := range []struct {
		method, host, target string
		status               int
		body, field, value   string
	}{
		{"GET", "unknown.com", "/", 404, "404 page not found\n", "X-Content-Type-Options", "nosniff"},
		{"HEAD", "unknown.com", "/", 404, "", "Content-Length", "19"},
		{"GET", "none.com", "/", 503, "Service Unavailable", "Retry-After", "1"},
		{"GET", "dead.com", "/", 502, "Bad Gateway", "Content-Type", "text/plain; charset=utf-8"},
		{"GET", "broken.com", "/", 502, "Bad Gateway", "", ""},
		{"POST", "slash.com", "/path/?a=b", 301, "", "Location", "/path?a=b"},
		{"GET", "slash.com", "/path/", 301, "<a href=\"/path\">Moved Permanently</a>.\n\n", "Location", "/path"},
		{"GET", "busy.com", "/", 429, "max connections reached: -1", "", ""},
	} {
		answer, body := r.ask(row.method, row.host, row.target)
		if answer.StatusCode != row.status || body != row.body || answer.Header.Get(row.field) != row.value {
			t.Errorf("%s %s%s: %d %q, %s: %q; want %d %q %q", row.method, row.host, row.target,
				answer.StatusCode, body, row.field, answer.Header.Get(row.field), row.status, row.body, row.value)
		}
	}
}

func TestRefusedDialGoesElsewhereForAnyMethod(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	alive := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %s", q.Method, body)
	})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{deadAddr(t), alive, deadAddr(t)}})
	for range 20 {
		answer, body := r.ask("POST", "", "/", func(q *http.Request) {
			q.Body, q.ContentLength = io.NopCloser(strings.NewReader("once")), 4
		})
		if answer.StatusCode != 200 || body != "POST once" {
			t.Fatalf("%s %q", answer.Status, body)
		}
	}
}

func TestRequestWhoseEndpointDiesBeforeAnsweringIsRepeatedOnlyWhenThatIsSafe(t *testing.T) {
	var deaths atomic.Int64
	dying := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		deaths.Add(1)
		panic(http.ErrAbortHandler)
	})
	alive := endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, "alive") })
	r := newRouterWith(t, EntryPointOptions{}, balancer.Options{Eject: time.Hour})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{dying, alive}})
	post := func(times int) (lost int) {
		for range times {
			answer, _ := r.ask("POST", "", "/", func(q *http.Request) {
				q.Body, q.ContentLength = io.NopCloser(strings.NewReader("x")), 1
			})
			if answer.StatusCode == 502 {
				lost++
			}
		}
		return lost
	}
	if lost := post(2); lost != 1 || deaths.Load() != 1 {
		t.Errorf("one of 2 POSTs meets the dying endpoint and may not be repeated; %d failed, %d met it", lost, deaths.Load())
	}
	for range 4 {
		if answer, _ := r.ask("GET", "", "/"); answer.StatusCode != 200 {
			t.Errorf("GET: %s", answer.Status)
		}
	}
	if lost := post(4); lost != 0 {
		t.Errorf("%d requests met an endpoint that had failed so many", lost)
	}
}

func TestResponseCutShortByItsEndpointIsCutShortForTheClient(t *testing.T) {
	r := newRouter(t, EntryPointOptions{Compress: true})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})}})
	for _, encoding := range []string{"identity", "gzip"} {
		request, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+r.addr+"/", nil)
		request.Header.Set("Accept-Encoding", encoding)
		answer, err := r.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(answer.Body); err == nil {
			t.Errorf("%s: the client took half a response for a whole one", encoding)
		}
		answer.Body.Close()
	}
}

func TestBothBodiesStreamAtTheSameTime(t *testing.T) {
	r := newRouter(t, EntryPointOptions{Compress: true})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		control := http.NewResponseController(w)
		control.EnableFullDuplex()
		lines := bufio.NewScanner(q.Body)
		for lines.Scan() {
			fmt.Fprintf(w, "echo %s\n", lines.Text())
			control.Flush()
		}
	})}})
	in, out := io.Pipe()
	request, _ := http.NewRequestWithContext(t.Context(), "POST", "http://"+r.addr+"/", in)
	go fmt.Fprintln(out, "one")
	answer, err := r.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	for _, word := range []string{"one", "two", "three"} {
		if word != "one" {
			fmt.Fprintln(out, word)
		}
		if line, err := lines.ReadString('\n'); err != nil || line != "echo "+word+"\n" {
			t.Fatalf("after %q: %q, %v", word, line, err)
		}
	}
	out.Close()
}

func TestTrailersPassBothWays(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Trailer", "X-Announced")
		body, _ := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %s", body, q.Trailer.Get("X-Sum"))
		w.Header().Set("X-Announced", "yes")
		w.Header().Set(http.TrailerPrefix+"X-Surprise", "too")
	})}})
	answer, body := r.ask("POST", "", "/", func(q *http.Request) {
		q.Body, q.ContentLength = io.NopCloser(strings.NewReader("data")), -1
		q.Trailer = http.Header{"X-Sum": {"42"}}
	})
	if body != "data 42" {
		t.Errorf("the service saw %q", body)
	}
	if answer.Trailer.Get("X-Announced") != "yes" || answer.Trailer.Get("X-Surprise") != "too" {
		t.Errorf("the client saw trailers %v", answer.Trailer)
	}
}

func TestTrailersThatBelongInTheHeadAreDropped(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.Copy(io.Discard, q.Body)
		fmt.Fprintf(w, "%q %q %q", q.Trailer.Get("X-Forwarded-For"), q.Trailer.Get("X-Real-Ip"), q.Trailer.Get("X-Sum"))
		http.NewResponseController(w).Flush() // chunked, so that there can be trailers
		w.Header().Set(http.TrailerPrefix+"X-Forwarded-Host", "elsewhere")
		w.Header().Set(http.TrailerPrefix+"X-Sum", "2")
	})}})
	answer, body := r.ask("POST", "", "/", func(q *http.Request) {
		q.Body, q.ContentLength = io.NopCloser(strings.NewReader("data")), -1
		q.Trailer = http.Header{"X-Sum": {"1"}, "X-Forwarded-For": {"6.6.6.6"}, "X-Real-Ip": {"6.6.6.6"}}
	})
	if body != `"" "" "1"` {
		t.Errorf("the service saw %s", body)
	}
	if answer.Trailer.Get("X-Sum") != "2" || answer.Trailer.Get("X-Forwarded-Host") != "" {
		t.Errorf("the client saw trailers %v", answer.Trailer)
	}
}

func TestExpectationIsAnsweredByTheService(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(
		service{rule: "PathPrefix:/take", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			body, _ := io.ReadAll(q.Body)
			w.Write(body)
		})}},
		service{rule: "PathPrefix:/no", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			w.WriteHeader(http.StatusExpectationFailed)
		})}},
	)
	const head = " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "POST /take"+head)
	lines := textproto.NewReader(bufio.NewReader(c))
	if line, err := lines.ReadLine(); err != nil || line != "HTTP/1.1 100 Continue" {
		t.Fatalf("%q %v", line, err)
	}
	io.WriteString(c, "body")
	lines.ReadLine()
	if line, _ := lines.ReadLine(); line != "HTTP/1.1 200 OK" {
		t.Errorf("after the body: %q", line)
	}
	if got := r.raw("POST /no" + head); !strings.HasPrefix(got, "HTTP/1.1 417") {
		t.Errorf("a service that refuses: %q", got)
	}
}

func TestEarlyHintsPassOn(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		io.WriteString(w, "page")
	})}})
	var hints []string
	answer, body := r.ask("GET", "", "/", func(q *http.Request) {
		*q = *q.WithContext(httptrace.WithClientTrace(q.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
				hints = append(hints, fmt.Sprint(code, " ", header.Get("Link")))
				return nil
			},
		}))
	})
	if len(hints) != 1 || hints[0] != "103 </style.css>; rel=preload" || body != "page" || answer.Header.Get("Link") != "" {
		t.Errorf("hints %q, then %q with Link %q", hints, body, answer.Header.Get("Link"))
	}
}

// upgradeServer answers an upgrade and then echoes in capitals until the client's side ends.
func upgradeServer(w http.ResponseWriter, q *http.Request) {
	c, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Proto: %s\r\n\r\nhello\n", q.Header.Get("X-Forwarded-Proto"))
	lines := bufio.NewScanner(buffered)
	for lines.Scan() {
		fmt.Fprintln(c, strings.ToUpper(lines.Text()))
	}
}

func TestUpgradedConnectionCarriesBothWays(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true, Compress: true})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, upgradeServer)}})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// The first words come along with the head: they must not be lost.
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nearly\n")
	lines := bufio.NewReader(c)
	head, err := http.ReadResponse(lines, nil)
	if err != nil || head.StatusCode != 101 || head.Header.Get("Upgrade") != "websocket" || head.Header.Get("X-Proto") != "ws" {
		t.Fatalf("%v %v", head, err)
	}
	for _, want := range []string{"hello\n", "EARLY\n"} {
		if got, err := lines.ReadString('\n'); got != want {
			t.Fatalf("got %q (%v), want %q", got, err, want)
		}
	}
	io.WriteString(c, "later\n")
	if got, _ := lines.ReadString('\n'); got != "LATER\n" {
		t.Fatalf("got %q", got)
	}
	c.(*net.TCPConn).CloseWrite()
	if _, err := lines.ReadString('\n'); !errors.Is(err, io.EOF) {
		t.Errorf("the service's end did not come through: %v", err)
	}
}

func TestStickyClientStaysAndMovesWhenItsEndpointIsGone(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	name := func(n string) string {
		return endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, n) })
	}
	a, b, c := name("a"), name("b"), name("c")
	sticky := rules.ServiceSpec{Sticky: &rules.Sticky{Cookie: "_c1aaa", HTTPOnly: true, SameSite: "lax"}}
	r.serve(service{rule: "PathPrefix:/", addrs: []string{a, b}, spec: sticky})
	answer, home := r.ask("GET", "", "/")
	line := answer.Header.Get("Set-Cookie")
	if !strings.HasPrefix(line, "_c1aaa=") || !strings.HasSuffix(line, "; Path=/; HttpOnly; SameSite=Lax") || strings.Contains(line, "127.0.0.1") {
		t.Fatalf("Set-Cookie: %q", line)
	}
	jar := func(q *http.Request) { q.Header.Set("Cookie", "other=1; "+line[:strings.Index(line, ";")]) }
	r.serve(service{rule: "PathPrefix:/", addrs: []string{a, b, c}, spec: sticky})
	for range 6 {
		if answer, got := r.ask("GET", "", "/", jar); got != home || answer.Header.Get("Set-Cookie") != "" {
			t.Fatalf("was %s, now %s, Set-Cookie %q", home, got, answer.Header.Get("Set-Cookie"))
		}
	}
	rest := map[string][]string{"a": {b, c}, "b": {a, c}}[home]
	r.serve(service{rule: "PathPrefix:/", addrs: rest, spec: sticky})
	if answer, got := r.ask("GET", "", "/", jar); got == home || answer.Header.Get("Set-Cookie") == "" {
		t.Errorf("the endpoint is gone: got %s, Set-Cookie %q", got, answer.Header.Get("Set-Cookie"))
	}
	if _, got := r.ask("GET", "", "/", func(q *http.Request) { q.AddCookie(&http.Cookie{Name: "_c1aaa", Value: now.scheme() + "://" + c}) }); got != "c" {
		t.Errorf("a cookie of Traefik 1.x that names c led to %s", got)
	}
}

func TestConnectionLimitCountsByKeyAndReleases(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 2)
	r := newRouter(t, EntryPointOptions{})
	limit := rules.ServiceSpec{MaxConn: &rules.MaxConn{Amount: 1, Extractor: rules.Extractor{Kind: rules.ByHeader, Header: "X-Team"}}}
	r.serve(service{rule: "PathPrefix:/", spec: limit, addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		arrived <- struct{}{}
		<-release
	})}})
	team := func(name string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set("X-Team", name) }
	}
	first := make(chan int)
	go func() {
		answer, _ := r.ask("GET", "", "/", team("red"))
		first <- answer.StatusCode
	}()
	<-arrived
	if answer, body := r.ask("GET", "", "/", team("red")); answer.StatusCode != 429 || body != "max connections reached: 1" {
		t.Errorf("the second of a team: %s %q", answer.Status, body)
	}
	close(release)
	if status := <-first; status != 200 {
		t.Errorf("the first: %d", status)
	}
	for _, name := range []string{"red", "blue"} {
		if answer, _ := r.ask("GET", "", "/", team(name)); answer.StatusCode != 200 {
			t.Errorf("%s afterwards: %s", name, answer.Status)
		}
	}
}

func TestNoRequestIsLostWhileTablesAreSwapped(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	name := func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, "ok") }
	a, b := endpoint(t, name), endpoint(t, name)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{a}})
	ctx, stop := context.WithCancel(t.Context())
	var swapping sync.WaitGroup
	swapping.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			r.serve(service{rule: "PathPrefix:/", addrs: [][]string{{a}, {a, b}, {b}}[i%3]})
		}
	})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for range 80 {
				if answer, body := r.ask("POST", "", "/"); answer.StatusCode != 200 || body != "ok" {
					t.Errorf("%s %q", answer.Status, body)
					return
				}
			}
		})
	}
	asking.Wait()
	stop()
	swapping.Wait()
}

func TestShutdownLetsWhatIsInFlightFinish(t *testing.T) {
	release, arrived := make(chan struct{}), make(chan struct{})
	r := newRouter(t, EntryPointOptions{})
	r.serve(
		service{rule: "PathPrefix:/slow", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			close(arrived)
			<-release
			io.WriteString(w, "finished")
		})}},
		service{rule: "PathPrefix:/up", scheme: "http", addrs: []string{endpointOf(t, "http", upgradeServer)}},
	)
	got := make(chan string)
	go func() {
		_, body := r.ask("GET", "", "/slow")
		got <- body
	}()
	<-arrived
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	lines := bufio.NewReader(c)
	if _, err := http.ReadResponse(lines, nil); err != nil {
		t.Fatal(err)
	}
	down := make(chan error)
	go func() { down <- r.proxy.Shutdown(t.Context()) }()
	r.untilClosed()
	close(release)
	if body := <-got; body != "finished" {
		t.Errorf("the slow request got %q", body)
	}
	lines.ReadString('\n')
	io.WriteString(c, "still here\n")
	if line, _ := lines.ReadString('\n'); line != "STILL HERE\n" {
		t.Errorf("the tunnel said %q", line)
	}
	c.Close()
	if err := <-down; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownCutsWhatTheGraceTimeDoesNotCover(t *testing.T) {
	arrived := make(chan struct{})
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, upgradeServer)}})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	lines := bufio.NewReader(c)
	http.ReadResponse(lines, nil)
	close(arrived)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.proxy.Shutdown(over); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	if rest, err := io.ReadAll(lines); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the tunnel was not cut: %q %v", rest, err)
	}
}

func TestTakenAddressIsAnErrorThatNamesTheEntryPoint(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := New(Options{EntryPoints: []EntryPointOptions{{Name: "web", Address: taken.Addr().String()}}})
	if err := p.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "entry point web: ") || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}

func TestHTTP2ServicesAreSpokenToInClear(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	addr := endpointOf(t, "h2c", func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, q.Proto) })
	r.serve(service{rule: "PathPrefix:/", scheme: "h2c", addrs: []string{addr}})
	if _, got := r.ask("GET", "", "/"); got != "HTTP/2.0" {
		t.Errorf("the service was asked by %q", got)
	}
}

// HTTP/2 has no upgrade, and a server may always go on as if it had not been asked for one (RFC 9110, 7.8).
func TestServiceOfHTTP2AnswersARequestForAnUpgradeInItsOwnProtocol(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	addr := endpointOf(t, "h2c", func(w http.ResponseWriter, q *http.Request) {
		fmt.Fprint(w, q.Proto, q.Header.Get("Upgrade"), q.Header.Get("Connection"))
	})
	r.serve(service{rule: "PathPrefix:/", scheme: "h2c", addrs: []string{addr}})
	answer, got := r.ask("GET", "", "/", func(q *http.Request) {
		q.Header.Set("Connection", "Upgrade")
		q.Header.Set("Upgrade", "websocket")
	})
	if answer.StatusCode != 200 || got != "HTTP/2.0" {
		t.Errorf("%s %q", answer.Status, got)
	}
}

func TestServiceThatSwitchesProtocolsUnaskedIsFaulty(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, upgradeServer)}})
	if answer, _ := r.ask("GET", "", "/"); answer.StatusCode != 502 {
		t.Errorf("nobody asked: %s", answer.Status)
	}
	answer, _ := r.ask("GET", "", "/", func(q *http.Request) {
		q.Header.Set("Connection", "Upgrade")
		q.Header.Set("Upgrade", "telnet")
	})
	if answer.StatusCode != 502 {
		t.Errorf("asked for telnet, got websocket: %s", answer.Status)
	}
}

func TestStatusThatIsNoneIs502(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 007 Bond\r\nContent-Length: 0\r\n\r\n")
			c.Close()
		}
	}()
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{l.Addr().String()}})
	if answer, _ := r.ask("GET", "", "/"); answer.StatusCode != 502 {
		t.Errorf("got %s", answer.Status)
	}
}

func TestBrokenRequestBodyIsTheClientsFault(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		if _, err := io.ReadAll(q.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
	})}})
	got := r.raw("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("a chunk without a size: %q", got)
	}
}

// faulty is a Back that can be given a bug.
type faulty struct {
	Back
	bug atomic.Bool
}

func (f *faulty) RoundTrip(x message.Exchange, e *balancer.Endpoint) (*message.Response, *message.Failure) {
	if f.bug.Load() {
		panic("a bug")
	}
	return f.Back.RoundTrip(x, e)
}

func TestFaultOfTheRouterIsA500AndLeavesNoCountBehind(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	back := r.proxy.options.Back.(*faulty)
	one := rules.ServiceSpec{MaxConn: &rules.MaxConn{Amount: 1, Extractor: rules.Extractor{Kind: rules.ByHost}}}
	r.serve(service{rule: "PathPrefix:/", spec: one, addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {})}})
	back.bug.Store(true)
	if answer, body := r.ask("GET", "", "/"); answer.StatusCode != 500 || body != "Internal Server Error\n" {
		t.Errorf("%s %q", answer.Status, body)
	}
	back.bug.Store(false)
	// The connection ends behind the books, an answer may come before them.
	if got := r.raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("afterwards: %s", got)
	}
	r.nothingInFlight()
}

func TestClientCannotHaveWhatWeTellTheServiceRemoved(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	r.serve(service{rule: "PathPrefixStrip:/api", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, q.Header.Get("X-Forwarded-Prefix"))
	})}})
	got := r.raw("GET /api/x HTTP/1.1\r\nHost: x\r\nConnection: close, X-Forwarded-Prefix\r\n\r\n")
	if !strings.HasSuffix(got, "/api") {
		t.Errorf("the service does not hear of the prefix: %s", got)
	}
}

func TestHeadOfAStreamIsNotHeldBackUntilItsFirstBytes(t *testing.T) {
	release := make(chan struct{})
	r := newRouter(t, EntryPointOptions{Compress: true})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		http.NewResponseController(w).Flush()
		<-release
		io.WriteString(w, "data: 1\n\n")
	})}})
	request, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+r.addr+"/", nil)
	answer, err := r.http.Do(request) // returns with the head
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	close(release)
	if body, _ := io.ReadAll(answer.Body); string(body) != "data: 1\n\n" {
		t.Errorf("got %q", body)
	}
}

// An endpoint that goes on and on about what is to come, to a client that leaves: what net/http still reads then belongs to nobody.
func TestHintsForAClientThatHasLeftHurtNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	hinted := make(chan struct{}, 1000)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				http.ReadRequest(bufio.NewReader(c))
				for {
					if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"); err != nil {
						return
					}
					select {
					case hinted <- struct{}{}:
					default:
					}
				}
			}()
		}
	}()
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{l.Addr().String()}})
	for range 50 {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		<-hinted
		c.Close()
	}
}

func TestClientThatHasSaidAllInATunnelStillHearsTheEnd(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n")
		all, _ := io.ReadAll(buffered)
		fmt.Fprintf(c, "got %d bytes", len(all))
	})}})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n")
	lines := bufio.NewReader(c)
	if _, err := http.ReadResponse(lines, nil); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "hello")
	c.(*net.TCPConn).CloseWrite()
	if got, err := io.ReadAll(lines); string(got) != "got 5 bytes" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSilentClientOfATunnelWhoseEndpointHasGoneIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, ours := net.Pipe()
		endpoint, theirs := net.Pipe()
		defer client.Close()
		theirs.Close()
		if sent := join(ours, endpoint); sent != 0 {
			t.Errorf("sent %d", sent)
		}
	})
}

func TestUpgradeToClearTextHTTP2IsNotPassedOn(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		fmt.Fprint(w, q.Header.Get("Upgrade"), q.Header.Get("Http2-Settings"), q.Header.Get("Connection"))
	})}})
	_, got := r.ask("GET", "", "/", func(q *http.Request) {
		q.Header.Set("Connection", "Upgrade")
		q.Header.Set("Upgrade", "h2c")
		q.Header.Set("HTTP2-Settings", "AAMAAABkAAQAAP__")
	})
	if got != "" {
		t.Errorf("the endpoint was told %q", got)
	}
}

func TestEndpointThatIsSilentDuringTLSTimesOutAndAnotherIsAsked(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // nobody accepts: the kernel does, and says nothing
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, "alive") }))
	defer secure.Close()
	r := newRouter(t, EntryPointOptions{}, func(o *stdhttp.BackOptions) {
		o.HandshakeTimeout, o.TLS = 500*time.Millisecond, &tls.Config{InsecureSkipVerify: true}
	})
	alive := strings.TrimPrefix(secure.URL, "https://")
	r.serve(
		service{rule: "PathPrefix:/both", scheme: "https", addrs: []string{l.Addr().String(), alive}},
		service{rule: "PathPrefix:/dead", scheme: "https", addrs: []string{l.Addr().String()}},
	)
	for range 2 {
		if answer, body := r.ask("POST", "", "/both"); answer.StatusCode != 200 || body != "alive" {
			t.Errorf("%s %q", answer.Status, body)
		}
	}
	if answer, _ := r.ask("GET", "", "/dead"); answer.StatusCode != 504 {
		t.Errorf("nobody else to ask: %s", answer.Status)
	}
}

// A client that has closed its sending side may still be there to read. Our engine answers it; net/http takes it for gone,
// and must then not answer for the endpoint.
func TestHalfClosedClientNeverGetsAnAnswerThatNobodyGave(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		close(arrived)
		select {
		case <-release:
			io.WriteString(w, "answer")
		case <-q.Context().Done():
		}
	})}})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	c.(*net.TCPConn).CloseWrite()
	want := ""
	if !now.std {
		close(release)
		want = "answer"
	}
	if got, _ := io.ReadAll(c); !strings.HasSuffix(string(got), want) || want == "" && len(got) > 0 {
		t.Errorf("the client reads %q", got)
	}
}

func TestTargetInAbsoluteFormIsForwardedAsItsPath(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "Host:x", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, q.RequestURI) })}})
	for target, want := range map[string]string{"http://x/a%2Fb?c=d": "/a%2Fb?c=d", "http://x": "/", "http://x?c": "/?c"} {
		got := r.raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if _, body, _ := strings.Cut(got, "\r\n\r\n"); body != want {
			t.Errorf("%s: the service saw %q", target, body)
		}
	}
}

func TestTrailersAnnouncedByNoNameDoNoHarm(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %s", body, q.Trailer.Get("X-Sum"))
	})}})
	got := r.raw("POST / HTTP/1.1\r\nHost: x\r\nTrailer: a b, X-Forwarded-For,, X-Sum\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
		"4\r\ndata\r\n0\r\nX-Sum: 42\r\n\r\n")
	if _, body, _ := strings.Cut(got, "\r\n\r\n"); body != "data 42" {
		t.Errorf("%q", got)
	}
}

func TestRequestWithoutABodyThatIsNotIdempotentIsSentOnce(t *testing.T) {
	var deaths atomic.Int64
	dying := func(w http.ResponseWriter, q *http.Request) {
		deaths.Add(1)
		panic(http.ErrAbortHandler)
	}
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, dying), endpoint(t, dying)}})
	if answer, _ := r.ask("POST", "", "/"); answer.StatusCode != 502 || deaths.Load() != 1 {
		t.Errorf("%s, and %d endpoints met it", answer.Status, deaths.Load())
	}
}

func TestRequestToAnEndpointThatHasLeftIsCutWhenItsTimeToDrainIsOver(t *testing.T) {
	arrived := make(chan struct{})
	r := newRouterWith(t, EntryPointOptions{}, balancer.Options{StickyKey: []byte("test"), Drain: time.Millisecond})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		close(arrived)
		<-q.Context().Done()
	})}})
	got := make(chan int)
	go func() {
		answer, _ := r.ask("POST", "", "/")
		got <- answer.StatusCode
	}()
	<-arrived
	r.serve()
	if status := <-got; status != 502 {
		t.Errorf("got %d", status)
	}
}

func TestServiceThatNetHTTPAsksAndThatDoesNotAnswerInTimeIs504(t *testing.T) {
	r := newRouter(t, EntryPointOptions{}, func(o *stdhttp.BackOptions) { o.HeadTimeout = 20 * time.Millisecond })
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) { <-q.Context().Done() })}})
	if answer, _ := r.ask("GET", "", "/"); answer.StatusCode != 504 {
		t.Errorf("got %s", answer.Status)
	}
}
func TestBodyThatNobodyReadsDoesNotCostTheNextRequest(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	deaf := endpoint(t, func(http.ResponseWriter, *http.Request) {})
	r.serve(service{rule: "Host:dead.com", addrs: []string{deadAddr(t)}}, service{rule: "Host:a.com", addrs: []string{deaf}})
	for range 50 {
		for host, want := range map[string]int{"dead.com": 502, "a.com": 200} {
			answer, _ := r.ask("POST", host, "/", func(q *http.Request) {
				q.Body, q.ContentLength = io.NopCloser(strings.NewReader("x")), 1
			})
			if answer.StatusCode != want {
				t.Errorf("%s: %d", host, answer.StatusCode)
			}
		}
	}
}
