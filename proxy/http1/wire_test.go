package http1_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/rules"
)

// A wireCase is one connection, byte by byte. testdata/wire/README.md has the notation.
type wireCase struct {
	name      string
	steps     []wireStep         // the client's; none: an ordinary GET
	answers   []proxytest.Answer // the endpoint's, in turn; then it echoes request lines
	statuses  []string           // "200", "200-" for the answer to a HEAD, "408?" for one that may be missing
	ending    string             // keep, close, reset or tunnel
	forwarded string             // without the X-Forwarded fields
	all       bool               // with them
	half      bool               // at most the beginning of it, and then the connection was cut
	received  string             // "": not looked at
}

// A wireStep is bytes, or something else that a client does.
type wireStep struct {
	send string
	wait string // for a response of this status
	eof  bool   // close the sending half
}

const ordinary = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.http")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	total := 0
	for _, file := range files {
		cases := parseWire(t, file)
		total += len(cases)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			for _, w := range cases {
				t.Run(w.name, func(t *testing.T) {
					t.Parallel()
					w.run(t)
				})
			}
		})
	}
	if total < 300 {
		t.Errorf("only %d cases", total)
	}
}

func (w *wireCase) run(t *testing.T) {
	backend := proxytest.Start(t, func(n int, head *proxytest.Message) proxytest.Answer {
		if n < len(w.answers) {
			return w.answers[n]
		}
		return proxytest.Echo(head)
	})
	r := start(t, backend.Addr())
	c := proxytest.Dial(t, r.addr)
	if w.ends() {
		defer r.pass()()
	}
	w.converse(t, c)
	got, faults := backend.Settle()
	for _, fault := range faults {
		t.Error("at the backend: ", fault)
	}
	w.checkForwarded(t, got)
}

// The lint is of use only if it sees in what is forwarded the faults that the engine keeps from it.
func TestLintSeesWhatIsRefused(t *testing.T) {
	for _, family := range []string{"cl-te", "te", "content-length", "lines", "bytes", "host", "chunks"} {
		for _, w := range parseWire(t, "testdata/wire/"+family+".http") {
			if len(w.statuses) != 1 || w.statuses[0] != "400" || w.ends() || w.name == "empty" || strings.HasPrefix(w.name, "trailers") {
				continue // what is merely too much, or good in a 1.0 request, is no fault to the lint
			}
			if m, n := proxytest.ReadRequest([]byte(w.steps[0].send)); m != nil && n > 0 && len(m.Faults) == 0 {
				t.Errorf("%s: %s: no fault in %q", family, w.name, w.steps[0].send)
			}
		}
	}
}

func TestSecurityPageNamesEveryFamily(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("testdata/wire/*.http")
	for _, file := range files {
		if !strings.Contains(string(page), "`"+filepath.Base(file)+"`") {
			t.Errorf("docs/security.md does not say what %s holds", file)
		}
	}
	for _, name := range regexp.MustCompile("`([a-z-]+\\.http)`").FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat("testdata/wire/" + name[1]); err != nil {
			t.Errorf("docs/security.md: %v", err)
		}
	}
}

// ends tells whether the client closes its sending half. The engine may see that only when seconds have passed.
func (w *wireCase) ends() bool {
	for _, step := range w.steps {
		if step.eof {
			return true
		}
	}
	return false
}

// converse plays the client.
func (w *wireCase) converse(t *testing.T, c *proxytest.Client) {
	defer c.Close()
	var seen []*proxytest.Message
	next := func() bool {
		headOnly := len(seen) < len(w.statuses) && strings.HasSuffix(w.statuses[len(seen)], "-")
		m, err := c.Next(headOnly)
		if m != nil {
			seen = append(seen, m)
		}
		if err != nil {
			t.Errorf("after %s: %v", outline(seen), err)
		}
		return err == nil
	}
	for _, step := range w.steps {
		switch {
		case step.eof:
			_ = c.CloseWrite() // it may have been refused already, as may what is sent
		case step.wait != "":
			for len(seen) == 0 || strconv.Itoa(seen[len(seen)-1].Status()) != step.wait {
				if !next() {
					return
				}
			}
		default:
			_, _ = c.Write([]byte(step.send))
		}
	}
	for len(seen) < len(w.statuses) {
		if w.ending == "reset" && len(seen) == len(w.statuses)-1 {
			break
		}
		if strings.HasSuffix(w.statuses[len(seen)], "?") && c.AtEnd() {
			w.statuses = w.statuses[:len(seen)]
			break
		}
		if !next() {
			break
		}
	}
	if want := strings.NewReplacer("-", "", "?", "").Replace(strings.Join(w.statuses, " ")); outline(seen) != want && w.ending != "reset" {
		t.Errorf("answered %s, want %s", outline(seen), want)
	}
	text := ""
	for _, m := range seen {
		text += canonical(m, dated)
	}
	text += w.checkEnding(t, c)
	if w.received != "" && text != w.received {
		t.Errorf("the client got\n%s", notation(": ", text))
	}
}

// checkEnding returns what came behind the answers.
func (w *wireCase) checkEnding(t *testing.T, c *proxytest.Client) string {
	switch w.ending {
	case "keep":
		_, _ = c.Write([]byte("GET /next HTTP/1.1\r\nHost: next\r\n\r\n"))
		if m, err := c.Next(false); err != nil || string(m.Body) != "GET /next HTTP/1.1" {
			t.Errorf("the next request on the connection got %+v, %v", m, err)
		}
	case "close":
		if rest, err := c.Rest(); err != nil || len(rest) > 0 {
			t.Errorf("at the end: %q, %v", rest, err)
		}
	case "tunnel":
		rest, err := c.Rest()
		if err != nil {
			t.Errorf("at the tunnel's end: %v", err)
		}
		return string(rest)
	case "reset":
		// A client that could not tell half an answer from a whole one has to see an error.
		m, err := c.Next(false)
		if err == nil {
			t.Errorf("half an answer looks whole: %+v", m)
		}
	}
	return ""
}

func (w *wireCase) checkForwarded(t *testing.T, got []proxytest.Got) {
	drop := forwardedFields
	if w.all {
		drop = nil
	}
	text := ""
	var half *proxytest.Message
	for _, g := range got {
		for _, m := range g.Requests {
			if m.Target() != "/next" {
				text += canonical(m, drop)
			}
		}
		if w.ending == "tunnel" {
			text += string(g.Rest)
		} else if m, _ := proxytest.ReadRequest(g.Rest); m != nil {
			half = m
		}
	}
	switch {
	case w.half:
		w.checkHalf(t, text, half)
	case text != w.forwarded:
		t.Errorf("forwarded\n%s", notation("| ", text))
	case half != nil:
		t.Errorf("half forwarded: %.300q", half.Head)
	}
}

// checkHalf holds what was forwarded to the beginning of what was expected.
func (w *wireCase) checkHalf(t *testing.T, whole string, half *proxytest.Message) {
	want, _ := proxytest.ReadRequest([]byte(w.forwarded))
	switch {
	case whole != "" || want == nil:
		t.Errorf("forwarded whole %.300q", whole)
	case half == nil:
	case string(forwardedFields.ReplaceAll(half.Head, nil)) != string(want.Head) || !bytes.HasPrefix(want.Body, half.Body):
		t.Errorf("half forwarded\n%s", notation("| ", canonical(half, forwardedFields)))
	}
}

var (
	forwardedFields = regexp.MustCompile(`(?m)^X-(Forwarded-\w+|Real-Ip): .*\r\n`)
	dated           = regexp.MustCompile(`(?m)^Date: .*\r\n`)
)

// canonical is a message with its chunks joined to one, as their borders are nobody's promise, and without some fields.
func canonical(m *proxytest.Message, drop *regexp.Regexp) string {
	head := m.Head
	if drop != nil {
		head = drop.ReplaceAll(head, nil)
	}
	if !m.Chunked {
		return string(head) + string(m.Body)
	}
	var b bytes.Buffer
	b.Write(head)
	if len(m.Body) > 0 {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(m.Body), m.Body)
	}
	if m.Whole {
		b.WriteString("0\r\n")
		for _, f := range m.Trailers {
			fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func outline(seen []*proxytest.Message) string {
	var all []string
	for _, m := range seen {
		all = append(all, strconv.Itoa(m.Status()))
	}
	return strings.Join(all, " ")
}

// notation writes bytes as the files have them.
func notation(prefix, text string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(text, "\r\n") {
		whole := strings.HasSuffix(line, "\r\n")
		if line == "" {
			continue
		}
		quoted := strconv.Quote(strings.TrimSuffix(line, "\r\n"))
		quoted = shortened(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`))
		if bare, ok := strings.CutSuffix(quoted, " "); ok {
			quoted = bare + `\x20`
		}
		b.WriteString(strings.TrimSuffix(prefix+quoted, " "))
		if !whole {
			b.WriteByte('\\')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// shortened writes long runs of a letter as the files have them.
func shortened(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		n := len(line[i:]) - len(strings.TrimLeft(line[i:], line[i:i+1]))
		if n >= 40 {
			fmt.Fprintf(&b, `\{%d*%c}`, n, line[i])
		} else {
			b.WriteString(line[i : i+n])
		}
		i += n
	}
	return b.String()
}

// parseWire reads a file of cases.
func parseWire(t testing.TB, file string) (cases []*wireCase) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var w *wireCase
	for n, line := range strings.Split(string(text), "\n") {
		if name, ok := strings.CutPrefix(line, "== "); ok {
			w = &wireCase{name: name}
			cases = append(cases, w)
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		if w == nil {
			t.Fatalf("%s:%d: before the first case", file, n+1)
		}
		if err := w.line(line); err != nil {
			t.Fatalf("%s:%d: %v", file, n+1, err)
		}
	}
	for _, w := range cases {
		if w.ending == "" {
			t.Fatalf("%s: %s has no verdict", file, w.name)
		}
		if len(w.steps) == 0 {
			w.steps = []wireStep{{send: ordinary}}
			w.forwarded = ordinary
		}
	}
	return cases
}

// line takes a line into the case.
func (w *wireCase) line(line string) error {
	rest := strings.TrimPrefix(line[1:], " ")
	if word, ok := strings.CutPrefix(line[1:], "!"); ok {
		return w.option(line[0], strings.Fields(word))
	}
	if line[0] == '=' {
		w.statuses = strings.Fields(rest)
		if len(w.statuses) == 0 {
			return errors.New("no verdict")
		}
		w.ending = w.statuses[len(w.statuses)-1]
		w.statuses = w.statuses[:len(w.statuses)-1]
		return nil
	}
	text, err := wireBytes(rest)
	if err != nil {
		return err
	}
	switch line[0] {
	case '>':
		if n := len(w.steps); n == 0 || w.steps[n-1].send == "" {
			w.steps = append(w.steps, wireStep{})
		}
		w.steps[len(w.steps)-1].send += text
	case '<':
		if len(w.answers) == 0 {
			w.answers = append(w.answers, proxytest.Answer{})
		}
		w.answers[len(w.answers)-1].Text += text
	case '|':
		w.forwarded += text
	case ':':
		w.received += text
	default:
		return fmt.Errorf("no line begins with %q", line[0])
	}
	return nil
}

var thens = map[string]proxytest.Then{"close": proxytest.Close, "reset": proxytest.Reset, "stop": proxytest.Stop, "tunnel": proxytest.Tunnel}

func (w *wireCase) option(of byte, words []string) error {
	switch of {
	case '>':
		step := wireStep{eof: words[0] == "eof"}
		if words[0] == "wait" {
			step.wait = words[1]
		}
		w.steps = append(w.steps, step)
	case '<':
		var a proxytest.Answer
		for _, word := range words {
			then, known := thens[word]
			switch {
			case known:
				a.Then = then
			case word == "early":
				a.Early = true
			case word != "answer":
				return fmt.Errorf("unknown word %q", word)
			}
		}
		w.answers = append(w.answers, a)
	case '|':
		w.all = w.all || words[0] == "all"
		w.half = w.half || words[0] == "half"
	default:
		return fmt.Errorf("no option begins with %q", of)
	}
	return nil
}

var repeated = regexp.MustCompile(`\\\{(\d+)\*([^}]*)\}`)

// wireBytes undoes the notation: a line ends in CRLF, unless a backslash says that it does not end here.
func wireBytes(line string) (string, error) {
	end := "\r\n"
	if slashes := len(line) - len(strings.TrimRight(line, `\`)); slashes%2 == 1 {
		line, end = line[:len(line)-1], ""
	}
	line = repeated.ReplaceAllStringFunc(line, func(s string) string {
		parts := repeated.FindStringSubmatch(s)
		n, _ := strconv.Atoi(parts[1])
		return strings.Repeat(parts[2], n)
	})
	var b strings.Builder
	for line != "" {
		c, multibyte, tail, err := strconv.UnquoteChar(line, 0)
		if err != nil {
			return "", fmt.Errorf("%q: %w", line, err)
		}
		if multibyte {
			b.WriteRune(c)
		} else {
			b.WriteByte(byte(c))
		}
		line = tail
	}
	return b.String() + end, nil
}

// router is a whole proxy with one endpoint.
type router struct {
	proxy *proxy.Proxy
	fleet *balancer.Fleet
	addr  string
	ticks chan time.Time
	stop  func()
}

// pass makes seconds pass quickly until the caller has had enough of them.
func (r *router) pass() (enough func()) {
	done, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for {
			select {
			case now := <-pace.C:
				r.ticks <- now
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// start leads everything to one endpoint, over this package's engine on both sides. Time passes only if the test wants it to.
func start(t testing.TB, endpoint string) *router {
	t.Helper()
	return startKeeping(t, endpoint, 10)
}

// startKeeping keeps that many connections to the endpoint.
func startKeeping(t testing.TB, endpoint string, idle int) *router {
	t.Helper()
	fleet := balancer.New(balancer.Options{StickyKey: []byte("test")})
	ticks := make(chan time.Time)
	p := proxy.New(proxy.Options{
		EntryPoints: []proxy.EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}},
		Fleet:       fleet, Log: zap.NewNop(), Hostname: "edge-1",
		Back:        http1.NewBack(http1.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: idle}),
		ReadTimeout: 2 * time.Second, IdleTimeout: 2 * time.Second, Limits: http1.Limits{Body: 2 * time.Second}, Ticks: ticks,
	})
	if err := p.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run() }()
	r := &router{proxy: p, fleet: fleet, addr: p.EntryPoints()[0].Addr().String(), ticks: ticks}
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		p.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		fleet.Close()
	}
	t.Cleanup(r.stop)
	r.lead(t, endpoint)
	return r
}

// lead puts a table in force with everything led to one endpoint. A target of "*" has no path, a 1.0 request no host.
func (r *router) lead(t testing.TB, endpoint string) {
	t.Helper()
	var routes []rules.RouteSpec
	for _, text := range []string{"PathPrefix:/", "HostRegexp:{any:.*}"} {
		rule, _, ok := rules.ParseTraefik1(text)
		if !ok {
			t.Fatal(text)
		}
		routes = append(routes, rules.RouteSpec{Name: text, Rule: rule, Service: "backend", PassHost: true})
	}
	table, _ := rules.Compile([]rules.Spec{{
		Owner:    rules.Owner{ID: "wire", Name: "wire", Created: time.Unix(0, 0)},
		Routes:   routes,
		Services: []rules.ServiceSpec{{Name: "backend", Weight: 1, Endpoints: []rules.Endpoint{{Task: "task", Name: "server", Scheme: "http", Addr: endpoint}}}},
	}}, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
	r.proxy.Swap(table)
}
