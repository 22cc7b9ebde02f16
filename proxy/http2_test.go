package proxy

import (
	"bytes"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/proxytest"
)

// A framed client speaks HTTP/2 frame by frame.
type framed struct {
	t    *testing.T
	conn net.Conn
	*http2.Framer
	fields bytes.Buffer
	mute   bool // another goroutine writes
	coder  *hpack.Encoder
}

func dialFrames(t *testing.T, addr string, config *tls.Config) *framed {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if config != nil {
		config = config.Clone()
		config.NextProtos = []string{"h2"}
		c := tls.Client(conn, config)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		conn = c
	}
	f := &framed{t: t, conn: conn, Framer: http2.NewFramer(conn, conn)}
	f.coder = hpack.NewEncoder(&f.fields)
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	f.must(io.WriteString(conn, http2.ClientPreface))
	f.did(f.WriteSettings())
	return f
}

func (f *framed) must(_ int, err error) { f.did(err) }

func (f *framed) did(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// block is fields as a client sends them, names and values in turn.
func (f *framed) block(fields ...string) []byte {
	f.fields.Reset()
	for i := 0; i < len(fields); i += 2 {
		f.did(f.coder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}))
	}
	return bytes.Clone(f.fields.Bytes())
}

func (f *framed) get(id uint32, path string, more ...string) {
	f.t.Helper()
	f.did(f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndStream: true, EndHeaders: true,
		BlockFragment: f.block(append([]string{":method", "GET", ":scheme", "http", ":authority", "a.com", ":path", path}, more...)...)}))
}

// until reads frames until one is what the test waits for, and returns it; nil: the connection has ended before.
func (f *framed) until(what func(http2.Frame) bool) http2.Frame {
	f.t.Helper()
	for {
		frame, err := f.ReadFrame()
		var refused http2.StreamError
		switch {
		case errors.As(err, &refused):
			continue
		case err != nil:
			return nil
		}
		if s, is := frame.(*http2.SettingsFrame); is && !s.IsAck() && !f.mute {
			_ = f.WriteSettingsAck()
		}
		if what(frame) {
			return frame
		}
	}
}

func goAway(f http2.Frame) bool { _, is := f.(*http2.GoAwayFrame); return is }

// status is what a stream is answered; "": it was reset, or the connection ended.
func (f *framed) status(id uint32) (status string) {
	f.until(func(frame http2.Frame) bool {
		if h, is := frame.(*http2.MetaHeadersFrame); is && h.StreamID == id {
			status = h.PseudoValue("status")
			return true
		}
		r, is := frame.(*http2.RSTStreamFrame)
		return is && r.StreamID == id
	})
	return status
}

// fronts are where HTTP/2 is spoken: a router over TLS, one in clear, and how each is dialled.
func fronts(t *testing.T, try func(t *testing.T, r *router, config *tls.Config)) {
	handler := func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/slow" {
			<-q.Context().Done()
		}
		_, _ = io.Copy(io.Discard, q.Body)
		fmt.Fprint(w, "hello ", q.Host)
	}
	t.Run("tls", func(t *testing.T) {
		a := proxytest.NewAuthority(t)
		entry := overTLS(a, "a.com", "127.0.0.1")
		entry.Address = "127.0.0.1:0"
		r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{entry}, Limits: http1.Defaults()})
		r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, handler)}})
		try(t, r, &tls.Config{RootCAs: a.Pool(), ServerName: "a.com"})
	})
	t.Run("h2c", func(t *testing.T) {
		r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}, Limits: http1.Defaults()})
		r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, handler)}})
		try(t, r, nil)
	})
}

// What h2spec finds, and why it stays. docs/protocols.md says the same.
var found = map[string]string{
	"3.5/2":     "in clear: what does not begin like HTTP/2 is HTTP/1.1, and broken HTTP/1.1 is told so before the connection ends",
	"8.1.2.2/1": "net/http answers 400 to a malformed request, which RFC 9113, 8.1.1 allows, and does not reset the stream after it",
	"8.1.2.2/2": "the same",
}

func TestH2specFindsNothingNew(t *testing.T) {
	if _, err := exec.LookPath("h2spec"); err != nil {
		if os.Getenv("REQUIRE_ALL") != "" {
			t.Fatal(err, ": run proxy/stdhttp/prepare")
		}
		t.Skip(err, ": run proxy/stdhttp/prepare")
	}
	fronts(t, func(t *testing.T, r *router, config *tls.Config) {
		_, port, _ := net.SplitHostPort(r.addr)
		report := t.TempDir() + "/report.xml"
		args := []string{"-h", "127.0.0.1", "-p", port, "-S", "-j", report, "-o", "3"}
		if config != nil {
			args = append(args, "-t", "-k")
		}
		out, _ := exec.CommandContext(t.Context(), "h2spec", args...).CombinedOutput()
		cases := readReport(t, report, out)
		if len(cases) < 140 {
			t.Fatalf("%d cases: %s", len(cases), out)
		}
		for name, fault := range cases {
			if fault != "" && (found[name] == "" || name == "3.5/2" && config != nil) {
				t.Errorf("%s: %s", name, fault)
			}
		}
	})
}

func TestFloodsOfHTTP2EndTheirConnectionAndNobodyElses(t *testing.T) {
	for _, row := range []struct {
		name, cause string
		flood       func(f *framed, i uint32) error
	}{
		{"resets", "h2-resets", func(f *framed, i uint32) error {
			if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 2*i + 1, EndStream: true, EndHeaders: true,
				BlockFragment: f.block(":method", "GET", ":scheme", "http", ":authority", "a.com", ":path", "/slow")}); err != nil {
				return err
			}
			return f.WriteRSTStream(2*i+1, http2.ErrCodeCancel)
		}},
		{"pings", "h2-control", func(f *framed, i uint32) error { return f.WritePing(false, [8]byte{1}) }},
		{"settings", "h2-control", func(f *framed, i uint32) error { return f.WriteSettings() }},
		{"priorities", "h2-control", func(f *framed, i uint32) error {
			return f.WritePriority(2*i+1, http2.PriorityParam{Weight: 1})
		}},
		{"empty data", "h2-control", func(f *framed, i uint32) error {
			if i == 0 {
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true,
					BlockFragment: f.block(":method", "POST", ":scheme", "http", ":authority", "a.com", ":path", "/")})
			}
			return f.WriteData(1, false, nil)
		}},
		{"continuations", "h2-continuation", func(f *framed, i uint32) error {
			if i == 0 {
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.block(":method", "GET", ":scheme", "http", ":authority", "a.com", ":path", "/")})
			}
			return f.WriteContinuation(1, false, f.block("x-nothing", "x"))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			fronts(t, func(t *testing.T, r *router, config *tls.Config) {
				other := dialFrames(t, r.addr, config)
				other.get(1, "/")
				if got := other.status(1); got != "200" {
					t.Fatalf("a client is answered %q", got)
				}
				f := dialFrames(t, r.addr, config)
				f.mute = true
				go func() {
					for i := range uint32(100_000) {
						if row.flood(f, i) != nil {
							return
						}
					}
				}()
				if end, is := f.until(goAway).(*http2.GoAwayFrame); is && end.ErrCode != http2.ErrCodeEnhanceYourCalm {
					t.Errorf("ended with %v", end.ErrCode)
				}
				f.until(func(http2.Frame) bool { return false })
				if got := refusals(r); got["client "+row.cause] != 1 {
					t.Errorf("counted as %v", got)
				}
				other.get(3, "/")
				if got := other.status(3); got != "200" {
					t.Errorf("meanwhile another is answered %q", got)
				}
			})
		})
	}
}

// Clients that cancel a lot, and take what they asked for as well, are no flood.
func TestBusyClientsOfHTTP2AreNoFlood(t *testing.T) {
	fronts(t, func(t *testing.T, r *router, config *tls.Config) {
		f := dialFrames(t, r.addr, config)
		for i := range uint32(600) {
			f.get(4*i+1, "/slow")
			f.did(f.WriteRSTStream(4*i+1, http2.ErrCodeCancel))
			f.did(f.WritePing(false, [8]byte{2}))
			f.get(4*i+3, "/")
			if got := f.status(4*i + 3); got != "200" {
				t.Fatalf("request %d is answered %q; %v", i, got, refusals(r))
			}
		}
	})
}

func TestWhatHTTP11CouldNotSayIsRefusedInHTTP2(t *testing.T) {
	fronts(t, func(t *testing.T, r *router, config *tls.Config) {
		for _, row := range []struct {
			path string
			more []string
			want string // "": reset, or 400
		}{
			{path: "/fine?x=%20", want: "200"},
			{path: "/", more: []string{"host", "a.com"}, want: "200"},
			{path: "/a b"}, {path: "/a\tb"}, {path: "/a\r\nx: y"}, {path: "/#part"}, {path: "/\x80"}, {path: "relative"}, {path: "/%zz"},
			{path: "/", more: []string{"host", "b.com"}},
			{path: "/", more: []string{"x", "a\r\nb: c"}},
			{path: "/", more: []string{"x", "a\x00b"}},
			{path: "/", more: []string{"x y", "a"}},
			{path: "/", more: []string{"X-Upper", "a"}},
			{path: "/", more: []string{"transfer-encoding", "chunked"}},
			{path: "/", more: []string{"connection", "close"}},
			{path: "/", more: []string{"content-length", "5"}},
			{path: "/", more: []string{":authority", "b.com"}},
		} {
			f := dialFrames(t, r.addr, config)
			f.get(1, row.path, row.more...)
			if got := f.status(1); got != row.want && (row.want != "" || got != "400") {
				t.Errorf("%q %q: answered %q", row.path, row.more, got)
			}
		}
		for _, host := range []string{"a.com/", "u@a.com", "a.com#", "a com", "", ".a.com", "a..com"} {
			f := dialFrames(t, r.addr, config)
			f.did(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true, EndHeaders: true,
				BlockFragment: f.block(":method", "GET", ":scheme", "http", ":authority", host, ":path", "/")}))
			if got := f.status(1); got != "" && got != "400" {
				t.Errorf("authority %q: answered %q", host, got)
			}
		}
	})
}

func TestManyFieldsAndLongOnesAreRefusedInHTTP2(t *testing.T) {
	fronts(t, func(t *testing.T, r *router, config *tls.Config) {
		f := dialFrames(t, r.addr, config)
		var many []string
		for i := range 300 {
			many = append(many, fmt.Sprint("x-", i), "y")
		}
		f.get(1, "/", many...)
		if got := f.status(1); got != "400" && got != "431" {
			t.Errorf("300 fields are answered %q", got)
		}
		f = dialFrames(t, r.addr, config)
		bomb := f.block(":method", "GET", ":scheme", "http", ":authority", "a.com", ":path", "/")
		f.did(f.coder.WriteField(hpack.HeaderField{Name: "x-bomb", Value: strings.Repeat("y", 3000)}))
		bomb = append(bomb, f.fields.Bytes()[len(bomb):]...)
		for range 10_000 {
			bomb = append(bomb, 0xbe) // the field that was just put into the table
		}
		f.did(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true, EndHeaders: true, BlockFragment: bomb}))
		if got := f.status(1); got != "431" && got != "" {
			t.Errorf("30 MB of fields in 13 KB are answered %q", got)
		}
	})
}

// A client that opens no window would hold its stream, and what it asked for, for ever.
func TestAClientOfHTTP2ThatTakesNothingIsGivenUp(t *testing.T) {
	began := make(chan struct{}, 1)
	ended := make(chan struct{})
	endless := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		began <- struct{}{}
		defer close(ended)
		for page := make([]byte, 64<<10); q.Context().Err() == nil; {
			if _, err := w.Write(page); err != nil {
				return
			}
		}
	})
	r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}, Limits: http1.Limits{Write: 400 * time.Millisecond}})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endless}})
	f := dialFrames(t, r.addr, nil)
	f.get(1, "/")
	<-began
	go f.until(func(http2.Frame) bool { return false }) // it reads, and gives no window
	<-ended
}

// A stream of which nothing is wanted for longer than a client may stall is left alone, on its way there and back.
func TestASilentStreamOfHTTP2IsNoStall(t *testing.T) {
	const most = 100 * time.Millisecond
	echo := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		word := make([]byte, 4)
		for err := error(nil); err == nil; _, err = io.ReadFull(q.Body, word) {
			_, _ = w.Write(word)
			_ = http.NewResponseController(w).Flush()
		}
	})
	r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}, Limits: http1.Limits{Write: most, Body: most}})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{echo}})
	f := dialFrames(t, r.addr, nil)
	f.did(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true,
		BlockFragment: f.block(":method", "POST", ":scheme", "http", ":authority", "a.com", ":path", "/", "content-type", "application/grpc")}))
	for range 3 {
		<-time.After(2 * most) // silence
		f.did(f.WriteData(1, false, []byte("word")))
		if got := f.until(func(frame http2.Frame) bool {
			d, is := frame.(*http2.DataFrame)
			return is && len(d.Data()) > 0 || isReset(frame)
		}); got == nil || isReset(got) {
			t.Fatalf("the stream ends: %v", got)
		}
	}
}

func isReset(f http2.Frame) bool { _, is := f.(*http2.RSTStreamFrame); return is }

// WebSockets over HTTP/2 are WebSockets of HTTP/1.1 to endpoints (RFC 8441).
func TestAWebSocketComesOverHTTP2(t *testing.T) {
	key := make(chan string, 1)
	echo := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		if q.Method != "GET" || q.Header.Get("Upgrade") != "websocket" || !strings.EqualFold(q.Header.Get("Connection"), "upgrade") || q.URL.Path != "/chat" {
			http.Error(w, "no websocket", http.StatusTeapot)
			return
		}
		key <- q.Header.Get("Sec-Websocket-Key")
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: x\r\n\r\n")
		_, _ = io.Copy(conn, buffered)
	})
	r := newRouter(t, EntryPointOptions{Name: "http"})
	r.serve(service{rule: "Host:a.com", addrs: []string{echo}})
	f := dialFrames(t, r.addr, nil)
	allowed := false
	f.until(func(frame http2.Frame) bool {
		s, is := frame.(*http2.SettingsFrame)
		if !is || s.IsAck() {
			return false
		}
		value, _ := s.Value(http2.SettingEnableConnectProtocol)
		allowed = value == 1
		return true
	})
	if !allowed {
		t.Fatal("extended CONNECT is not offered")
	}
	connect := func(id uint32, protocol, path string) {
		f.did(f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: f.block(
			":method", "CONNECT", ":protocol", protocol, ":scheme", "http", ":authority", "a.com", ":path", path, "sec-websocket-version", "13", "sec-websocket-protocol", "chat")}))
	}
	connect(1, "websocket", "/chat")
	head := f.until(func(frame http2.Frame) bool { h, is := frame.(*http2.MetaHeadersFrame); return is && h.StreamID == 1 }).(*http2.MetaHeadersFrame)
	if head.PseudoValue("status") != "200" || len(head.RegularFields()) == 0 {
		t.Fatalf("answered %v", head.Fields)
	}
	for _, field := range head.RegularFields() {
		if field.Name == "upgrade" || field.Name == "connection" || field.Name == "sec-websocket-accept" {
			t.Errorf("the client gets %v", field)
		}
	}
	if k := <-key; len(k) != 24 {
		t.Errorf("the endpoint's key is %q", k)
	}
	for _, text := range []string{"one", "two"} {
		f.did(f.WriteData(1, false, []byte(text)))
		got := f.until(func(frame http2.Frame) bool { _, is := frame.(*http2.DataFrame); return is }).(*http2.DataFrame)
		if string(got.Data()) != text {
			t.Errorf("%q came back as %q", text, got.Data())
		}
	}
	f.did(f.WriteData(1, true, nil))
	f.until(func(frame http2.Frame) bool { d, is := frame.(*http2.DataFrame); return is && d.StreamEnded() })
	for i, row := range [][3]string{{"websocket", "/other", "418"}, {"connect-udp", "/chat", "501"}} {
		connect(uint32(2*i+3), row[0], row[1])
		if got := f.status(uint32(2*i + 3)); got != row[2] {
			t.Errorf("%v: answered %q", row, got)
		}
	}
	f.did(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 99, EndHeaders: true, BlockFragment: f.block(":method", "CONNECT", ":authority", "a.com:443")}))
	if got := f.status(99); got != "501" {
		t.Errorf("CONNECT is answered %q", got)
	}
}

// A request of which an endpoint says that it did nothing is sent again, whatever its method (RFC 9113, 8.7).
func TestWhatAnEndpointOfHTTP2HasNotProcessedIsSentAgain(t *testing.T) {
	for name, refuse := range map[string]func(*http2.Framer, uint32) error{
		"reset": func(f *http2.Framer, id uint32) error { return f.WriteRSTStream(id, http2.ErrCodeRefusedStream) },
		"gone":  func(f *http2.Framer, id uint32) error { return f.WriteGoAway(0, http2.ErrCodeNo, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go refuseFirst(l, refuse)
			r := newRouter(t, EntryPointOptions{Name: "http"})
			r.serve(service{rule: "Host:a.com", scheme: "h2c", addrs: []string{l.Addr().String()}})
			answer, body := r.ask("POST", "a.com", "/")
			if answer.StatusCode != 200 {
				t.Errorf("%s %s", answer.Status, body)
			}
		})
	}
}

// refuseFirst serves HTTP/2 in clear: its first request is refused, the others get a 200.
func refuseFirst(l net.Listener, refuse func(*http2.Framer, uint32) error) {
	asked := 0
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		f := http2.NewFramer(conn, conn)
		_, _ = io.ReadFull(conn, make([]byte, len(http2.ClientPreface)))
		_ = f.WriteSettings()
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				conn.Close()
				break
			}
			h, is := frame.(*http2.HeadersFrame)
			if !is {
				continue
			}
			if asked++; asked == 1 {
				_ = refuse(f, h.StreamID)
				continue
			}
			var block bytes.Buffer
			_ = hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: h.StreamID, EndStream: true, EndHeaders: true, BlockFragment: block.Bytes()})
		}
	}
}

// readReport is what h2spec says of each case, by its section and number; "": it passes.
func readReport(t *testing.T, path string, out []byte) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var report struct {
		Suites []struct {
			Package string `xml:"package,attr"`
			ID      string `xml:"id,attr"`
			Cases   []struct {
				Failure string `xml:"failure"`
				Error   string `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{}
	for _, suite := range report.Suites {
		section := strings.TrimPrefix(suite.Package, "http2/")
		for i, c := range suite.Cases {
			cases[fmt.Sprintf("%s/%d", section, i+1)] = c.Failure + c.Error
		}
	}
	return cases
}
