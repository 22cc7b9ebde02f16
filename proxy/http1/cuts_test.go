package http1_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// A cutting is an exchange to be cut short, at every byte of either side. Six digits that are its own stand in all that it
// says, so that no byte of it can pass for another's.
type cutting struct {
	name      string
	asks      string
	hint      string
	says      string
	untilEnd  bool // the end of the connection is the end of the answer
	headOnly  bool
	tunnelled bool
}

const number = "000000"

var cuttings = []cutting{
	{name: "GET", asks: "GET /000000 HTTP/1.1\r\nHost: x\r\n\r\n", says: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n000000"},
	{name: "POST", asks: "POST /000000 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n000000", says: "HTTP/1.1 201 Created\r\nContent-Length: 6\r\n\r\n000000"},
	{name: "chunks", asks: "POST /000000 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n000\r\n3\r\n000\r\n0\r\nA: 000000\r\n\r\n",
		says: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n000000\r\n0\r\nB: 000000\r\n\r\n"},
	{name: "until the end", asks: "GET /000000 HTTP/1.1\r\nHost: x\r\n\r\n", says: "HTTP/1.1 200 OK\r\n\r\n000000", untilEnd: true},
	{name: "HEAD", asks: "HEAD /000000 HTTP/1.1\r\nHost: x\r\n\r\n", says: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", headOnly: true},
	{name: "interim", asks: "GET /000000 HTTP/1.1\r\nHost: x\r\n\r\n", says: "HTTP/1.1 103 Early Hints\r\nA: 000000\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n000000"},
	{name: "expectation", asks: "POST /000000 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n000000",
		hint: "HTTP/1.1 100 Continue\r\n\r\n", says: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n000000"},
	{name: "tunnel", asks: "GET /000000 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n000000",
		says: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n000000", tunnelled: true},
	{name: "pipeline", asks: "GET /000000 HTTP/1.1\r\nHost: x\r\n\r\nPOST /000000 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n000000",
		says: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n000000"},
}

// cutter runs one cutting after another through one router.
type cutter struct {
	t       *testing.T
	router  *router
	backend *proxytest.Backend
	n       int
	asked   map[string][]*proxytest.Message // by number: the whole requests that a client sent
	exactly map[string]bool                 // whether each of them has to arrive

	mu     sync.Mutex
	answer proxytest.Answer // to all but the bystanders
}

func newCutter(t *testing.T) *cutter {
	k := &cutter{t: t, asked: map[string][]*proxytest.Message{}, exactly: map[string]bool{}}
	before := descriptors(t)
	t.Cleanup(func() {
		k.backend.Close()
		eventually(t, func() error { return noneOf("appia/proxy/http1.(") })
		eventually(t, func() error {
			runtime.GC() // pipes that splicing used are given back by it
			if now := descriptors(t); now > before {
				return fmt.Errorf("%d descriptors are open, there were %d", now, before)
			}
			return nil
		})
	})
	k.backend = proxytest.Start(t, func(_ int, head *proxytest.Message) proxytest.Answer {
		if strings.HasPrefix(head.Target(), "/bystander") {
			return proxytest.Echo(head)
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.answer
	})
	k.router = start(t, k.backend.Addr())
	return k
}

// descriptors is how many this process has.
func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(entries)
}

// noneOf tells whether no goroutine is in a function whose name holds the text.
func noneOf(name string) error {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if n := strings.Count(string(stacks), name); n > 0 {
		return fmt.Errorf("%d calls of %q are left:\n%s", n, name, stacks)
	}
	return nil
}

// eventually is within the time that a test may take.
func eventually(t testing.TB, check func() error) {
	t.Helper()
	late := time.Now().Add(proxytest.Patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(late) {
			t.Error(err)
			return
		}
		runtime.Gosched()
	}
}

// begin gives an exchange its number and its answer.
func (k *cutter) begin(c cutting, cut int, then proxytest.Then) (id, asks, says string) {
	k.n++
	id = fmt.Sprintf("%06d", k.n)
	own := func(s string) string {
		s = strings.ReplaceAll(s, number, id)
		return strings.Replace(s, "3\r\n000\r\n3\r\n000\r\n", fmt.Sprintf("3\r\n%s\r\n3\r\n%s\r\n", id[:3], id[3:]), 1)
	}
	asks, says = own(c.asks), own(c.says)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answer = proxytest.Answer{Hint: c.hint, Text: says[:cut], Then: then}
	return id, asks, says
}

// bystander checks that somebody else is served, and by nothing but an own answer.
func (k *cutter) bystander(c *proxytest.Client) {
	k.t.Helper()
	line := fmt.Sprintf("GET /bystander-%d HTTP/1.1", k.n)
	_, err := io.WriteString(c, line+"\r\nHost: y\r\n\r\n")
	m, readErr := c.Next(false)
	if err != nil || readErr != nil || string(m.Body) != line {
		k.t.Fatalf("after exchange %d another one got %+v, %v, %v", k.n, m, err, readErr)
	}
}

// next serves a bystander on a connection of its own.
func (k *cutter) next() {
	k.t.Helper()
	c := proxytest.Dial(k.t, k.router.addr)
	k.bystander(c)
	c.SetLinger(0) // thousands of these must not use up the ports
	c.Close()
}

// settled looks at all that the backend got.
func (k *cutter) settled() {
	k.t.Helper()
	defer k.router.pass()()
	eventually(k.t, func() error { return noneOf("appia/proxy/http1.(*client).run") })
	got, faults := k.backend.Settle()
	for _, fault := range faults {
		k.t.Error("at the backend: ", fault)
	}
	arrived := map[string]int{}
	for _, g := range got {
		for _, m := range g.Requests {
			id := strings.TrimPrefix(m.Target(), "/")
			if strings.HasPrefix(id, "bystander") {
				continue
			}
			if !k.sent(id, m) {
				k.t.Errorf("the backend has a request that nobody made: %q %q", m.Head, m.Body)
			}
			arrived[id]++
		}
	}
	for id := range k.exactly {
		if arrived[id] != len(k.asked[id]) {
			k.t.Errorf("exchange %s made %d requests, and %d arrived", id, len(k.asked[id]), arrived[id])
		}
	}
}

func (k *cutter) sent(id string, m *proxytest.Message) bool {
	for _, q := range k.asked[id] {
		if q.Line == m.Line && bytes.Equal(q.Body, m.Body) && len(q.Trailers) == len(m.Trailers) {
			return true
		}
	}
	return false
}

// wholeRequests are those in b.
func wholeRequests(b string) (all []*proxytest.Message) {
	for {
		m, n := proxytest.ReadRequest([]byte(b))
		if n == 0 {
			return all
		}
		all, b = append(all, m), b[n:]
	}
}

func TestClientThatEndsAtAnyByteHarmsNobody(t *testing.T) {
	k := newCutter(t)
	for _, c := range cuttings {
		for cut := range len(c.asks) {
			for _, way := range []string{"close", "half a close", "reset"} {
				then := proxytest.Keep
				switch {
				case c.untilEnd:
					then = proxytest.Close
				case c.tunnelled:
					then = proxytest.Tunnel
				}
				id, asks, _ := k.begin(c, len(c.says), then)
				k.asked[id] = wholeRequests(asks[:cut])
				client := proxytest.Dial(t, k.router.addr)
				if _, err := io.WriteString(client, asks[:cut]); err != nil {
					t.Fatal(err)
				}
				switch way {
				case "half a close":
					k.exactly[id] = true
					k.hangUp(client, id, c)
				case "reset":
					client.SetLinger(0)
				}
				client.Close()
				k.next()
			}
		}
	}
	k.settled()
}

// hangUp closes the sending half: what was asked for is still answered, and nothing else.
func (k *cutter) hangUp(client *proxytest.Client, id string, c cutting) {
	enough := k.router.pass()
	defer enough()
	if err := client.CloseWrite(); err != nil {
		k.t.Fatal(err)
	}
	got, err := client.Rest()
	if err != nil {
		k.t.Errorf("%s: after %q: %v", id, got, err)
	}
	if n := strings.Count(string(got), "HTTP/1.1 2") + strings.Count(string(got), "HTTP/1.1 101"); n != len(k.asked[id]) {
		k.t.Errorf("%s %s: %d whole requests got %q", c.name, id, len(k.asked[id]), got)
	}
	k.foreign(id, got)
}

var anyNumber = regexp.MustCompile(`\b\d{6}\b`)

// foreign looks for bytes of other exchanges.
func (k *cutter) foreign(id string, got []byte) {
	k.t.Helper()
	for _, n := range anyNumber.FindAll(got, -1) {
		if string(n) != id {
			k.t.Errorf("%s got bytes of %s: %q", id, n, got)
		}
	}
}

func TestEndpointThatEndsAtAnyByteHarmsNobody(t *testing.T) {
	k := newCutter(t)
	for _, c := range cuttings {
		if c.name == "pipeline" {
			continue // its second request is as any next one
		}
		for cut := range len(c.says) {
			for _, then := range []proxytest.Then{proxytest.Close, proxytest.Stop, proxytest.Reset} {
				id, asks, says := k.begin(c, cut, then)
				k.asked[id] = wholeRequests(asks)
				client := proxytest.Dial(t, k.router.addr)
				if _, err := io.WriteString(client, asks); err != nil {
					t.Fatal(err)
				}
				k.checkCut(client, c, id, says[:cut], then)
				client.SetLinger(0)
				client.Close()
				k.next()
			}
		}
	}
	k.settled()
}

// checkCut: a client gets a 502, or an answer that it can see is cut, or one that the end of a connection ends.
func (k *cutter) checkCut(client *proxytest.Client, c cutting, id, said string, then proxytest.Then) {
	k.t.Helper()
	m, err := client.Next(c.headOnly)
	for err == nil && m.Status() < 200 && m.Status() != 101 {
		m, err = client.Next(c.headOnly)
	}
	switch {
	case err != nil && m == nil && !errors.Is(err, io.EOF):
		k.t.Errorf("%s %s: endpoint said %q and ended by %d, the client got %v", c.name, id, said, then, err)
	case err != nil:
	case m.Status() == 502 && c.tunnelled: // what the client said too early begins its next request
	case m.Status() == 502:
		k.bystander(client)
	case m.Status() == 101 && c.tunnelled:
		rest, _ := client.Rest()
		if _, tail, _ := strings.Cut(said, "\r\n\r\n"); !strings.HasPrefix(tail, string(rest)) {
			k.t.Errorf("%s %s: %q came through the tunnel of %q", c.name, id, rest, said)
		}
		k.foreign(id, rest)
	case c.untilEnd && then != proxytest.Reset && strings.HasSuffix(said, "\r\n\r\n"+string(m.Body)):
		k.bystander(client)
	default:
		k.t.Errorf("%s %s: half of an answer, %q, ended by %d, looks whole: %q %q", c.name, id, said, then, m.Head, m.Body)
	}
	if m != nil {
		k.foreign(id, m.Body)
	}
}
