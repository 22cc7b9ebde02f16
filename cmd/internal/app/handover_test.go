//go:build linux

package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/cmd/internal/handover"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/proxy/proxytest"
)

// The test binary is a router, too, of the flags that it is called with: its endpoints are all at one address, and it does not
// start while a file is there.
const (
	backendVariable = "TEST_ROUTER_BACKEND"
	brokenVariable  = "TEST_ROUTER_BROKEN"
)

func TestMain(m *testing.M) {
	backend := os.Getenv(backendVariable)
	if backend == "" {
		os.Exit(m.Run())
	}
	if how, err := os.ReadFile(os.Getenv(brokenVariable)); err == nil {
		if len(how) == 0 {
			os.Exit(3)
		}
		fmt.Fprintln(os.Stderr, `{"msg":"a successor that waits"}`)
		_, _ = io.Copy(io.Discard, os.NewFile(3, "predecessor")) // and whose predecessor has to end it
	}
	if err := beRouter(backend); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func beRouter(backend string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c := config.Default()
	flags, _, err := config.Normalize(os.Args[1:])
	if err != nil {
		return err
	}
	if err := config.Flags(c).Parse(flags); err != nil {
		return err
	}
	if _, err := c.Load(config.Here()); err != nil {
		return err
	}
	client, err := swarm.Dial(c.Engine)
	if err != nil {
		return err
	}
	defer client.Close()
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(os.Stderr), zap.InfoLevel)).
		With(zap.Int("process", os.Getpid()))
	sockets := handover.New(log)
	var dialer net.Dialer
	a, err := New(c, World{Swarm: client, Version: "test", Handover: sockets, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, backend)
	}}, log)
	if err != nil {
		return err
	}
	sockets.UpgradeOn(ctx)
	return a.Run(ctx)
}

// succession is routers that follow each other on the same addresses.
type succession struct {
	t          *testing.T
	addr, page string
	secure     string // of an entry point with TLS and HTTP/3; "": there is none
	flags      []string
	env        []string
	broken     string
	write      *os.File
	news       chan news
	all        sync.WaitGroup // processes that the test has started
}

// news is a line of a router's log.
type news struct {
	Msg     string `json:"msg"`
	Level   string `json:"level"`
	Process int    `json:"process"`
	PID     int    `json:"pid"`
	line    string
}

func newSuccession(t *testing.T, http1 string) *succession {
	engine, endpoint := newEngine(t)
	engine.AddService(embedded.Spec{Name: "web", Replicas: 1, Networks: []string{"net"}, Labels: map[string]string{"traefik.port": "80", "traefik.frontend.rule": "PathPrefix:/"}})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.Method, body)
	}))
	t.Cleanup(backend.Close)
	s := &succession{t: t, addr: proxytest.FreeAddress(t), page: proxytest.FreeAddress(t), broken: filepath.Join(t.TempDir(), "broken"), news: make(chan news, 10_000)}
	s.flags = []string{"--docker", "--docker.swarmmode", "--docker.endpoint=" + endpoint, "--stateDir=" + t.TempDir(), "--web", "--web.address=" + s.page,
		"--entryPoints=Name:http Address:" + s.addr, "--http1=" + http1, "--graceTimeOut=30", "--lifeCycle.requestAcceptGraceTimeout=1m"}
	s.env = append(os.Environ(), backendVariable+"="+backend.Listener.Addr().String(), brokenVariable+"="+s.broken)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.write = write
	go s.listen(read)
	return s
}

func (s *succession) listen(from *os.File) {
	defer close(s.news)
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		n := news{line: lines.Text()}
		_ = json.Unmarshal(lines.Bytes(), &n)
		s.news <- n
	}
}

// until waits for news.
func (s *succession) until(good func(news) bool) news {
	s.t.Helper()
	late := time.After(40 * time.Second)
	var last news
	for {
		select {
		case n, open := <-s.news:
			last = n
			if !open {
				s.t.Fatal("all routers have ended")
			}
			if strings.HasPrefix(n.line, "panic") || strings.Contains(n.line, "was cut") {
				s.t.Error(n.line)
			}
			if good(n) {
				return n
			}
		case <-late:
			s.t.Fatalf("no news; the last is %s", last.line)
		}
	}
}

func said(text string) func(news) bool {
	return func(n news) bool { return strings.Contains(n.Msg, text) }
}

// start starts a router as somebody else would.
func (s *succession) start() *os.Process {
	s.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(exe, s.flags...)
	cmd.Env, cmd.Stderr, cmd.Stdout = s.env, s.write, s.write
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.all.Go(func() { _ = cmd.Wait() })
	return cmd.Process
}

func (s *succession) first() *os.Process {
	p := s.start()
	s.until(said("listening"))
	for late := time.Now().Add(20 * time.Second); ; {
		err := request(http.DefaultClient, s, 2)
		if err == nil {
			return p
		}
		if time.Now().After(late) {
			s.t.Fatal("the first router is not ready", err)
		}
	}
}

// end ends the last router, and waits for all of them: the pipe closes with the last of those who hold it.
func (s *succession) end(last int) {
	s.t.Helper()
	_ = syscall.Kill(last, syscall.SIGKILL)
	s.all.Wait()
	s.write.Close()
	late := time.After(40 * time.Second)
	for {
		select {
		case n, open := <-s.news:
			if !open {
				return
			}
			if strings.Contains(n.line, "was cut") || strings.HasPrefix(n.line, "panic") {
				s.t.Error(n.line)
			}
		case <-late:
			s.t.Fatal("a router has not ended")
		}
	}
}

// crowd is clients that ask all the time, some on connections that they keep.
type crowd struct {
	stop     atomic.Bool
	clients  sync.WaitGroup
	asked    atomic.Int64
	mu       sync.Mutex
	failures []string
}

func gather(s *succession) *crowd {
	c := &crowd{}
	for i := range 12 {
		transport := &http.Transport{DisableKeepAlives: i%2 == 0}
		client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
		c.clients.Go(func() {
			defer transport.CloseIdleConnections()
			for n := 0; !c.stop.Load(); n++ {
				c.asked.Add(1)
				if err := request(client, s, n); err != nil {
					c.mu.Lock()
					c.failures = append(c.failures, fmt.Sprintf("kept %t: %v", i%2 == 1, err))
					c.mu.Unlock()
				}
			}
		})
	}
	return c
}

// request asks for this and that in turn; nothing is asked twice but what net/http asks again on a new connection, since the
// one that it had kept was closed before anything was answered, and the method allows it (RFC 9112, 9.3.1).
func request(client *http.Client, s *succession, n int) error {
	method, url, want := "GET", "http://"+s.addr+"/", "GET "
	body := []byte(nil)
	switch n % 8 {
	case 0:
		url, want = "http://"+s.page+"/ping", "OK"
	case 1, 3, 5:
		body = bytes.Repeat([]byte("x"), 1+n*1000%50_000)
		method, want = "POST", "POST "+string(body)
	}
	q, err := http.NewRequest(method, url, io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return err
	}
	if q.ContentLength = int64(len(body)); body == nil {
		q.Body = nil
	}
	answer, err := client.Do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 || string(got) != want {
		return fmt.Errorf("%s %s: %s, %d bytes, %w", method, url, answer.Status, len(got), err)
	}
	return nil
}

func (c *crowd) disperse(t *testing.T) {
	t.Helper()
	c.stop.Store(true)
	c.clients.Wait()
	for i, f := range c.failures {
		if i < 5 {
			t.Error(f)
		}
	}
	t.Logf("%d of %d requests failed", len(c.failures), c.asked.Load())
}

// generations is how often a router is followed by another.
const generations = 20

func overEngines(t *testing.T, test func(t *testing.T, http1 string)) {
	for _, http1 := range []string{"appia", "std"} {
		t.Run(http1, func(t *testing.T) { test(t, http1) })
	}
}

func TestNoRequestIsLostBetweenARouterAndTheSuccessorThatItStarts(t *testing.T) {
	overEngines(t, func(t *testing.T, http1 string) {
		s := newSuccession(t, http1)
		pid := s.first().Pid
		load := gather(s)
		for range generations {
			if err := syscall.Kill(pid, syscall.SIGUSR2); err != nil {
				t.Fatal(err)
			}
			pid = s.until(said("a successor serves")).PID
		}
		load.disperse(t)
		s.end(pid)
	})
}

func TestNoRequestIsLostBetweenARouterAndOneThatIsStartedBesideIt(t *testing.T) {
	overEngines(t, func(t *testing.T, http1 string) {
		s := newSuccession(t, http1)
		old := s.first()
		load := gather(s)
		for range generations {
			next := s.start()
			s.until(said("another router serves"))
			if err := old.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			old = next
		}
		load.disperse(t)
		s.end(old.Pid)
	})
}

func TestRouterGoesOnWhenItsSuccessorDoesNotServe(t *testing.T) {
	s := newSuccession(t, "appia")
	pid := s.first().Pid
	if err := os.WriteFile(s.broken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	load := gather(s)
	syscall.Kill(pid, syscall.SIGUSR2)
	if n := s.until(said("no successor has taken over")); n.Process != pid || !strings.Contains(n.line, "exit status 3") {
		t.Error(n.line)
	}
	if err := os.Remove(s.broken); err != nil {
		t.Fatal(err)
	}
	text, err := handover.Ask(pid)
	next := s.until(said("a successor serves")).PID
	if err != nil || !strings.Contains(text, fmt.Sprint(next)) {
		t.Errorf("%q %v; %d serves", text, err, next)
	}
	pid = next
	load.disperse(t)
	s.end(pid)
}

func TestWhoStopsARouterGetsNoSuccessorOfIt(t *testing.T) {
	s := newSuccession(t, "appia")
	router := s.first()
	if err := os.WriteFile(s.broken, []byte("waits"), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() {
		_, err := handover.Ask(router.Pid)
		answer <- err
	}()
	s.until(said("a successor that waits"))
	router.Signal(syscall.SIGTERM)
	if err := <-answer; err == nil || !strings.Contains(err.Error(), "told to leave") {
		t.Error(err)
	}
	router.Signal(syscall.SIGKILL) // it would accept for a minute yet
	s.end(router.Pid)
}

func TestSuccessorListensWhereItsOwnConfigurationSays(t *testing.T) {
	s := newSuccession(t, "appia")
	kept, lost, gained := s.addr, proxytest.FreeAddress(t), proxytest.FreeAddress(t)
	file := filepath.Join(t.TempDir(), "appia.toml")
	write := func(addresses ...string) {
		text := "defaultEntryPoints = [\"e0\", \"e1\"]\n"
		for i, a := range addresses {
			text += fmt.Sprintf("[entryPoints.e%d]\naddress = %q\n", i, a)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, f := range s.flags {
		if strings.HasPrefix(f, "--entryPoints=") {
			s.flags[i] = "--configFile=" + file
		}
	}
	write(lost, kept)
	pid := s.first().Pid
	write(kept, gained)
	load := gather(s)
	syscall.Kill(pid, syscall.SIGUSR2)
	next := s.until(said("a successor serves")).PID
	s.until(func(n news) bool { return n.Process == pid && strings.Contains(n.Msg, "every request has finished") })
	load.disperse(t)
	if c, err := net.Dial("tcp", lost); err == nil {
		c.Close()
		t.Error("somebody still listens where nobody is to")
	}
	s.addr = gained
	if err := request(http.DefaultClient, s, 2); err != nil {
		t.Error(err)
	}
	s.end(next)
}
