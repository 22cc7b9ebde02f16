package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/proxy/stdhttp"
)

// interopCases are those of grpc-go's interop client that work without a proxy and need no cloud: all four kinds of streaming,
// deadlines, cancellation, statuses with their messages, metadata in both directions.
var interopCases = []string{
	"empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream", "timeout_on_sleeping_server",
	"cancel_after_begin", "cancel_after_first_response", "status_code_and_message", "special_status_message", "custom_metadata",
	"unimplemented_method", "unimplemented_service",
}

// program is the path of a program that proxy/stdhttp/prepare installs.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err != nil && os.Getenv("REQUIRE_ALL") == "1":
		t.Fatal("REQUIRE_ALL=1, and this cannot be run: ", err, "; proxy/stdhttp/prepare installs it")
	case err != nil:
		t.Skip(err, "; proxy/stdhttp/prepare installs it")
	}
	return path
}

// launch starts a program for the time of the test, which reads what it says to its errors.
func launch(t testing.TB, c *exec.Cmd) io.Reader {
	t.Helper()
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return errs
}

// interopServer starts grpc-go's server and returns its address. Its log is the way to learn that.
func interopServer(t *testing.T, args ...string) string {
	t.Helper()
	c := exec.Command(program(t, "grpc-interop-server"), append(args, "-port", "0")...)
	c.Env = append(os.Environ(), "GRPC_GO_LOG_SEVERITY_LEVEL=info")
	log := bufio.NewReader(launch(t, c))
	for {
		line, err := log.ReadString('\n')
		if err != nil {
			t.Fatalf("the server does not say where it listens: %q, %v", line, err)
		}
		if _, addr, ok := strings.Cut(strings.TrimSpace(line), "interop server listening on "); ok {
			go io.Copy(io.Discard, log) // ends with the server
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				t.Fatal(err)
			}
			return "127.0.0.1:" + port
		}
	}
}

// asked is a Back that counts the requests of each endpoint.
type asked struct {
	Back
	mu    sync.Mutex
	times map[string]int
}

func (a *asked) RoundTrip(x message.Exchange, e *balancer.Endpoint) (*message.Response, *message.Failure) {
	a.mu.Lock()
	a.times[e.Addr]++
	a.mu.Unlock()
	return a.Back.RoundTrip(x, e)
}

func (a *asked) take() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	times := a.times
	a.times = map[string]int{}
	return times
}

// An interop is a router between grpc-go's client and two of its servers.
type interop struct {
	*router
	back    *asked
	servers []string
	args    []string // of the client
}

// newInterop starts it: with TLS on the client's side, and on the servers'.
func newInterop(t *testing.T, front, back bool) *interop {
	t.Helper()
	a, dir := proxytest.NewAuthority(t), t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	i := &interop{args: []string{"-server_host", "127.0.0.1"}}
	entry := EntryPointOptions{Name: "http", Address: "127.0.0.1:0", Compress: true}
	if front {
		entry.TLS = overTLS(a, "grpc.test").TLS
		i.args = append(i.args, "-use_tls", "-use_test_ca", "-ca_file", file("ca.pem", a.PEM()), "-server_host_override", "grpc.test")
	}
	scheme, args := "h2c", []string(nil)
	if back {
		cert, key := a.Issue([]string{"127.0.0.1"})
		scheme, args = "https", []string{"-use_tls", "-tls_cert_file", file("cert.pem", cert), "-tls_key_file", file("key.pem", key)}
	}
	i.servers = []string{interopServer(t, args...), interopServer(t, args...)}
	std := stdhttp.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: 10, TLS: &tls.Config{RootCAs: a.Pool()}}
	i.back = &asked{Back: backOf(std), times: map[string]int{}}
	i.router = newRouterOf(t, Options{EntryPoints: []EntryPointOptions{entry}, Back: i.back})
	i.serve(service{rule: "PathPrefix:/grpc.testing.", scheme: scheme, addrs: i.servers})
	return i
}

// run has the client run one case, and returns what is wrong.
func (i *interop) run(name string, args ...string) error {
	_, port, err := net.SplitHostPort(i.addr)
	if err != nil {
		return err
	}
	args = append(args, "-server_port", port, "-test_case", name)
	out, err := exec.CommandContext(i.t.Context(), program(i.t, "grpc-interop-client"), append(args, i.args...)...).CombinedOutput() //nolint:gosec // our own words
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

func TestCallsOfGRPCPassWithAllThatBelongsToThem(t *testing.T) {
	for _, row := range []struct {
		name        string
		front, back bool // by TLS
	}{{"h2c to h2c", false, false}, {"TLS to h2c", true, false}, {"TLS to https", true, true}, {"h2c to https", false, true}} {
		i := newInterop(t, row.front, row.back)
		for _, name := range interopCases {
			if err := i.run(name); err != nil {
				t.Errorf("%s: %v", row.name, err)
			}
		}
		i.nothingInFlight()
		for cause := range i.failures() {
			if !strings.HasPrefix(cause, "client ") { // of the cases in which it cancels
				t.Errorf("%s: a failure is told as %q", row.name, cause)
			}
		}
	}
}

// A client of gRPC keeps one connection for all of its calls; each goes where it is the turn of.
func TestCallsOfOneConnectionAreBalanced(t *testing.T) {
	const calls = 20
	for _, byTLS := range []bool{false, true} {
		i := newInterop(t, byTLS, byTLS)
		err := i.run("rpc_soak", fmt.Sprintf("-soak_iterations=%d", calls), "-soak_per_iteration_max_acceptable_latency_ms=20000", "-soak_overall_timeout_seconds=60")
		if err != nil {
			t.Fatal(err)
		}
		times := i.back.take()
		for _, addr := range i.servers {
			if times[addr] != calls/2 {
				t.Errorf("by TLS: %t: of %d calls %v went to the servers", byTLS, calls, times)
			}
		}
	}
}

// call makes a request as clients of gRPC do.
func (r *router) call(ctx context.Context, body io.Reader, wrap func(net.Conn) net.Conn) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, "POST", "http://"+r.addr+"/a.B/C", body)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}}
	return r.http2Client(wrap).Do(q)
}

// prefixed is a message of gRPC: not compressed, its length in four bytes.
func prefixed(text string) []byte {
	return append([]byte{0, 0, 0, 0, byte(len(text))}, text...)
}

func TestCallThatItsClientCancelsEndsAtTheServerAtOnce(t *testing.T) {
	for _, row := range []struct {
		name  string
		begun bool // the answer has
	}{{"before the answer", false}, {"in the middle of it", true}} {
		came, left := make(chan struct{}), make(chan error, 1)
		r := newRouter(t, EntryPointOptions{})
		r.serve(service{rule: "PathPrefix:/", scheme: "h2c", addrs: []string{endpointOf(t, "h2c", func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("Content-Type", "application/grpc")
			if row.begun {
				w.Write(prefixed("one"))
				http.NewResponseController(w).Flush()
			}
			close(came)
			_, err := io.ReadAll(q.Body) // which the client never ends
			<-q.Context().Done()
			left <- err
		})}})
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		in, out := io.Pipe()
		go out.Write(prefixed("one"))
		if row.begun {
			answer, err := r.call(ctx, in, plainConn)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(answer.Body, make([]byte, 8)); err != nil {
				t.Fatal(err)
			}
			answer.Body.Close() // net/http's client does not look at its context while it waits for more to send
		} else {
			go func() {
				<-came
				cancel()
			}()
			if _, err := r.call(ctx, in, plainConn); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		select {
		case err := <-left:
			if err == nil {
				t.Errorf("%s: the server takes half a request for a whole one", row.name)
			}
		case <-time.After(proxytest.Patience):
			t.Errorf("%s: the server is left with it", row.name)
		}
		out.Close()
		r.nothingInFlight()
	}
}

func TestCallThatItsServerResetsEndsForItsClient(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", scheme: "h2c", addrs: []string{endpointOf(t, "h2c", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Write(prefixed("one"))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})}})
	in, out := io.Pipe() // the client has more to say
	defer out.Close()
	answer, err := r.call(t.Context(), in, plainConn)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if !bytes.Equal(got, prefixed("one")) || err == nil || !strings.Contains(err.Error(), "stream error") {
		t.Errorf("got %q, %v", got, err)
	}
}

// A server may have seen enough.
func TestStatusOfACallArrivesThoughItsClientHasMoreToSay(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", scheme: "h2c", addrs: []string{endpointOf(t, "h2c", func(w http.ResponseWriter, q *http.Request) {
		io.ReadFull(q.Body, make([]byte, 8))
		w.Header().Set("Content-Type", "application/grpc")
		w.Write(prefixed("one"))
		http.NewResponseController(w).Flush()
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "8")
	})}})
	in, out := io.Pipe()
	defer out.Close()
	go out.Write(prefixed("one"))
	answer, err := r.call(t.Context(), in, plainConn)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if !bytes.Equal(got, prefixed("one")) || err != nil || answer.Trailer.Get("Grpc-Status") != "8" {
		t.Errorf("got %q, %v, %v", got, err, answer.Trailer)
	}
	r.nothingInFlight()
}

// overheard is a connection that keeps what came.
type overheard struct {
	net.Conn
	mu   sync.Mutex
	came bytes.Buffer
}

func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.came.Write(p[:n])
	return n, err
}

// frames are the types and flags of those of the first stream (RFC 9113, 4.1).
func (o *overheard) frames() (all []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for b := o.came.Bytes(); len(b) >= 9; {
		if b[8] == 1 {
			all = append(all, fmt.Sprintf("%d:%#x", b[3], b[4]))
		}
		length := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
		b = b[min(len(b), 9+length):]
	}
	return all
}

// A call that fails before its first message is answered by one block of fields, in which the status is (Trailers-Only).
func TestAnswerOfTrailersAloneStaysOne(t *testing.T) {
	r := newRouter(t, EntryPointOptions{Compress: true})
	r.serve(service{rule: "PathPrefix:/", scheme: "h2c", addrs: []string{endpointOf(t, "h2c", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", "5")
		w.Header().Set("Grpc-Message", "no%20such")
	})}})
	var ear *overheard
	answer, err := r.call(t.Context(), bytes.NewReader(prefixed("one")), func(c net.Conn) net.Conn {
		ear = &overheard{Conn: c}
		return ear
	})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if h := answer.Header; h.Get("Grpc-Status") != "5" || h.Get("Grpc-Message") != "no%20such" {
		t.Errorf("got %v", h)
	}
	if got := ear.frames(); len(got) == 0 || got[0] != "1:0x5" {
		t.Errorf("got frames %v, want one of fields that ends both itself and the stream", got)
	}
}
