//go:build linux

package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/balancer/health"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/proxy/stdhttp"
	"github.com/appia-edge/appia/rules"
)

// What a network does to the way between router and endpoints, done by the kernel in a network of the test's own.

// lossy is a router that greets endpoints and holds requests, as the product does, whose seconds the test makes pass. Endpoints
// may leave what they were sent without acknowledgement for a while.
func lossy(t *testing.T, unanswered time.Duration) *router {
	dial := &conn.Dialer{Timeout: time.Second}
	ticks := make(chan time.Time)
	std := *dial
	std.Unheard = unanswered
	var back Back = stdhttp.NewBack(stdhttp.BackOptions{Dial: std.DialContext, MaxIdle: 10})
	if !now.std {
		back = http1.NewBack(http1.BackOptions{Dial: dial.DialContext, MaxIdle: 10, Unheard: unanswered, Other: back})
	}
	r := startRouter(t, Options{
		EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}, Log: zap.NewNop(), Back: back, StdHTTP1: now.std, Ticks: ticks,
		Hold:  20 * time.Second,
		Fleet: balancer.New(balancer.Options{StickyKey: []byte("test"), Greet: true, Health: health.Options{Dial: dial.DialContext}}),
	})
	r.tick = func() { ticks <- time.Now() }
	return r
}

// waits asks while seconds pass.
func (r *router) waits(method, host string) (*http.Response, string) {
	r.t.Helper()
	done := make(chan bool)
	defer close(done)
	go func() {
		beat := time.NewTicker(100 * time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-done:
				return
			case <-beat.C:
				r.tick()
			}
		}
	}()
	return r.ask(method, host, "/")
}

func (r *router) wants(status int, text, method, host string) {
	r.t.Helper()
	answer, got := r.waits(method, host)
	if answer.StatusCode != status || status == 200 && got != text {
		r.t.Errorf("%s to %s: %s %q, want %d %q", method, host, answer.Status, got, status, text)
	}
}

func (r *router) failures() map[string]uint64 { return causesOf(r.proxy.EntryPoints()[0].Failed()) }

func TestAMachineThatVanishesCostsNoRequestThatMayBeSentTwice(t *testing.T) {
	if !proxytest.InOwnNetwork(t, now.only()) {
		return
	}
	r := lossy(t, 2*time.Second) // by then the kernel has sent a request four times
	a, b := named(t, "a"), named(t, "b")
	r.serve(service{rule: "Host:a.com", addrs: []string{a}}, service{rule: "Host:both.com", addrs: []string{a, b}},
		service{rule: "Host:stuck.com", addrs: []string{a}, spec: rules.ServiceSpec{Presence: rules.Presence{Hold: -1}}})
	r.wants(200, "a", "GET", "a.com")

	proxytest.Unplug(t, a)
	for range 2 { // one of them finds a connection to it that was kept
		r.wants(200, "b", "GET", "both.com")
	}
	r.wants(200, "b", "POST", "both.com")
	if got := r.failures(); len(got) > 0 {
		t.Errorf("failures: %v", got)
	}

	proxytest.Plug(t)
	r.wants(200, "a", "GET", "a.com")
	if now.h2c || now.std {
		return // which connection a request goes by is net/http's affair
	}
	proxytest.Unplug(t, a)
	r.wants(504, "", "POST", "stuck.com") // it went by a connection that had just been good, and may have arrived
	proxytest.Plug(t)
	r.wants(200, "a", "GET", "a.com")
	for range 5 {
		r.tick()
	}
	proxytest.Unplug(t, a)
	for range 2 { // no longer warm: the dial tells
		r.wants(200, "b", "POST", "both.com")
	}
	r.leave()
	if got := r.failures(); fmt.Sprint(got) != "map[upstream endpoint-unreachable:1]" {
		t.Errorf("failures: %v", got)
	}
}

// A third of all packets is lost, each way. It is every third, so that what is sent often enough arrives for certain.
func TestLostPacketsCostNoRequest(t *testing.T) {
	if !proxytest.InOwnNetwork(t, now.only()) {
		return
	}
	r := lossy(t, 20*time.Second)
	long := strings.Repeat("0123456789", 2000)
	var addrs []string
	for range 3 {
		addrs = append(addrs, endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			body, _ := io.ReadAll(q.Body)
			w.Write(body)
		}))
	}
	r.serve(service{rule: "Host:a.com", addrs: addrs})
	for _, addr := range addrs {
		port := addr[strings.LastIndexByte(addr, ':')+1:]
		proxytest.Firewall(t, "-p tcp --dport "+port+" -m statistic --mode nth --every 3 --packet 0 -j DROP")
		proxytest.Firewall(t, "-p tcp --sport "+port+" -m statistic --mode nth --every 3 --packet 0 -j DROP")
	}
	done := make(chan error)
	const clients = 20
	for n := range clients {
		go func() {
			q, _ := http.NewRequest([]string{"GET", "POST"}[n%2], "http://"+r.addr+"/", strings.NewReader(long))
			q.Host = "a.com"
			answer, err := r.http.Do(q)
			if err == nil {
				var got []byte
				if got, err = io.ReadAll(answer.Body); err == nil && (answer.StatusCode != 200 || string(got) != long) {
					err = fmt.Errorf("%s, %d bytes", answer.Status, len(got))
				}
				answer.Body.Close()
			}
			done <- err
		}()
	}
	for range clients {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestAServiceThatIsStoppedForAWhileLosesNoRequest(t *testing.T) {
	process := exec.CommandContext(t.Context(), os.Args[0])
	process.Env = append(os.Environ(), servedBy+"="+now.scheme())
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer process.Wait()
	defer process.Process.Kill()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	patience := time.Millisecond // acknowledged is acknowledged
	if now.std || now.h2c {
		patience = 20 * time.Second
	}
	r := lossy(t, patience)
	r.serve(service{rule: "Host:a.com", addrs: []string{strings.TrimSpace(addr)}})
	r.wants(200, "", "GET", "a.com")

	process.Process.Signal(syscall.SIGSTOP)
	done := make(chan string)
	for _, size := range []int{0, 5, 20_000_000} { // the last is more than its machine takes for it
		go func() {
			sent := strings.Repeat("x", size)
			answer, got := r.ask("POST", "a.com", "/", func(q *http.Request) {
				q.Body, q.ContentLength = io.NopCloser(strings.NewReader(sent)), int64(size)
			})
			done <- fmt.Sprint(answer.StatusCode, got == sent)
		}()
	}
	r.until("all have been sent", func() bool { return r.fleet.Groups()[0].InFlight() == 3 })
	for range 30 {
		r.tick()
	}
	process.Process.Signal(syscall.SIGCONT)
	for range 3 {
		if got := <-done; got != "200 true" {
			t.Errorf("got %s", got)
		}
	}
}
