package proxy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/proxy/stdhttp"
	"github.com/appia-edge/appia/rules"
)

// logged is a router with an access log, and its lines so far.
func logged(t *testing.T, entry EntryPointOptions, log accesslog.Options, change ...func(*Options)) (*router, func() []string) {
	t.Helper()
	if log.Path == "" {
		log.Path = filepath.Join(t.TempDir(), "access.log")
	}
	l, err := accesslog.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	entry.Name, entry.Address = "http", "127.0.0.1:0"
	dial := (&conn.Dialer{}).DialContext
	var back Back = stdhttp.NewBack(stdhttp.BackOptions{Dial: dial, MaxIdle: 10})
	if !now.std {
		back = http1.NewBack(http1.BackOptions{Dial: dial, MaxIdle: 10, Other: back})
	}
	o := Options{
		EntryPoints: []EntryPointOptions{entry}, Fleet: balancer.New(balancer.Options{StickyKey: []byte("test")}), Back: back,
		Log: zap.NewNop(), Hostname: "edge-1", StdHTTP1: now.std, AccessLog: l,
	}
	for _, c := range change {
		c(&o)
	}
	r := startRouter(t, o)
	return r, func() []string {
		t.Helper()
		// A client may have its answer before its line is in the books: they are closed by the end of all connections.
		r.http.CloseIdleConnections()
		if err := r.proxy.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		text, err := os.ReadFile(log.Path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
}

var changing = regexp.MustCompile(`\[[^]]*\]|\d+ms$`)

// lasting is a line without times.
func lasting(line string) string { return changing.ReplaceAllString(line, "*") }

func TestEveryRequestHasItsLine(t *testing.T) {
	r, lines := logged(t, EntryPointOptions{TrustAll: true}, accesslog.Options{})
	addr := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, "hello")
	})
	dead := deadAddr(t)
	r.serve(service{rule: "Host:a.com", addrs: []string{addr}}, service{rule: "Host:b.com", addrs: []string{dead}})
	r.ask("GET", "a.com", "/foo?x=1", func(q *http.Request) {
		q.Header.Set("Referer", "http://r/")
		q.Header.Set("User-Agent", "test")
	})
	r.ask("POST", "a.com", "/", func(q *http.Request) {
		q.Header.Set("X-Forwarded-For", "192.0.2.1")
		q.Header["User-Agent"] = []string{""}
	})
	r.ask("GET", "b.com", "/", func(q *http.Request) { q.Header.Set("User-Agent", "test") })
	r.ask("GET", "c.com", "/x?y", func(q *http.Request) { q.Header.Set("User-Agent", "a\"b") })
	got := lines()
	want := []string{
		`127.0.0.1 - - * "GET /foo?x=1 HTTP/1.1" 201 5 "http://r/" "test" 1 "Host-a-com-0" "` + now.scheme() + `://` + addr + `" *`,
		`192.0.2.1 - - * "POST / HTTP/1.1" 201 5 "-" "-" 2 "Host-a-com-0" "` + now.scheme() + `://` + addr + `" *`,
		`127.0.0.1 - - * "GET / HTTP/1.1" 502 11 "-" "test" 3 "Host-b-com-0" "` + now.scheme() + `://` + dead + `" *`,
		`127.0.0.1 - - * "GET /x?y HTTP/1.1" 404 19 "-" "a\x22b" 4 "backend not found" "/x" *`,
	}
	for i, line := range got {
		got[i] = lasting(line)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestForwardedAddressOfAStrangerIsNotLogged(t *testing.T) {
	r, lines := logged(t, EntryPointOptions{TrustedIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, accesslog.Options{})
	r.ask("GET", "a.com", "/", func(q *http.Request) { q.Header.Set("X-Forwarded-For", "192.0.2.1") })
	if got := lines()[0]; !strings.HasPrefix(got, "127.0.0.1 - ") {
		t.Errorf("got %s", got)
	}
}

func TestFullServiceIsToldFromAFullEndpoint(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	r, lines := logged(t, EntryPointOptions{}, accesslog.Options{})
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		entered <- true
		<-leave
	})}, spec: rules.ServiceSpec{MaxConn: &rules.MaxConn{Amount: 1, Extractor: rules.Extractor{Kind: rules.ByClientIP}}}})
	var first sync.WaitGroup
	first.Go(func() { r.ask("GET", "a.com", "/1") })
	<-entered
	r.ask("GET", "a.com", "/2")
	close(leave)
	first.Wait()
	got := strings.Join(lines(), "\n")
	if !strings.Contains(got, `"connection limit for frontend-Host-a-com-0" "/2"`) {
		t.Errorf("got %s", got)
	}
}

// fields are the JSON lines.
func fields(t *testing.T, lines []string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, line := range lines {
		one := map[string]any{}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, one)
	}
	return all
}

func TestJSONLineTellsOfBothSidesOfTheRouter(t *testing.T) {
	text := strings.Repeat("hello ", 1000)
	r, lines := logged(t, EntryPointOptions{TrustAll: true, Compress: true}, accesslog.Options{Format: accesslog.JSON})
	addr := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.Copy(io.Discard, q.Body)
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-Origin", "yes")
		io.WriteString(w, text)
	})
	r.serve(service{rule: "Host:a.com", addrs: []string{addr}})
	body := noise(100_000)
	for _, length := range []int64{int64(len(body)), -1} {
		r.ask("POST", "a.com", "/foo", func(q *http.Request) {
			q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), length
			q.Header.Set("Accept-Encoding", "gzip")
			q.Header.Set("Cookie", "session=1")
		})
	}
	r.ask("POST", "a.com", "/foo", func(q *http.Request) {
		q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body[:10])), 10
	})
	all := fields(t, lines())
	for i, f := range all[:2] {
		sent := f["DownstreamContentSize"].(float64)
		if f["OriginContentSize"] != float64(len(text)) || sent <= 0 || sent > 200 || f["GzipRatio"] != float64(len(text))/sent {
			t.Errorf("%d: sizes: %v", i, f)
		}
		if f["RequestContentSize"] != float64(len(body)) {
			t.Errorf("%d: %v bytes of request", i, f["RequestContentSize"])
		}
		if f["BackendName"] != "backend-Host-a-com" || f["FrontendName"] != "Host-a-com-0" || f["BackendAddr"] != addr || f["OriginStatusLine"] != "200 OK" {
			t.Errorf("%d: %v", i, f)
		}
		if f["request_Cookie"] != "REDACTED" || f["origin_X-Origin"] != "yes" || f["downstream_Content-Encoding"] != "gzip" || f["origin_Content-Encoding"] != nil {
			t.Errorf("%d: headers: %v", i, f)
		}
		if f["request_X-Forwarded-Server"] != nil {
			t.Errorf("%d: what we tell the endpoint is not the client's: %v", i, f)
		}
		if f["Overhead"].(float64)+f["OriginDuration"].(float64) != f["Duration"].(float64) {
			t.Errorf("%d: times: %v", i, f)
		}
	}
	if f := all[2]; f["GzipRatio"] != nil || f["OriginContentSize"] != float64(len(text)) || f["DownstreamContentSize"] != float64(len(text)) || f["RequestContentSize"] != 10.0 {
		t.Errorf("not compressed: %v", f)
	}
}

func TestRetriesAreLogged(t *testing.T) {
	r, lines := logged(t, EntryPointOptions{}, accesslog.Options{Format: accesslog.JSON, Filter: accesslog.Filter{Retried: true}})
	r.serve(service{rule: "Host:a.com", addrs: []string{deadAddr(t), endpoint(t, func(http.ResponseWriter, *http.Request) {})}})
	for range 2 {
		r.ask("GET", "a.com", "/")
	}
	if all := fields(t, lines()); len(all) != 1 || all[0]["RetryAttempts"] != 1.0 || all[0]["OriginStatus"] != 200.0 {
		t.Errorf("got %v", all)
	}
}

func TestTunnelIsLoggedAtItsEnd(t *testing.T) {
	r, lines := logged(t, EntryPointOptions{}, accesslog.Options{Format: accesslog.JSON})
	r.serve(service{rule: "Host:a.com", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello")
	})}})
	got := r.raw("GET /tunnel HTTP/1.1\r\nHost: a.com\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	if !strings.HasSuffix(got, "hello") {
		t.Fatalf("got %q", got)
	}
	if f := fields(t, lines())[0]; f["DownstreamStatus"] != 101.0 || f["OriginStatus"] != 101.0 || f["DownstreamContentSize"] != 5.0 || f["RequestPath"] != "/tunnel" {
		t.Errorf("got %v", f)
	}
}

func TestErrorsAreToldToWhoeverListens(t *testing.T) {
	told := make(chan string, 10)
	r, _ := logged(t, EntryPointOptions{}, accesslog.Options{}, func(o *Options) {
		o.OnError = func(status int, method, host, path string) { told <- fmt.Sprint(status, " ", method, " ", host, path) }
	})
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, func(http.ResponseWriter, *http.Request) {})}})
	r.ask("GET", "a.com", "/fine")
	r.ask("GET", "b.com", "/gone?x=1")
	if got := <-told; got != "404 GET b.com/gone" {
		t.Errorf("got %q", got)
	}
}

func TestBytesSentAreCounted(t *testing.T) {
	r, lines := logged(t, EntryPointOptions{}, accesslog.Options{})
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 100_000)) })}})
	r.ask("GET", "a.com", "/")
	r.ask("GET", "b.com", "/")
	lines()
	if sent := r.proxy.EntryPoints()[0].Tally().Sent.Load(); sent != 100_019 {
		t.Errorf("%d bytes", sent)
	}
}

func TestPlainRequestIsLoggedWithoutAllocating(t *testing.T) {
	if now.std || wasteful {
		t.Skip("net/http allocates")
	}
	r, _ := logged(t, EntryPointOptions{TrustAll: true}, accesslog.Options{Path: os.DevNull})
	r.serve(service{rule: "Host:a.com", addrs: []string{thriftyEndpoint(t)}})
	run := r.asker("GET /path?x=1 HTTP/1.1\r\nHost: a.com\r\nUser-Agent: test\r\nReferer: http://b.com/\r\n\r\n")
	run(1000)
	if each := mallocs(func() { run(10_000) }) / 10_000; each > 0.01 {
		t.Errorf("%.2f allocations a request", each)
	}
}

func TestLogNamesTheLockThatKeptSomebodyOut(t *testing.T) {
	lock := rules.BasicAuth{Users: []string{"me:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="}} // test
	list := rules.AllowList{Ranges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, row := range []struct {
		name    string
		filters []rules.Filter
		want    string
	}{
		{"authentication", []rules.Filter{lock}, `- * "GET /x?y HTTP/1.1" 401 17 "-" "-" 1 "Auth for entrypoint http" "/x" *`},
		{"white list", []rules.Filter{list}, `- * "GET /x?y HTTP/1.1" 403 9 "-" "-" 1 "ipwhitelister for entrypoint http" "/x" *`},
		{"redirect", []rules.Filter{rules.Redirect{Regexp: regexp.MustCompile("a"), Replacement: "b"}}, `"entrypoint redirect for http" "/x" *`},
	} {
		r, lines := logged(t, EntryPointOptions{Filters: row.filters}, accesslog.Options{})
		r.ask("GET", "a.com", "/x?y", func(q *http.Request) { q.Header["User-Agent"] = []string{""} })
		if got := lasting(lines()[0]); !strings.HasSuffix(got, row.want) {
			t.Errorf("%s: got %s", row.name, got)
		}
	}
	r, lines := logged(t, EntryPointOptions{Filters: []rules.Filter{lock}}, accesslog.Options{})
	r.ask("GET", "a.com", "/", func(q *http.Request) { q.SetBasicAuth("me", "test") })
	if got := lines()[0]; !strings.HasPrefix(got, "127.0.0.1 - me [") {
		t.Errorf("got %s", got)
	}
}

// pages are internal ones made up.
type pages struct{}

func (pages) Open(q *message.Request) *message.Response {
	if q.Path == "/ping" {
		return middleware.Answer(200, "OK")
	}
	return nil
}

func (pages) Admitted(q *message.Request) *message.Response {
	if q.Path == "/api" {
		return middleware.Answer(200, "{}")
	}
	return nil
}

func TestPagesOfTheRouterWinOverRoutesAndStayBehindTheEntryPointsLocks(t *testing.T) {
	list := []rules.Filter{rules.AllowList{Ranges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, row := range []struct {
		name    string
		filters []rules.Filter
		want    map[string]int
	}{
		{"open", nil, map[string]int{"/ping": 200, "/api": 200, "/x": 201}},
		{"shut", list, map[string]int{"/ping": 200, "/api": 403, "/x": 403}},
	} {
		r, lines := logged(t, EntryPointOptions{Internal: pages{}, Filters: row.filters}, accesslog.Options{})
		r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) })}})
		logged := 0
		for path, status := range row.want {
			if answer, _ := r.ask("GET", "", path); answer.StatusCode != status {
				t.Errorf("%s: %s: %s", row.name, path, answer.Status)
			}
			if status != 200 {
				logged++
			}
		}
		if got := lines(); len(got) != logged {
			t.Errorf("%s: pages of our own are logged: %q", row.name, got)
		}
		r.proxy.EntryPoints()[0].Tally().Each(func(k balancer.Key, c balancer.Cell) {
			if k.Code == 200 {
				t.Errorf("%s: pages of our own are counted: %v", row.name, c)
			}
		})
	}
}
