//go:build linux && !portable

package http1

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// house is a server that answers everybody alike, and its clock.
type house struct {
	*Server
	t    testing.TB
	addr string
	done chan error
}

func newHouse(t testing.TB, l Limits) *house {
	h := &house{t: t, done: make(chan error, 1)}
	h.Server = &Server{Limits: l, Handle: func(x message.Exchange) { x.Send(&message.Response{Status: 200, Body: message.Text("hello")}) }}
	listener, err := Listening(time.Minute).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = listener.Addr().String()
	go func() { h.done <- h.Serve(listener) }()
	t.Cleanup(func() {
		h.Close()
		if err := <-h.done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return h
}

// guest is a client's side.
type guest struct {
	net.Conn
	lines *bufio.Reader
}

func (h *house) guest() *guest {
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second))
	return &guest{c, bufio.NewReader(c)}
}

func (g *guest) ask(text string) error {
	if _, err := io.WriteString(g, text); err != nil {
		return err
	}
	response, err := http.ReadResponse(g.lines, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// count is the number of connections that wait for something.
func (h *house) count(w wait) (n int) {
	h.each(func(c *client) {
		if c.in.is(w) {
			n++
		}
	})
	return n
}

// until lets seconds pass until so many connections are in a state.
func (h *house) until(w wait, n int) {
	h.t.Helper()
	for late := time.Now().Add(20 * time.Second); h.count(w) != n; runtime.Gosched() {
		if time.Now().After(late) {
			h.t.Fatalf("%d connections are in state %d, not %d", h.count(w), w, n)
		}
		h.Tick(time.Now())
	}
}

func TestIdleConnectionsSleepAndWakeUpForARequest(t *testing.T) {
	h := newHouse(t, Limits{})
	guests := make([]*guest, 20)
	for i := range guests {
		guests[i] = h.guest()
	}
	for range 3 {
		for _, g := range guests {
			if err := g.ask(get); err != nil {
				t.Fatal(err)
			}
		}
		h.until(asleep, len(guests))
	}
}

func TestASleeperTakesARequestInPieces(t *testing.T) {
	h := newHouse(t, Limits{})
	g := h.guest()
	if err := g.ask(get); err != nil {
		t.Fatal(err)
	}
	h.until(asleep, 1)
	io.WriteString(g, get[:5])
	for h.count(heading) != 1 {
		runtime.Gosched()
	}
	if err := g.ask(get[5:]); err != nil {
		t.Fatal(err)
	}
}

func TestASleeperWhoseClientLeavesIsForgotten(t *testing.T) {
	h := newHouse(t, Limits{})
	g := h.guest()
	if err := g.ask(get); err != nil {
		t.Fatal(err)
	}
	h.until(asleep, 1)
	g.Close()
	h.until(asleep, 0)
	if err := h.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSleepersAreNotForgottenByTimeOutsAndShutdowns(t *testing.T) {
	for name, end := range map[string]func(*house){
		"time-out": func(h *house) {
			for range 100 {
				h.Tick(time.Now())
			}
		},
		"shutdown": func(h *house) {
			if err := h.Shutdown(h.t.Context()); err != nil {
				h.t.Error(err)
			}
		},
		"close": func(h *house) { h.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, Limits{Idle: time.Minute})
			g := h.guest()
			if err := g.ask(get); err != nil {
				t.Fatal(err)
			}
			h.until(asleep, 1)
			end(h)
			if _, err := g.Read(make([]byte, 1)); err != io.EOF {
				t.Error(err)
			}
		})
	}
}

// TestNobodyIsLostBetweenWakingAndSleeping asks at all moments of falling asleep.
func TestNobodyIsLostBetweenWakingAndSleeping(t *testing.T) {
	h := newHouse(t, Limits{})
	stop := make(chan bool)
	var clock, all sync.WaitGroup
	clock.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				h.Tick(time.Now())
				time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
			}
		}
	})
	for range 16 {
		g := h.guest()
		all.Go(func() {
			for range 100 {
				if err := g.ask(get); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
			}
		})
	}
	all.Wait()
	close(stop)
	clock.Wait()
}

// BenchmarkSleep is a request of a client that has fallen asleep, and falling asleep again, beside one of a client that
// stays awake while as many seconds pass.
func BenchmarkSleep(b *testing.B) {
	for name, state := range map[string]wait{"awake": idle, "asleep": asleep} {
		b.Run(name, func(b *testing.B) {
			h := newHouse(b, Limits{})
			h.start()
			if state == idle {
				h.dormitory.close()
				h.dormitory = nil
			}
			g := h.guest()
			g.SetDeadline(time.Time{})
			for b.Loop() {
				if err := g.ask(get); err != nil {
					b.Fatal(err)
				}
				for h.count(idle) != 1 {
					runtime.Gosched()
				}
				for range restless {
					h.Tick(time.Now())
				}
				for h.count(state) != 1 {
					runtime.Gosched()
				}
			}
		})
	}
}
