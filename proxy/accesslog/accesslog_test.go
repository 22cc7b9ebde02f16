package accesslog

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

var start = time.Date(2009, 11, 10, 23, 0, 0, 0, time.UTC)

// full has something to tell for each field.
func full() *Record {
	return &Record{
		Started: start, Took: 123 * time.Second, Client: netip.MustParseAddrPort("10.0.0.1:4321"), User: "Client",
		Host: "www.example.com:8080", Method: "GET", Path: "/foo", Proto: "http", Referer: "referer", Agent: "agent",
		Status: 123, Sent: 132, OriginStatus: 123, OriginSent: 132, OriginTook: 120 * time.Second,
		Frontend: "foo", Backend: "backend-foo", URL: "http://10.0.0.2/toto", Addr: "10.0.0.2:80",
	}
}

func common(o Options, r *Record) string { return string(newLog(o).appendCommon(nil, r)) }

func TestCommonLinesAreThoseOfTraefik(t *testing.T) {
	none := &Record{
		Started: start, Took: 123 * time.Second, Client: netip.MustParseAddrPort("10.0.0.1:4321"), User: "Client",
		Method: "GET", Path: "/foo", Proto: "http",
	}
	lost := &Record{
		Started: start, Client: netip.MustParseAddrPort("[::ffff:203.0.113.9]:99"), Method: "GET", Path: "/", RawQuery: "a=b", Query: true, Proto: "HTTP/1.1",
		Agent: "curl/8", Status: 404, OriginStatus: 404, Sent: 19, OriginSent: 19, Count: 7, Verdict: "backend not found",
	}
	refused := full()
	refused.Verdict, refused.Frontend, refused.Forwarded = "Auth for ", "frontend-Host-a-0", "192.0.2.1, 192.0.2.2"
	for _, row := range []struct {
		name string
		r    *Record
		want string
	}{
		{"no origin", none, `10.0.0.1 - Client [10/Nov/2009:23:00:00 +0000] "GET /foo http" - - "-" "-" 0 - - 123000ms`},
		{"full", full(), `10.0.0.1 - Client [10/Nov/2009:23:00:00 +0000] "GET /foo http" 123 132 "referer" "agent" 0 "foo" "http://10.0.0.2/toto" 123000ms`},
		{"no route", lost, `203.0.113.9 - - [10/Nov/2009:23:00:00 +0000] "GET /?a=b HTTP/1.1" 404 19 "-" "curl/8" 7 "backend not found" "/" 0ms`},
		{"refused", refused, `192.0.2.1,192.0.2.2 - Client [10/Nov/2009:23:00:00 +0000] "GET /foo http" 123 132 "referer" "agent" 0 "Auth for frontend-Host-a-0" "/foo" 123000ms`},
	} {
		if got := common(Options{}, row.r); got != row.want+"\n" {
			t.Errorf("%s: got\n%swant\n%s", row.name, got, row.want)
		}
	}
}

func TestDroppedFieldsAreDashes(t *testing.T) {
	got := common(Options{Fields: Fields{Default: Drop, Names: map[string]Mode{"ClientHost": Keep, "StartUTC": Keep}}, Headers: Headers{Default: Drop}}, full())
	if want := `10.0.0.1 - - [10/Nov/2009:23:00:00 +0000] "- - -" - - "-" "-" 0 - - 0ms` + "\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	got = common(Options{Headers: Headers{Names: map[string]Mode{"Referer": Redact}}}, full())
	if !strings.Contains(got, `"REDACTED" "agent"`) {
		t.Errorf("got %s", got)
	}
}

// A client chooses its path, its headers and its name, and must not be able to write lines or fields with them.
func TestClientsCannotForgeLines(t *testing.T) {
	evil := "x\" 200 1 \"-\"\n127.0.0.1 - root \x1b[2J\x85\x7f\\"
	r := full()
	r.User, r.Path, r.RawQuery, r.Query, r.Method, r.Referer, r.Agent, r.Forwarded = evil, evil, evil, true, evil, evil, evil, evil
	line := common(Options{}, r)
	safe := `x\x22\x20200\x201\x20\x22-\x22\x0a127.0.0.1\x20-\x20root\x20\x1b[2J\x85\x7f\x5c`
	if !strings.HasPrefix(line, safe+" - "+safe+" [") {
		t.Errorf("got %s", line)
	}
	if strings.Count(line, `"`) != 10 || strings.Count(line, "\n") != 1 || strings.ContainsFunc(line, unprintable) {
		t.Errorf("got %s", line)
	}
}

func TestJSONLinesHaveTraefiksFieldsInOrder(t *testing.T) {
	l := newLog(Options{Format: JSON})
	q := &message.Request{
		Method: "POST", Host: "www.example.com:8080", RawPath: "/a%20b", RawQuery: "x=\"1\"", Query: true,
		Client: netip.MustParseAddrPort("10.0.0.1:4321"),
	}
	q.Fields.Add("x-b", "2")
	q.Fields.Add("Accept", "a")
	q.Fields.Add("accept", "b")
	q.Fields.Add("authorization", "Basic c2VjcmV0")
	q.Fields.Add("Cookie", "secret=1")
	r := l.Begin(q, start)
	a := &message.Response{Status: 200}
	a.Fields.Add("Set-Cookie", "s")
	a.Fields.Add("Content-Length", "10")
	l.Origin(r, a)
	a.Fields.Del("Content-Length")
	l.Answer(r, a)
	r.Took, r.OriginTook, r.Status, r.Sent, r.OriginSent, r.Count, r.Retries = 1500*time.Millisecond, time.Second, 200, 5, 10, 8, 1
	r.Frontend, r.Backend, r.URL, r.Addr = "Host-a-0", "backend-a", "http://10.0.0.2:80", "10.0.0.2:80"
	got := string(l.appendJSON(nil, r))
	want := `{"BackendAddr":"10.0.0.2:80","BackendName":"backend-a",` +
		`"BackendURL":{"Scheme":"http","Opaque":"","User":null,"Host":"10.0.0.2:80","Path":"","RawPath":"","ForceQuery":false,"RawQuery":"","Fragment":""},` +
		`"ClientAddr":"10.0.0.1:4321","ClientHost":"10.0.0.1","ClientPort":"4321","ClientUsername":"-",` +
		`"DownstreamContentSize":5,"DownstreamStatus":200,"DownstreamStatusLine":"200 OK","Duration":1500000000,"FrontendName":"Host-a-0","GzipRatio":2,` +
		`"OriginContentSize":10,"OriginDuration":1000000000,"OriginStatus":200,"OriginStatusLine":"200 OK","Overhead":500000000,` +
		`"RequestAddr":"www.example.com:8080","RequestContentSize":0,"RequestCount":8,"RequestHost":"www.example.com",` +
		`"RequestLine":"POST /a%20b?x=\"1\" HTTP/1.1","RequestMethod":"POST","RequestPath":"/a%20b?x=\"1\"","RequestPort":"8080",` +
		`"RequestProtocol":"HTTP/1.1","RetryAttempts":1,"StartLocal":` + quoted(start.Local().Format(time.RFC3339Nano)) + `,"StartUTC":"2009-11-10T23:00:00Z",` +
		`"downstream_Set-Cookie":"REDACTED","level":"info","msg":"","origin_Content-Length":"10","origin_Set-Cookie":"REDACTED",` +
		`"request_Accept":"a","request_Authorization":"REDACTED","request_Cookie":"REDACTED","request_X-B":"2","time":"2009-11-10T23:00:01Z"}` + "\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestAnswersOfTheRoutersOwnAreTraefiksInJSON(t *testing.T) {
	r := full()
	r.Verdict, r.Frontend = "backend not found", ""
	var got map[string]any
	if err := json.Unmarshal(newLog(Options{Format: JSON}).appendJSON(nil, r), &got); err != nil {
		t.Fatal(err)
	}
	url, _ := got["BackendURL"].(map[string]any)
	if got["BackendName"] != "Traefik" || got["FrontendName"] != "backend not found" || url["Path"] != "/foo" || url["Host"] != "" {
		t.Errorf("got %v", got)
	}
	r.OriginStatus = 0
	line := string(newLog(Options{Format: JSON}).appendJSON(nil, r))
	if strings.Contains(line, `"Origin`) {
		t.Errorf("got %s", line)
	}
}

func TestHeadersAreShownAsAskedFor(t *testing.T) {
	q := &message.Request{}
	for _, name := range []string{"Authorization", "User-Agent", "X-A"} {
		q.Fields.Add(name, "v")
	}
	for _, row := range []struct {
		name    string
		headers Headers
		want    string
	}{
		{"usually", Headers{}, `"request_Authorization":"REDACTED","request_User-Agent":"v","request_X-A":"v",`},
		{"a secret asked for", Headers{Names: map[string]Mode{"Authorization": Keep}}, `"request_Authorization":"v","request_User-Agent":"v","request_X-A":"v",`},
		{"none but one", Headers{Default: Drop, Names: map[string]Mode{"X-A": Keep}}, `"request_X-A":"v",`},
		{"hidden", Headers{Default: Redact, Names: map[string]Mode{"User-Agent": Drop}}, `"request_Authorization":"REDACTED","request_X-A":"REDACTED",`},
	} {
		l := newLog(Options{Format: JSON, Headers: row.headers})
		if got := string(l.Begin(q, start).request); got != row.want {
			t.Errorf("%s: got %s", row.name, got)
		}
	}
}

func TestOneReasonIsEnoughForALine(t *testing.T) {
	f := Filter{Status: []StatusRange{{200, 200}, {300, 302}}, Retried: true, Took: time.Second}
	for _, row := range []struct {
		r    Record
		want bool
	}{
		{Record{Status: 200}, true},
		{Record{Status: 301}, true},
		{Record{Status: 303}, false},
		{Record{Status: 404, Retries: 1}, true},
		{Record{Status: 404, Took: time.Second}, true},
		{Record{Status: 404, Took: time.Second - 1}, false},
	} {
		if got := f.lets(&row.r); got != row.want {
			t.Errorf("%+v: %v", row.r, got)
		}
	}
	if nobody := (Filter{}); !nobody.lets(&Record{}) {
		t.Error("without a filter nothing is logged")
	}
}

func opened(t *testing.T, o Options) *Log {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// lines are the paths of the requests in a file.
func lines(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for line := range strings.Lines(string(text)) {
		paths = append(paths, strings.Fields(line)[6])
	}
	return strings.Join(paths, " ")
}

func (l *Log) write(path string) {
	l.End(l.Begin(&message.Request{Method: "GET", RawPath: path}, start))
}

func TestRotatedLogLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "access.log")
	l := opened(t, Options{Path: path})
	l.write("/1")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	l.write("/2")
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.write("/3")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l.write("/4")
	if before, after := lines(t, path+".1"), lines(t, path); before != "/1 /2" || after != "/3" {
		t.Errorf("before %q, after %q", before, after)
	}
	if l.Lost() != 1 {
		t.Errorf("%d lines lost", l.Lost())
	}
}

func TestLogThatIsThereIsAddedTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	for _, target := range []string{"/1", "/2"} {
		l := opened(t, Options{Path: path})
		l.write(target)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := lines(t, path); got != "/1 /2" {
		t.Errorf("got %q", got)
	}
}

func TestFileThatCannotBeOpenedIsAnError(t *testing.T) {
	if _, err := Open(Options{Path: t.TempDir()}); err == nil {
		t.Error("a folder was opened")
	}
}

func TestSlowDiskCostsLinesAndSaysSoOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	var told []error
	l := opened(t, Options{Path: path, Waiting: 2, Failed: func(err error) { told = append(told, err) }})
	l.backlog.writing.Lock() // the disk does not answer
	for range 5 {
		l.write("/x")
	}
	l.backlog.writing.Unlock()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l.Lost() != 3 || len(told) != 1 || !errors.Is(told[0], errFull) || lines(t, path) != "/x /x" {
		t.Errorf("%d lost, told %v, written %q", l.Lost(), told, lines(t, path))
	}
}

func TestBrokenFileIsToldAndCounted(t *testing.T) {
	told := make(chan error, 10)
	l := opened(t, Options{Path: filepath.Join(t.TempDir(), "access.log"), Failed: func(err error) { told <- err }})
	l.backlog.file.file.Close()
	l.write("/1")
	if err := <-told; !errors.Is(err, os.ErrClosed) {
		t.Errorf("told %v", err)
	}
	l.backlog.writing.Lock() // is free when the first has been counted
	defer l.backlog.writing.Unlock()
	if l.Lost() != 1 {
		t.Errorf("%d lost", l.Lost())
	}
}

func TestCommonLineAllocatesNothing(t *testing.T) {
	if race {
		t.Skip("the race detector drops what pools hold")
	}
	l := opened(t, Options{Path: os.DevNull})
	q := &message.Request{Method: "GET", RawPath: "/path", RawQuery: "x=1", Query: true, Client: netip.MustParseAddrPort("10.0.0.1:4321"), Host: "a.com"}
	q.Fields.Add("User-Agent", "test")
	a := &message.Response{Status: 200}
	n := testing.AllocsPerRun(1000, func() {
		r := l.Begin(q, start)
		l.Origin(r, a)
		l.Answer(r, a)
		l.End(r)
	})
	if n >= 1 {
		t.Errorf("%v allocations a line", n)
	}
}

func FuzzTextsOfClients(f *testing.F) {
	f.Add("GET", "/", "a=b", "agent", "1.2.3.4, 5.6.7.8")
	f.Add("\"\n", "\xff\\", "\u2028\u0085", "\x00", " , ,")
	f.Fuzz(func(t *testing.T, method, path, query, agent, forwarded string) {
		r := full()
		r.Method, r.Path, r.RawQuery, r.Query, r.Agent, r.Forwarded, r.User, r.Host = method, path, query, true, agent, forwarded, agent, forwarded
		line := common(Options{}, r)
		if strings.Count(line, "\n") != 1 || strings.Count(line, `"`) != 10 {
			t.Errorf("%q", line)
		}
		l := newLog(Options{Format: JSON})
		q := &message.Request{}
		q.Fields.Add(method, path)
		r.request = l.appendHeaders(r, nil, "request_", &q.Fields)
		got := map[string]any{}
		text := string(l.appendJSON(nil, r))
		if err := json.Unmarshal([]byte(text), &got); err != nil || strings.Count(text, "\n") != 1 {
			t.Errorf("%v: %q", err, text)
		}
		if want := strings.ToValidUTF8(method, "\ufffd"); strings.ToValidUTF8(got["RequestMethod"].(string), "") != strings.ToValidUTF8(want, "") && !strings.Contains(want, "\ufffd") {
			t.Errorf("%q became %q", method, got["RequestMethod"])
		}
	})
}

func unprintable(c rune) bool { return c != '\n' && (c < ' ' || c >= 0x7f) }
