package http3

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"go.uber.org/zap"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// start starts a server that may share its port, and says what it refused.
func start(t *testing.T, a *proxytest.Authority, address string, h http.HandlerFunc) (*Server, func() map[string]int) {
	t.Helper()
	s, causes := listen(t, a, address, h)
	go s.Serve()
	return s, causes
}

func listen(t *testing.T, a *proxytest.Authority, address string, h http.HandlerFunc) (*Server, func() map[string]int) {
	t.Helper()
	port, err := OpenPort(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return serverOf(t, a, port, h)
}

func serverOf(t *testing.T, a *proxytest.Authority, port *Port, h http.HandlerFunc) (*Server, func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	refused := map[string]int{}
	s := New(port, Options{
		Handler: h, Log: zap.NewNop(), TLS: &tls.Config{Certificates: []tls.Certificate{a.Pair("a.com")}, NextProtos: []string{"h3"}},
		Refuse: func(code string, _ netip.AddrPort) {
			mu.Lock()
			defer mu.Unlock()
			refused[code]++
		},
	})
	t.Cleanup(func() { s.Close() })
	return s, func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		all := map[string]int{}
		for code, n := range refused {
			all[code] = n
		}
		return all
	}
}

func newClient(t *testing.T, a *proxytest.Authority, address string) *http.Client {
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{RootCAs: a.Pool()},
		Dial: func(ctx context.Context, _ string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
			return quic.DialAddr(ctx, address, c, q)
		},
	}
	t.Cleanup(func() { transport.Close() })
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// ask returns what a server says, or an error as text.
func ask(c *http.Client, path string) string {
	answer, err := c.Get("https://a.com" + path)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// until waits for what other goroutines are about to do.
func until(t *testing.T, what string, good func() bool) {
	t.Helper()
	for late := time.Now().Add(20 * time.Second); !good(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("in vain: ", what)
		}
	}
}

func named(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) }
}

func TestClientsHaveToProveTheirAddressWhenMany(t *testing.T) {
	a := proxytest.NewAuthority(t)
	s, _ := start(t, a, "127.0.0.1:0", named("ok"))
	s.gate.inside.Store(pressing)
	proved := false
	transport := &quic.Transport{}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	counting := &counter{PacketConn: socket, retry: &proved}
	transport.Conn = counting
	defer transport.Close()
	conn, err := transport.Dial(t.Context(), s.Addr(), &tls.Config{RootCAs: a.Pool(), ServerName: "a.com", NextProtos: []string{"h3"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.CloseWithError(0, "")
	if counting.mu.Lock(); !proved {
		t.Error("no Retry was sent")
	}
	counting.mu.Unlock()
}

// counter looks for a Retry (RFC 9000, 17.2.5).
type counter struct {
	net.PacketConn
	mu    sync.Mutex
	retry *bool
}

func (c *counter) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 && b[0]&0xf0 == 0xf0 {
		*c.retry = true
	}
	return n, from, err
}

func TestWhoComesWhenThereIsNoRoomIsTold(t *testing.T) {
	a := proxytest.NewAuthority(t)
	s, causes := start(t, a, "127.0.0.1:0", named("ok"))
	s.gate.inside.Store(crowded)
	if got := ask(newClient(t, a, s.Addr().String()), "/"); !strings.Contains(got, "CONNECTION_REFUSED") {
		t.Errorf("got %q", got)
	}
	if got := causes(); got["handshakes"] == 0 || len(got) != 1 {
		t.Errorf("counted %v", got)
	}
	s.gate.inside.Store(0)
	if got := ask(newClient(t, a, s.Addr().String()), "/"); got != "ok" {
		t.Errorf("afterwards: %q", got)
	}
	until(t, "handshakes are counted back", func() bool { return s.gate.inside.Load() == 0 })
}

func TestRequestsThatAreTakenBackCountUntilTheyEnd(t *testing.T) {
	a := proxytest.NewAuthority(t)
	release := make(chan struct{})
	s, _ := start(t, a, "127.0.0.1:0", func(http.ResponseWriter, *http.Request) { <-release })
	released := sync.OnceFunc(func() { close(release) })
	t.Cleanup(released) // before the server is closed, which waits for requests
	c := newClient(t, a, s.Addr().String())
	for n := range int64(streams) {
		// quic-go's client sometimes sends nothing of a request that follows one taken back, until it is taken back itself.
		for tries := 0; inFlight(s) <= n; tries++ {
			if tries == 20 {
				t.Fatal("in vain: the request arrives")
			}
			takeBack(t, c, func() bool { return inFlight(s) > n })
		}
	}
	got := make(chan string, 1)
	go func() { got <- ask(c, "/") }() // waits for its turn
	if n := inFlight(s); n != streams {
		t.Errorf("%d requests are under way", n)
	}
	released()
	if said := <-got; said != "" {
		t.Errorf("afterwards: %s", said)
	}
}

// takeBack sends a request, and takes it back when it has arrived, or does not for a while.
func takeBack(t *testing.T, c *http.Client, arrived func() bool) {
	ctx, cancel := context.WithCancel(t.Context())
	q, _ := http.NewRequestWithContext(ctx, "GET", "https://a.com/", nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if answer, err := c.Do(q); err == nil {
			answer.Body.Close()
		}
	}()
	for late := time.Now().Add(time.Second); !arrived() && time.Now().Before(late); {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
}

func inFlight(s *Server) (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		n += c.requests.Load()
	}
	return n
}

func TestWhatIsNoQUICHurtsNobody(t *testing.T) {
	a := proxytest.NewAuthority(t)
	s, causes := start(t, a, "127.0.0.1:0", named("ok"))
	c, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, packet := range []string{"", "x", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("\xff", 1300), "\xc0\x00\x00\x00\x01\x08" + strings.Repeat("\x01", 1300), "\x40" + strings.Repeat("\x00", 40)} {
		c.Write([]byte(packet))
	}
	if got := ask(newClient(t, a, s.Addr().String()), "/"); got != "ok" {
		t.Errorf("got %q", got)
	}
	if got := causes(); len(got) > 1 {
		t.Errorf("counted %v", got)
	}
}
