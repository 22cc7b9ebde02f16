package proxy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/seneca"
	"github.com/appia-edge/appia/rules"
)

// messages is a router that takes some, its table written by the test.
type messages struct {
	*router
	acts string // the address of their entry point
}

func newMessages(t testing.TB, change ...func(*Options)) *messages {
	t.Helper()
	o := filledOptions(Options{
		EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0", TrustAll: true}}, Fleet: balancer.New(balancer.Options{StickyKey: []byte("test")}),
		Act: &ActOptions{Name: "act", Address: "127.0.0.1:0"},
	})
	for _, c := range change {
		c(&o)
	}
	return &messages{router: startRouter(t, o)}
}

// serve puts a table in force with a service for each rule, the older first.
func (m *messages) serve(services ...service) []rules.Diagnostic {
	m.t.Helper()
	var specs []rules.Spec
	for i, s := range services {
		rule, found, ok := rules.ParseTraefik1(s.rule)
		if !ok {
			m.t.Fatal(found)
		}
		name := fmt.Sprint("s", i)
		shared := s.spec
		if shared.Name == "" {
			shared.Name = name
		}
		if shared.Weight == 0 {
			shared.Weight = 1
		}
		shared.Endpoints = s.endpoints()
		specs = append(specs, rules.Spec{
			Owner:    rules.Owner{ID: name, Name: name, Created: time.Unix(int64(i), 0), Gone: s.gone},
			Routes:   []rules.RouteSpec{{Name: name, Rule: rule, Service: shared.Name, PassHost: true, Filters: s.filters}},
			Services: []rules.ServiceSpec{shared},
		})
	}
	table, _ := rules.Compile(specs, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}, Act: "act"})
	found := m.proxy.Swap(table)
	if addr := m.proxy.EntryPoints()[1].Addr().String(); m.acts != addr { // who asks at the moment has it already
		m.acts = addr
	}
	return found
}

// over waits until the books are kept.
func (m *messages) over() {
	m.t.Helper()
	m.http.CloseIdleConnections()
	if err := m.proxy.Shutdown(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
}

// act sends a message.
func (m *messages) act(text string, change ...func(*http.Request)) (*http.Response, string) {
	m.t.Helper()
	q, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, "http://"+m.acts+"/act", strings.NewReader(text))
	if err != nil {
		m.t.Fatal(err)
	}
	for _, c := range change {
		c(q)
	}
	r, err := m.http.Do(q)
	if err != nil {
		m.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return r, string(body)
}

// refuses holds an answer to what both dialects take for an error.
func refuses(t *testing.T, r *http.Response, body string, status int, code string) {
	t.Helper()
	var e struct {
		Code, Message string
		Meta          struct{ Error bool } `json:"meta$"`
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil || r.StatusCode != status || e.Code != code || e.Message == "" || !e.Meta.Error || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %s, want %d %s", r.StatusCode, body, status, code)
	}
}

// echoing is a service without a word of Seneca, which says its name and what it got.
func echoing(t *testing.T, name string) string {
	return endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		text, _ := io.ReadAll(q.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"by":%q,"got":%q}`, name, text)
	})
}

func TestMessagesFindTheirServiceAndComeAsTheyWere(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:role:math", addrs: []string{echoing(t, "math")}}, service{rule: "Act:role:math,v:3", addrs: []string{echoing(t, "three")}},
		service{rule: "Act:cmd:*,role:tax", addrs: []string{echoing(t, "tax")}})
	for text, by := range map[string]string{
		`{"role":"math","cmd":"sum"}`: "math", "{ \"v\" : 3.0,\n\"role\":\"math\", \"role\":\"math\" }": "three", `{"role":"tax","cmd":"add","net":1e3}`: "tax",
		`{"r\u006fle":"math","deep":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`: "math", `{"role":"math","long":"` + strings.Repeat("x", 200_000) + `"}`: "math",
	} {
		r, body := m.act(text)
		var got struct{ By, Got string }
		if err := json.Unmarshal([]byte(body), &got); err != nil || r.StatusCode != 200 || got.By != by || got.Got != text {
			t.Errorf("%.60s: %d %.100s, want it by %s", text, r.StatusCode, body, by)
		}
		if _, body := m.act(text, func(q *http.Request) { q.ContentLength = -1 }); !strings.Contains(body, by) {
			t.Errorf("in chunks, %.60s: %.100s", text, body)
		}
	}
}

func TestWhatIsNoMessageIsRefusedAtTheDoor(t *testing.T) {
	m := newMessages(t, func(o *Options) { o.Act.MaxBody = 100_000 })
	var asked atomic.Int32
	m.serve(service{rule: "Act:color:red", addrs: []string{endpoint(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })}})
	for _, c := range []struct {
		text   string
		change func(*http.Request)
		status int
		code   string
	}{
		{``, func(q *http.Request) { q.Method = "GET" }, 405, "not_a_post"},
		{`{"color":"red"}`, func(q *http.Request) { q.Method = "PUT" }, 405, "not_a_post"},
		{`{"color":"red"}`, func(q *http.Request) { q.URL.RawQuery = "role=seneca&cmd=close" }, 400, "bad_message"},
		{`{"color":"red"}`, func(q *http.Request) { q.URL.ForceQuery = true }, 400, "bad_message"},
		{``, nil, 400, "bad_message"},
		{`[{"color":"red"}]`, nil, 400, "bad_message"},
		{`{"color":"red"`, nil, 400, "bad_message"},
		{`color=red`, nil, 400, "bad_message"},
		{"{\"color\":\"red\",\"x\":\"\xff\"}", nil, 400, "bad_message"},
		{`{"color":"red","fatal$":true}`, nil, 400, "bad_message"},
		{`{"color":"red","__proto__":{"role":"seneca","cmd":"close"}}`, nil, 400, "bad_message"},
		{`{"color":"red","role":"seneca","cmd":"close"}`, nil, 403, "act_refused"},
		{`{"color":"red","role":"transport"}`, nil, 403, "act_refused"},
		{`{"color":"red","role":["seneca"],"cmd":"close"}`, nil, 403, "act_refused"},
		{`{"color":"blue"}`, nil, 404, "act_not_found"},
		{`{"color":"red","x":` + strings.Repeat("[", 50_000) + `}`, nil, 400, "bad_message"},
	} {
		change := c.change
		if change == nil {
			change = func(*http.Request) {}
		}
		r, body := m.act(c.text, change, func(q *http.Request) { q.Close = true })
		refuses(t, r, body, c.status, c.code)
	}
	if asked.Load() > 0 {
		t.Error("the service was asked")
	}
}

func TestTwoMebibytesAreTooMuch(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:color:red", addrs: []string{echoing(t, "red")}})
	text := `{"color":"red","x":"` + strings.Repeat("x", 2<<20) + `"}`
	for _, length := range []int64{int64(len(text)), -1} {
		r, body := m.act(text, func(q *http.Request) { q.ContentLength, q.Close = length, true })
		refuses(t, r, body, 413, "message_too_long")
	}
	if r, body := m.act(text[:1<<20-2] + `"}`); r.StatusCode != 200 {
		t.Errorf("a mebibyte: %d %.100s", r.StatusCode, body)
	}
}

func TestSenecasOwnMessagesNeedAPinThatNamesThem(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:role:seneca,cmd:stats", addrs: []string{echoing(t, "stats")}}, service{rule: "Act:role:*", addrs: []string{echoing(t, "any")}})
	if _, body := m.act(`{"role":"seneca","cmd":"stats"}`); !strings.Contains(body, "stats") {
		t.Error(body)
	}
	r, body := m.act(`{"role":"seneca","cmd":"close"}`)
	refuses(t, r, body, 403, "act_refused")
}

func TestAnAnswerTellsWhoseItIs(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:role:plain", addrs: []string{echoing(t, "plain")}}, service{rule: "Observe:role:seen"},
		service{rule: "Act:role:own", addrs: []string{endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("seneca-id", "theirs")
			w.Header().Set("seneca-origin", "theirs")
			io.WriteString(w, "{}")
		})}})
	legacy := func(q *http.Request) {
		q.Header.Set("seneca-id", "a/b")
		q.Header.Set("seneca-origin", "me")
	}
	for text, want := range map[string]string{`{"role":"plain"}`: "a/b me", `{"role":"own"}`: "theirs theirs", `{"role":"none"}`: "a/b me", `[]`: "a/b me", `{"role":"seen"}`: "a/b me"} {
		if r, _ := m.act(text, legacy); r.Header.Get("seneca-id")+" "+r.Header.Get("seneca-origin") != want {
			t.Errorf("%s: %v", text, r.Header)
		}
	}
	if r, _ := m.act(`{"role":"plain"}`); r.Header.Get("seneca-id") != "" || len(r.Header["Seneca-Origin"]) > 0 {
		t.Errorf("unasked: %v", r.Header)
	}
}

func TestAMessageGoesElsewhereWhenNothingWasSent(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:role:a", addrs: []string{deadAddr(t), echoing(t, "alive"), deadAddr(t)}})
	for range 10 {
		if r, body := m.act(`{"role":"a"}`); r.StatusCode != 200 {
			t.Fatal(body)
		}
	}
	var asked atomic.Int32
	dying := func() string {
		return endpointOf(t, "http", func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		})
	}
	m.serve(service{rule: "Act:role:a", scheme: "http", addrs: []string{dying(), dying(), dying()}})
	r, body := m.act(`{"role":"a"}`)
	refuses(t, r, body, 502, "service_failed")
	if asked.Load() != 1 {
		t.Errorf("it was sent %d times", asked.Load())
	}
}

func TestADeadServiceIsAnErrorAtOnce(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:role:none"}, service{rule: "Act:role:dead", addrs: []string{deadAddr(t)}})
	r, body := m.act(`{"role":"none"}`)
	refuses(t, r, body, 503, "no_server")
	r, body = m.act(`{"role":"dead"}`)
	refuses(t, r, body, 502, "service_failed")
}

func TestAMessageWaitsAMomentForATask(t *testing.T) {
	m := newMessages(t, func(o *Options) { o.Hold, o.Act.Hold = time.Nanosecond, time.Minute })
	m.serve(service{rule: "Act:role:a"})
	done := make(chan string)
	go func() {
		_, body := m.act(`{"role":"a"}`)
		done <- body
	}()
	for m.fleet.Groups()[0].Waiting() == 0 {
		runtime.Gosched()
	}
	m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}})
	if body := <-done; !strings.Contains(body, `"by":"a"`) {
		t.Error(body)
	}
}

func TestAMessageForAServiceThatIsMadeAnewIsReadByTheNewTable(t *testing.T) {
	m := newMessages(t, func(o *Options) { o.Act.Hold = time.Minute })
	m.serve(service{rule: "Act:role:a,z:1", gone: true})
	done := make(chan string)
	go func() {
		_, body := m.act(`{"role":"a","z":1,"b":"x"}`)
		done <- body
	}()
	for m.fleet.Groups()[0].Waiting() == 0 {
		runtime.Gosched()
	}
	// Its keys have other numbers: b is the first of them, where role was.
	m.serve(service{rule: "Act:role:a,z:1", addrs: []string{echoing(t, "right")}}, service{rule: "Act:b:a", addrs: []string{echoing(t, "wrong")}}, service{rule: "Act:c:1"})
	if body := <-done; !strings.Contains(body, `"by":"right"`) {
		t.Error(body)
	}
}

func TestAServiceHasItsTimeForAReply(t *testing.T) {
	seconds := make(chan time.Time)
	over := make(chan struct{})
	asked := make(chan struct{}, 1)
	m := newMessages(t, func(o *Options) { o.Act.Patience, o.Ticks = time.Second, seconds })
	m.serve(service{rule: "Act:role:slow", scheme: "http", addrs: []string{endpointOf(t, "http", func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-over
	})}})
	t.Cleanup(func() { close(over) })
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		<-asked
		for {
			select {
			case seconds <- time.Now():
			case <-stop:
				return
			}
		}
	}()
	r, body := m.act(`{"role":"slow"}`)
	refuses(t, r, body, 504, "service_timeout")
}

func TestConnectionLimitsHoldForMessages(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}, spec: rules.ServiceSpec{MaxConn: &rules.MaxConn{Amount: -1}}})
	r, body := m.act(`{"role":"a"}`)
	refuses(t, r, body, 429, "too_many")
}

func TestABusinessErrorOpensNoCircuit(t *testing.T) {
	when, err := rules.ParseBreaker("ResponseCodeRatio(500, 600, 0, 600) > 0.1")
	if err != nil {
		t.Fatal(err)
	}
	m := newMessages(t)
	status := atomic.Int32{}
	status.Store(500)
	m.serve(service{rule: "Act:role:a", filters: []rules.Filter{rules.CircuitBreaker{When: when, Check: time.Nanosecond}}, addrs: []string{endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(status.Load()))
		io.WriteString(w, `{"message":"divide by zero"}`)
	})}})
	for range 20 {
		if r, body := m.act(`{"role":"a"}`); r.StatusCode != 500 || body != `{"message":"divide by zero"}` {
			t.Fatalf("%d %s", r.StatusCode, body)
		}
	}
	status.Store(503)
	m.act(`{"role":"a"}`)
	m.act(`{"role":"a"}`)
	m.act(`{"role":"a"}`)
	r, body := m.act(`{"role":"a"}`)
	refuses(t, r, body, 503, "no_server")
}

func TestObserversGetCopiesAndCallersTheConsumersReply(t *testing.T) {
	m := newMessages(t)
	seen := make(chan string, 10)
	watch := func(name string) string {
		return endpoint(t, func(_ http.ResponseWriter, q *http.Request) {
			text, _ := io.ReadAll(q.Body)
			seen <- name + string(text)
		})
	}
	m.serve(service{rule: "Act:role:order", addrs: []string{echoing(t, "shop")}}, service{rule: "Observe:role:order", addrs: []string{watch("mail"), watch("mail")}},
		service{rule: "Observe:cmd:*", addrs: []string{watch("log")}}, service{rule: "Observe:role:gone", addrs: []string{deadAddr(t)}})
	text := `{"role":"order","cmd":"new"}`
	if _, body := m.act(text); !strings.Contains(body, "shop") {
		t.Error(body)
	}
	got := []string{<-seen, <-seen}
	slices.Sort(got)
	if !slices.Equal(got, []string{"log" + text, "mail" + text}) {
		t.Errorf("copies: %q", got)
	}
	if r, body := m.act(`{"role":"gone"}`); r.StatusCode != 200 || body != `{"meta$":{"empty":true}}` {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	if r, body := m.act(`{"role":"gone"}`, func(q *http.Request) { q.Header.Set("seneca-id", "a/b") }); r.StatusCode != 200 || body != "null" {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	m.over()
	counts := map[string]CopyCounts{}
	for _, c := range m.proxy.CopyCounts() {
		counts[c.Service] = c
	}
	if counts["s1"].Sent != 1 || counts["s2"].Sent != 1 || counts["s3"].Failed+counts["s3"].Dropped != 2 {
		t.Errorf("counted: %+v", counts)
	}
}

func TestASlowObserverCostsItsOwnCopiesAlone(t *testing.T) {
	m := newMessages(t)
	over := make(chan struct{})
	fast := make(chan struct{}, 2*mostQueued)
	m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}},
		service{rule: "Observe:role:a", addrs: []string{endpoint(t, func(http.ResponseWriter, *http.Request) { <-over })}},
		service{rule: "Observe:role:*", addrs: []string{endpoint(t, func(http.ResponseWriter, *http.Request) { fast <- struct{}{} })}})
	const sent = mostQueued + mostAtOnce + 20
	for range sent {
		if r, body := m.act(`{"role":"a"}`); r.StatusCode != 200 {
			t.Fatal(body)
		}
		<-fast
	}
	for _, c := range m.proxy.CopyCounts() {
		if c.Service == "s1" && c.Dropped != 20 || c.Service == "s2" && c.Dropped != 0 {
			t.Errorf("%+v", c)
		}
	}
	close(over)
}

func TestTheEntryPointOfMessagesIsOpenedByTheFirstWhoAsks(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Host:a.com"})
	if _, there := m.proxy.EntryPoints()[1].Addr().(*net.TCPAddr); there {
		t.Error("it is open, and nobody has asked for it")
	}
	m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}})
	if r, body := m.act(`{"role":"a"}`); r.StatusCode != 200 {
		t.Error(body)
	}
	m.serve(service{rule: "Host:a.com"})
	r, body := m.act(`{"role":"a"}`)
	refuses(t, r, body, 404, "act_not_found")
}

func TestAnAddressThatIsTakenIsTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := newMessages(t, func(o *Options) { o.Act.Address = l.Addr().String() })
	found := m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}})
	if len(found) != 1 || found[0].Code != rules.ActEntryPoint || found[0].Severity != rules.Error {
		t.Errorf("told is %v", found)
	}
	l.Close()
	if found := m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}}); len(found) != 0 {
		t.Errorf("told is %v", found)
	}
	if r, body := m.act(`{"role":"a"}`); r.StatusCode != 200 {
		t.Error(body)
	}
}

func TestAMessageThatDoesNotComeIsGivenUp(t *testing.T) {
	seconds := make(chan time.Time)
	m := newMessages(t, func(o *Options) { o.Ticks, o.Limits.Body = seconds, time.Second })
	m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}})
	c, err := net.Dial("tcp", m.acts)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, "POST /act HTTP/1.1\r\nHost: act\r\nContent-Length: 100\r\n\r\n{\"role\":")
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case seconds <- time.Now():
			case <-stop:
				return
			}
		}
	}()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(r.Body)
	refuses(t, r, string(text), http.StatusRequestTimeout, "message_timeout")
}

func TestWhatIsNoRequestIsRefusedInWordsOfMessages(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}})
	for text, status := range map[string]int{
		"POST /act HTTP/1.1\r\nHost: act\r\nContent-Length: 1x\r\n\r\n":                             http.StatusBadRequest,
		"POST /act HTTP/1.1\r\nHost: act\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n\r\n":          http.StatusRequestHeaderFieldsTooLarge,
		"POST /act HTTP/1.1\r\nHost: act\r\nExpect: the unexpected\r\nContent-Length: 2\r\n\r\n{}":  http.StatusExpectationFailed,
		"POST /act HTTP/3.1\r\nHost: act\r\nContent-Length: 2\r\n\r\n{}":                            http.StatusHTTPVersionNotSupported,
		"POST /act HTTP/1.1\r\nHost: act\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"rol\r\nx\r\n": http.StatusBadRequest,
	} {
		c, err := net.Dial("tcp", m.acts)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		go io.WriteString(c, text)
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%.40q: %v", text, err)
		}
		told, _ := io.ReadAll(r.Body)
		refuses(t, r, string(told), status, seneca.Code(status))
	}
}

func TestRequestsAndMessagesDoNotMeet(t *testing.T) {
	m := newMessages(t)
	m.serve(service{rule: "Act:role:a", addrs: []string{echoing(t, "a")}}, service{rule: "PathPrefix:/", addrs: []string{echoing(t, "web")}})
	r, body := m.act(`{"role":"b"}`)
	refuses(t, r, body, 404, "act_not_found")
	if _, body := m.ask("POST", "a.com", "/act", func(q *http.Request) { q.Body = io.NopCloser(strings.NewReader(`{"role":"a"}`)) }); !strings.Contains(body, "web") {
		t.Error(body)
	}
}

func TestPinsAreCounted(t *testing.T) {
	m := newMessages(t)
	services := []service{{rule: "Act:role:a,v:3", addrs: []string{echoing(t, "a")}}, {rule: "Act:role:a", addrs: []string{echoing(t, "a")}}}
	m.serve(services...)
	for range 3 {
		m.act(`{"role":"a","v":3}`)
	}
	m.act(`{"role":"a"}`)
	m.serve(append(services, service{rule: "Act:a:1"})...)
	m.act(`{"role":"a"}`)
	m.over()
	table, tallies := m.proxy.PinTallies()
	got := ""
	for i, pin := range table.Pins() {
		got += fmt.Sprint(pin, "=", tallies[i].Total(), " ")
	}
	if got != "a:1=0 role:a,v:3=3 role:a=2 " {
		t.Error(got)
	}
}

// replayed are the requests and answers of a capture, as the two sides sent them.
func replayed(t testing.TB, file string) (asked, answered []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/seneca/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		side, quoted, ok := strings.Cut(strings.TrimSpace(line), "> ")
		if !ok {
			continue
		}
		bytes, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(side, "C") {
			asked = append(asked, bytes)
		} else {
			answered = append(answered, sized(bytes))
		}
	}
	return asked, answered
}

// sized is an answer with the length that it has: in the captures the paths of a machine were cut out of error messages.
func sized(answer string) string {
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	head = regexp.MustCompile(`Content-Length: [0-9]+`).ReplaceAllString(head, fmt.Sprint("Content-Length: ", len(body)))
	return head + "\r\n\r\n" + body
}

func TestCapturedExchangesOfSenecaPassUnchanged(t *testing.T) {
	for _, file := range []string{"legacy-web.txt", "modern-web.txt"} {
		asked, answered := replayed(t, file)
		got, say := make(chan string, 1), make(chan string, 1)
		addr := rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
			for {
				q, err := http.ReadRequest(lines)
				if err != nil {
					return
				}
				body, _ := io.ReadAll(q.Body)
				got <- string(body)
				answer := <-say
				io.WriteString(c, answer)
				if q.Close || strings.Contains(answer, "Connection: close") {
					return
				}
			}
		})
		m := newMessages(t)
		m.serve(service{rule: "Act:role:math", scheme: "http", addrs: []string{addr}})
		for i, text := range asked {
			c, err := net.Dial("tcp", m.acts)
			if err != nil {
				t.Fatal(err)
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			say <- answered[i]
			io.WriteString(c, text)
			_, body, _ := strings.Cut(text, "\r\n\r\n")
			if forwarded := <-got; forwarded != body {
				t.Errorf("%s: the service got %q", file, forwarded)
			}
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			reply, _ := io.ReadAll(r.Body)
			want, _ := http.ReadResponse(bufio.NewReader(strings.NewReader(answered[i])), nil)
			wanted, _ := io.ReadAll(want.Body)
			if !bytes.Equal(reply, wanted) || r.StatusCode != want.StatusCode || r.Header.Get("seneca-id") != want.Header.Get("seneca-id") || len(r.Header.Values("seneca-id")) > 1 {
				t.Errorf("%s: %d %s, want %d %s", file, r.StatusCode, reply, want.StatusCode, wanted)
			}
			c.Close()
		}
	}
}
