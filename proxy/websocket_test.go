package proxy

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/proxy/stdhttp"
)

type frame = proxytest.Frame

// echoServer starts gorilla's server for the Autobahn suite and returns its address. At /m it says again what it has read as
// one frame, at /c as it reads it.
func echoServer(t *testing.T) string {
	t.Helper()
	addr := proxytest.FreeAddress(t)
	c := exec.Command(program(t, "autobahn"), "-addr", addr)
	go io.Copy(io.Discard, launch(t, c)) // ends with it
	for deadline := time.Now().Add(proxytest.Patience); ; time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return addr
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// echoRouter is a router in front of it.
func echoRouter(t *testing.T) *router {
	t.Helper()
	r := newRouter(t, EntryPointOptions{Compress: true})
	r.serve(service{rule: "PathPrefix:/", scheme: "http", addrs: []string{echoServer(t)}})
	return r
}

// websocket is a client's end of a WebSocket.
type websocket struct {
	*net.TCPConn
	t    testing.TB
	from *bufio.Reader
}

const handshakeKey = "dGhlIHNhbXBsZSBub25jZQ=="

func handshake(path, more string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: ws.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
		handshakeKey + "\r\n" + more + "\r\n"
}

// websocket opens one.
func (r *router) websocket(path string) *websocket {
	r.t.Helper()
	w, _ := r.websocketWith(path, "")
	return w
}

func (r *router) websocketWith(path, more string) (*websocket, *http.Response) {
	r.t.Helper()
	c := r.dial()
	w := &websocket{c, r.t, bufio.NewReader(c)}
	io.WriteString(c, handshake(path, more))
	return w, w.joined()
}

func (w *websocket) joined() *http.Response {
	w.t.Helper()
	answer, err := http.ReadResponse(w.from, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != 101 || answer.Header.Get("Sec-WebSocket-Accept") != proxytest.Accepts(handshakeKey) {
		w.t.Fatalf("%s, %v", answer.Status, answer.Header)
	}
	return answer
}

func (w *websocket) say(frames ...frame) {
	w.t.Helper()
	var all []byte
	for _, f := range frames {
		all = append(all, f.Bytes()...)
	}
	if _, err := w.Write(all); err != nil {
		w.t.Error(err)
	}
}

// hear is the next frame.
func (w *websocket) hear() frame {
	w.t.Helper()
	f, err := proxytest.ReadFrame(w.from)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *websocket) hears(want ...frame) {
	w.t.Helper()
	for _, f := range want {
		f.Bare = true
		if got := w.hear(); got.String() != f.String() || !bytes.Equal(got.Data, f.Data) {
			w.t.Fatalf("heard %s, want %s", got, f)
		}
	}
}

func (w *websocket) hearsEnd() {
	w.t.Helper()
	if rest, err := io.ReadAll(w.from); len(rest) > 0 || err != nil {
		w.t.Errorf("heard %q, %v, want the end", rest, err)
	}
}

func text(s string) frame { return frame{Kind: proxytest.Text, Data: []byte(s)} }

func binaryOf(n int) frame { return frame{Kind: proxytest.Binary, Data: noise(n)} }

func control(kind byte, s string) frame { return frame{Kind: kind, Data: []byte(s)} }

func closing(code int, why string) frame {
	return frame{Kind: proxytest.Hangup, Data: append(binary.BigEndian.AppendUint16(nil, uint16(code)), why...)}
}

// pieces cuts a message into frames.
func pieces(kind byte, parts ...string) (all []frame) {
	for i, part := range parts {
		all = append(all, frame{Kind: kind, More: i < len(parts)-1, Data: []byte(part)})
		kind = proxytest.Continuation
	}
	return all
}

// conversations are what a client says, in frames, and what it then hears.
var conversations = []struct {
	name      string
	say, hear []frame
}{
	{"texts", []frame{text(""), text("a"), text("Grüße, 世界")}, []frame{text(""), text("a"), text("Grüße, 世界")}},
	{"lengths of each kind", []frame{binaryOf(125), binaryOf(126), binaryOf(127), binaryOf(65535), binaryOf(65536), binaryOf(1 << 20)},
		[]frame{binaryOf(125), binaryOf(126), binaryOf(127), binaryOf(65535), binaryOf(65536), binaryOf(1 << 20)}},
	{"fragments", pieces(proxytest.Text, "one", "", "two", ""), []frame{text("onetwo")}},
	{"a character cut by fragments", pieces(proxytest.Text, "a\xe4", "\xb8", "\x96b"), []frame{text("a世b")}},
	{"pings", []frame{control(proxytest.Ping, ""), control(proxytest.Ping, strings.Repeat("p", 125)), control(proxytest.Ping, "\x00\xff")},
		[]frame{control(proxytest.Pong, ""), control(proxytest.Pong, strings.Repeat("p", 125)), control(proxytest.Pong, "\x00\xff")}},
	{"a ping between fragments", slices.Insert(pieces(proxytest.Binary, "one", "two"), 1, control(proxytest.Ping, "?")),
		[]frame{control(proxytest.Pong, "?"), {Kind: proxytest.Binary, Data: []byte("onetwo")}}},
	{"a pong that nobody asked for", []frame{control(proxytest.Pong, "!"), text("on")}, []frame{text("on")}},
}

func TestWebSocketsCarryEachKindOfFrame(t *testing.T) {
	r := echoRouter(t)
	for _, c := range conversations {
		w := r.websocket("/m")
		w.say(c.say...)
		w.hears(c.hear...)
		w.Close()
	}
	r.nothingInFlight()
}

// A frame may come in as many packets as there are bytes, and an answer with its next one.
func TestWebSocketsDoNotCareHowTheirBytesCome(t *testing.T) {
	r := echoRouter(t)
	w := r.websocket("/m")
	w.SetNoDelay(true)
	for range 20 {
		for _, f := range append(pieces(proxytest.Text, "one", "two"), control(proxytest.Ping, "?")) {
			for _, b := range f.Bytes() {
				w.Write([]byte{b})
			}
		}
		w.hears(text("onetwo"), control(proxytest.Pong, "?"))
	}
}

// Each side speaks when it likes: a pong does not wait for the rest of a message, nor for more from the client.
func TestPingIsAnsweredInTheMiddleOfAMessage(t *testing.T) {
	r := echoRouter(t)
	w := r.websocket("/m")
	half := binaryOf(1 << 20).Bytes()
	w.Write(frame{Kind: proxytest.Text, More: true, Data: []byte("one")}.Bytes())
	for range 3 {
		w.say(control(proxytest.Ping, "between"))
		w.hears(control(proxytest.Pong, "between"))
	}
	w.say(frame{Data: []byte("two")})
	w.hears(text("onetwo"))
	w.Write(half[:len(half)/2])
	w.Write(half[len(half)/2:])
	w.hears(binaryOf(1 << 20))
}

func TestClosingHandshakeOfAWebSocketPasses(t *testing.T) {
	r := echoRouter(t)
	for _, row := range []struct{ say, hear frame }{
		{closing(1000, ""), closing(1000, "")}, {closing(1001, "away"), closing(1001, "")},
		{closing(4999, strings.Repeat("w", 123)), closing(4999, "")}, {control(proxytest.Hangup, ""), control(proxytest.Hangup, "")},
	} {
		w := r.websocket("/m")
		w.say(text("last"), row.say)
		w.hears(text("last"), row.hear)
		w.hearsEnd() // the server closes first (RFC 6455, 7.1.1), and the client hears of it
		w.Close()
	}
	r.nothingInFlight()
}

// What is no frame is the server's to judge.
func TestServerOfAWebSocketHearsOfEachFault(t *testing.T) {
	r := echoRouter(t)
	for _, row := range []struct {
		name, path string
		say        []frame
		code       uint16
	}{
		{"a kind for data that there is not", "/m", []frame{{Kind: 3}}, 1002},
		{"a kind for control that there is not", "/m", []frame{{Kind: 0xb}}, 1002},
		{"bits that mean nothing", "/m", []frame{{Kind: proxytest.Text, Reserved: 2}}, 1002},
		{"no mask", "/m", []frame{{Kind: proxytest.Text, Bare: true, Data: []byte("x")}}, 1002},
		{"a long ping", "/m", []frame{control(proxytest.Ping, strings.Repeat("p", 126))}, 1002},
		{"half a ping", "/m", []frame{{Kind: proxytest.Ping, More: true}}, 1002},
		{"the end of no message", "/m", []frame{{Data: []byte("x")}}, 1002},
		{"a message in another", "/m", append(pieces(proxytest.Text, "one", "two")[:1], text("x")), 1002},
		{"a close for a reason that nobody may give", "/m", []frame{closing(1005, "")}, 1002},
		{"a text that is none", "/c", []frame{text("a\xff")}, 1007},
	} {
		w := r.websocket(row.path)
		w.say(row.say...)
		got := w.hear()
		for got.Kind != proxytest.Hangup { // it may have begun to answer
			got = w.hear()
		}
		if len(got.Data) < 2 || binary.BigEndian.Uint16(got.Data) != row.code {
			t.Errorf("%s: heard %s, want %d", row.name, got, row.code)
		}
		if _, err := io.Copy(io.Discard, w.from); errors.Is(err, os.ErrDeadlineExceeded) { // be it by a reset: there may be more that the server has not read
			t.Errorf("%s: the connection does not end", row.name)
		}
		w.Close()
	}
	r.nothingInFlight()
}

func TestMessagesOf16MBPassWholeAndInFragments(t *testing.T) {
	const size = 16 << 20
	want := noise(size)
	r := echoRouter(t)
	for _, row := range []struct {
		path  string
		piece int
	}{{"/m", size}, {"/m", 64 << 10}, {"/c", 1<<20 + 1}} {
		w := r.websocket(row.path)
		var parts []string
		for part := range slices.Chunk(want, row.piece) {
			parts = append(parts, string(part))
		}
		go w.say(pieces(proxytest.Binary, parts...)...)
		var got []byte
		for more := true; more; {
			f := w.hear()
			got, more = append(got, f.Data...), f.More
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s in pieces of %d: got %d bytes, or others", row.path, row.piece, len(got))
		}
		w.Close()
	}
	r.nothingInFlight()
}

// sayUntilStuck says a message of 64 KiB again and again, until nobody takes more, and returns how often it has begun to, and what
// is left of the last time: nothing between client and server may hold more than it has room for.
func (w *websocket) sayUntilStuck(message frame) (times int, rest []byte) {
	w.t.Helper()
	const most = 4096
	b := message.Bytes()
	for times = 1; times < most; times++ {
		w.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)) // it does no harm if that is too short
		n, err := w.Write(b)
		if err != nil {
			w.SetWriteDeadline(time.Now().Add(proxytest.Patience))
			return times, b[n:]
		}
	}
	w.t.Fatalf("%d MB are on their way, and nobody minds", most*64>>10)
	return 0, nil
}

// When the client listens again, it has missed nothing.
func TestClientOfAWebSocketThatDoesNotListenIsWaitedFor(t *testing.T) {
	r := echoRouter(t)
	w := r.websocket("/m")
	message := binaryOf(64 << 10)
	times, rest := w.sayUntilStuck(message)
	go func() {
		w.Write(rest)
		w.say(text("all"))
	}()
	for range times {
		w.hears(message)
	}
	w.hears(text("all"))
}

func TestServerOfAWebSocketThatDoesNotListenIsWaitedFor(t *testing.T) {
	listen, heard := make(chan struct{}), make(chan int64)
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", scheme: "http", addrs: []string{endpointOf(t, "http", func(rw http.ResponseWriter, q *http.Request) {
		c := accept(rw, q)
		defer c.Close()
		<-listen
		n, _ := io.Copy(io.Discard, c)
		heard <- n
	})}})
	w := r.websocket("/")
	message := binaryOf(64 << 10)
	times, rest := w.sayUntilStuck(message)
	close(listen)
	w.Write(rest)
	w.CloseWrite()
	if got, want := <-heard, int64(times*len(message.Bytes())); got != want {
		t.Errorf("the server heard %d bytes of %d", got, want)
	}
	w.hearsEnd()
}

// accept is a server's part of the handshake, for one that says nothing before.
func accept(rw http.ResponseWriter, q *http.Request) *net.TCPConn {
	c, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		proxytest.Accepts(q.Header.Get("Sec-WebSocket-Key")))
	return c.(*net.TCPConn)
}

// However an end goes away, the other hears of it, and nothing is left.
func TestWebSocketEndsWhenEitherEndIsGone(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	ends := make(chan error)
	r.serve(service{rule: "PathPrefix:/", scheme: "http", addrs: []string{endpointOf(t, "http", func(rw http.ResponseWriter, q *http.Request) {
		c := accept(rw, q)
		defer c.Close()
		switch q.URL.Path {
		case "/ends":
			return
		case "/resets":
			c.SetLinger(0)
			return
		}
		_, err := io.Copy(io.Discard, c)
		ends <- err
	})}})
	for _, path := range []string{"/ends", "/resets"} {
		w := r.websocket(path)
		if _, err := io.ReadAll(w.from); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the client does not hear of it", path)
		}
		w.Close()
	}
	for _, linger := range []int{-1, 0} {
		w := r.websocket("/")
		w.Write(text("half").Bytes()[:5])
		w.SetLinger(linger)
		w.Close()
		select {
		case <-ends:
		case <-time.After(proxytest.Patience):
			t.Error("the server does not hear of it")
		}
	}
	r.nothingInFlight()
}

func TestWebSocketMayAgreeOnCompression(t *testing.T) {
	r := echoRouter(t)
	w, answer := r.websocketWith("/m", "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n")
	if got := answer.Header.Get("Sec-WebSocket-Extensions"); !strings.HasPrefix(got, "permessage-deflate") {
		t.Fatalf("agreed on %q", got)
	}
	var squeezed bytes.Buffer
	want := bytes.Repeat([]byte("again and "), 1000)
	deflate, _ := flate.NewWriter(&squeezed, flate.BestSpeed)
	deflate.Write(want)
	deflate.Flush()
	w.say(frame{Kind: proxytest.Text, Reserved: 4, Data: bytes.TrimSuffix(squeezed.Bytes(), []byte("\x00\x00\xff\xff"))}) // RFC 7692, 7.2.1
	got := w.hear()
	if got.Kind != proxytest.Text || got.Reserved != 4 || got.More {
		t.Fatalf("heard %s", got)
	}
	said, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(got.Data), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
	if err != nil || !bytes.Equal(said, want) {
		t.Errorf("%d bytes, %v", len(said), err)
	}
}

// A refused handshake is an answer like others, after which the connection goes on.
func TestHandshakeThatIsRefusedMayBeTriedAgain(t *testing.T) {
	r := echoRouter(t)
	c := r.dial()
	w := &websocket{c, t, bufio.NewReader(c)}
	for _, bad := range []string{
		strings.Replace(handshake("/m", ""), "Version: 13", "Version: 12", 1),
		strings.Replace(handshake("/m", ""), "Sec-WebSocket-Key", "X-Key", 1),
	} {
		io.WriteString(c, bad)
		answer, err := http.ReadResponse(w.from, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if answer.StatusCode != 400 || answer.Header.Get("Sec-Websocket-Version") != "13" || len(body) == 0 || err != nil {
			t.Errorf("%s %v %q %v", answer.Status, answer.Header, body, err)
		}
	}
	io.WriteString(c, handshake("/m", ""))
	w.joined()
	w.say(text("now"))
	w.hears(text("now"))
}

// overTLSTo is an address of TLS, where the protocols are offered, that leads to another.
func overTLSTo(t *testing.T, a *proxytest.Authority, addr string, protocols ...string) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{a.Pair("127.0.0.1")}, NextProtos: protocols})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if to, err := net.Dial("tcp", addr); err == nil {
					join(to, c)
				}
			}()
		}
	}()
	return l.Addr().String()
}

// A service of TLS may speak HTTP/2, too, which has no such upgrade.
func TestUpgradesReachServicesOfTLS(t *testing.T) {
	a := proxytest.NewAuthority(t)
	echo := echoServer(t)
	raw := endpointOf(t, "http", upgradeServer)
	for _, protocols := range [][]string{{"h2", "http/1.1"}, {"http/1.1"}, nil} {
		config := &tls.Config{RootCAs: a.Pool()}
		r := newRouter(t, EntryPointOptions{}, func(o *stdhttp.BackOptions) { o.TLS = config })
		r.serve(service{rule: "PathPrefix:/m", scheme: "https", addrs: []string{overTLSTo(t, a, echo, protocols...)}},
			service{rule: "PathPrefix:/raw", scheme: "https", addrs: []string{overTLSTo(t, a, raw, protocols...)}})
		w := r.websocket("/m")
		w.say(text("secret"), binaryOf(1<<20), closing(1000, ""))
		w.hears(text("secret"), binaryOf(1<<20), closing(1000, ""))
		w.hearsEnd()
		w.Close()
		c := r.dial()
		io.WriteString(c, "GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: raw, websocket\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != 101 {
			t.Errorf("%v: %v, %v", protocols, answer, err)
		}
		c.Close()
		r.nothingInFlight()
		if len(config.NextProtos) > 0 {
			t.Errorf("health checks share the configuration, and would now offer %v", config.NextProtos)
		}
	}
}
