package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// bed is a whole router over an embedded swarm that the real docker client reads.
type bed struct {
	t      *testing.T
	engine *embedded.Engine
	app    *App
	tables chan *rules.Table
	logs   *observer.ObservedLogs
	stop   context.CancelFunc
	ended  chan error
	// patience is how long a certificate may take; 0: half a minute.
	patience time.Duration
}

func newEngine(t *testing.T) (*embedded.Engine, string) {
	t.Helper()
	engine := embedded.New(embedded.Options{})
	t.Cleanup(engine.Close)
	dir, err := os.MkdirTemp("", "appia") // t.TempDir's names are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	endpoint, err := engine.ListenUnix(filepath.Join(dir, "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	return engine, endpoint
}

func start(t *testing.T, engine *embedded.Engine, endpoint string, flags ...string) *bed {
	t.Helper()
	return startIn(t, engine, endpoint, World{}, flags...)
}

// startIn starts a router in a world of which the test has made a part.
func startIn(t *testing.T, engine *embedded.Engine, endpoint string, world World, flags ...string) *bed {
	t.Helper()
	return startWith(t, engine, endpoint, world, 0, flags...)
}

// startWith does, with a time for each answer of the engine and for its silence; 0: as long as in the product.
func startWith(t *testing.T, engine *embedded.Engine, endpoint string, world World, answers time.Duration, flags ...string) *bed {
	t.Helper()
	b := &bed{t: t, engine: engine, tables: make(chan *rules.Table, 1000), ended: make(chan error, 1)}
	flags = append([]string{"--web", "--web.address=127.0.0.1:0", "--docker", "--docker.swarmmode", "--docker.domain=litup.me", "--stateDir=",
		"--docker.endpoint=" + endpoint, "--entryPoints=Name:http Address:127.0.0.1:0 compress:true"}, flags...)
	c := config.Default()
	clean, _, err := config.Normalize(flags)
	if err != nil {
		t.Fatal(err)
	}
	if err := config.Flags(c).Parse(clean); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	c.Engine.Timeout, c.Engine.Silence = answers, answers
	client, err := swarm.Dial(c.Engine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	var core zapcore.Core
	core, b.logs = observer.New(zap.DebugLevel)
	world.Swarm, world.Version, world.OnTable = client, "test", func(t *rules.Table, _ []rules.Change) { b.tables <- t }
	if world.Dial == nil {
		world.Dial = engine.DialContext
	}
	if b.app, err = New(c, world, zap.New(core)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() { b.ended <- b.app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-b.ended; err != nil {
			t.Error(err)
		}
		b.ended <- nil
	})
	return b
}

// until waits for a table that the test wants.
func (b *bed) until(what string, good func(*rules.Table) bool) {
	b.t.Helper()
	var last *rules.Table
	for {
		select {
		case last = <-b.tables:
			if good(last) {
				return
			}
		case <-time.After(20 * time.Second):
			b.t.Fatalf("no table with %s; the last was\n%s", what, last)
		}
	}
}

// greeted waits until every endpoint has accepted a connection: from then on shares are exact.
func (b *bed) greeted() {
	b.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		unmet := 0
		for _, g := range b.app.fleet.Status().Groups {
			for _, e := range g.Endpoints {
				if e.State == balancer.Fresh {
					unmet++
				}
			}
		}
		if unmet == 0 {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%d endpoints have not accepted a connection", unmet)
		}
	}
}

func (b *bed) untilText(part string) {
	b.t.Helper()
	b.until(part, func(t *rules.Table) bool { return strings.Contains(t.String(), part) })
}

// ask sends a GET through the entry point.
func (b *bed) ask(host, path string) (int, embedded.Echo) {
	b.t.Helper()
	status, body := b.get(b.app.proxy.EntryPoints()[0].Addr(), host, path)
	var echo embedded.Echo
	if status == 200 {
		if err := json.Unmarshal(body, &echo); err != nil {
			b.t.Fatalf("%s: %v", body, err)
		}
	}
	return status, echo
}

func (b *bed) api(path string) string {
	b.t.Helper()
	_, body := b.get(b.app.admin.Addr(), "", path)
	return string(body)
}

func (b *bed) get(addr net.Addr, host, path string) (int, []byte) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, "http://"+addr.String()+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	request.Host = host
	request.Close = true
	request.Header.Set("Accept", "application/json")
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, body
}

func example(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (b *bed) deploy(stack, file string) {
	b.t.Helper()
	if err := b.engine.Deploy(stack, example(b.t, file)); err != nil {
		b.t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStacksOfTheArticleAnswerThroughTheWholePipeline(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("blog", "blog.yml")
	b.deploy("user", "user-api.yml")
	b.until("all of it", func(t *rules.Table) bool {
		return strings.Contains(t.String(), "/v3/user/my") && strings.Count(t.String(), ":2368") == 2
	})
	b.greeted()
	tasks := map[string]bool{}
	for range 4 {
		_, echo := b.ask("blog.litup.me", "/hello")
		tasks[echo.Task] = true
	}
	if len(tasks) != 2 {
		t.Errorf("the two replicas of the blog: %v answered", tasks)
	}
	for path, want := range map[string]string{
		"/v2/user/1": "user_api-v2 /1", "/v3/user": "user_api-v3 /", "/v3/user/my/profile": "user_api-v3-my /profile", "/v3/users": "user_api-v3 /s",
	} {
		if _, echo := b.ask("api.mydomain.com", path); echo.Service+" "+echo.Path != want {
			t.Errorf("%s went to %s %s, want %s", path, echo.Service, echo.Path, want)
		}
	}
	if status, _ := b.ask("api.mydomain.com", "/v3/use"); status != 404 {
		t.Errorf("/v3/use: %d", status)
	}
}

func TestCanaryIsExactAndItsWeightsMoveLive(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("shop", "canary.yml")
	b.until("six tasks", func(t *rules.Table) bool { return strings.Count(t.String(), ":8000") == 6 })
	b.greeted()
	share := func() int {
		next := 0
		for range 100 {
			if _, echo := b.ask("shop.litup.me", "/"); echo.Service == "shop_next" {
				next++
			}
		}
		return next
	}
	if n := share(); n != 10 {
		t.Errorf("weights 90 and 10: %d of 100 went to the canary", n)
	}
	must(t, engine.SetLabel("shop_next", "traefik.weight", "90"))
	b.until("equal weights", func(t *rules.Table) bool {
		return len(t.Services) == 1 && t.Services[0].Sources[0].Weight == t.Services[0].Sources[1].Weight
	})
	if n := share(); n != 50 {
		t.Errorf("weights 90 and 90: %d of 100 went to the canary", n)
	}
	must(t, engine.SetLabel("shop_next", "appia.weight.per", "service"))
	must(t, engine.SetLabel("shop_stable", "appia.weight.per", "service"))
	b.until("shares", func(t *rules.Table) bool {
		return t.Services[0].Sources[0].PerService && t.Services[0].Sources[1].PerService
	})
	must(t, engine.Scale("shop_next", 1))
	b.until("four tasks", func(t *rules.Table) bool { return strings.Count(t.String(), ":8000") == 4 })
	if n := share(); n != 50 {
		t.Errorf("equal shares with 3 and 1 replicas: %d of 100 went to the canary", n)
	}
}

func TestBadLabelsHarmTheirOwnServiceAndAreExplained(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	engine.AddService(
		embedded.Spec{Name: "good", Replicas: 1, Networks: []string{"net"}, Labels: map[string]string{"traefik.port": "80"}},
		embedded.Spec{Name: "bad", Replicas: 1, Networks: []string{"net"}, Labels: map[string]string{"traefik.port": "80", "traefik.frontend.rule": "Hots:bad.litup.me"}},
		embedded.Spec{Name: "odd", Replicas: 1, Networks: []string{"net"}, Labels: map[string]string{"traefik.port": "80", "traefik.weigth": "3", "traefik.weight": "heavy"}},
	)
	b.untilText("Host:odd.litup.me")
	for host, want := range map[string]int{"good.litup.me": 200, "odd.litup.me": 200, "bad.litup.me": 404} {
		if status, _ := b.ask(host, "/"); status != want {
			t.Errorf("%s: %d, want %d", host, status, want)
		}
	}
	told := b.api("/api/diagnostics")
	for _, part := range []string{`"Hots:bad.litup.me"`, `"Host:bad.litup.me"`, `"traefik.weigth"`, `"traefik.weight"`, `"heavy"`} {
		if !strings.Contains(told, part) {
			t.Errorf("%s is not in %s", part, told)
		}
	}
	must(t, engine.SetLabel("bad", "traefik.frontend.rule", "Host:bad.litup.me"))
	b.untilText("Host:bad.litup.me")
	if status, _ := b.ask("bad.litup.me", "/"); status != 200 {
		t.Errorf("after mending: %d", status)
	}
}

func TestEngineThatFailsTakesNoRouteAway(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	for name, fault := range map[string]embedded.Fault{
		"500": embedded.Refuse("/services", 500, "boom"), "worker": embedded.Worker(), "half an answer": embedded.Halve("/tasks"), "no quorum": embedded.NoLeader(),
	} {
		engine.Fault(fault)
		before := b.app.loop.Status().Failures
		for b.app.loop.Status().Failures == before {
			must(t, engine.SetLabel("blog_ghost", "traefik.tags", fmt.Sprint(time.Now().UnixNano()))) // hints until it is noticed
		}
		if status, _ := b.ask("blog.litup.me", "/"); status != 200 {
			t.Errorf("%s: %d", name, status)
		}
		if metrics := b.api("/metrics"); !strings.Contains(metrics, "appia_discovery_stale 1") {
			t.Errorf("%s: the metrics do not say that the table may be stale", name)
		}
	}
	engine.Fault()
	b.deploy("user", "user-api.yml")
	b.untilText("/v2/user")
}

func TestServiceWithoutTasksIs503AndGoneServiceIs404(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	must(t, engine.Scale("blog_ghost", 0))
	b.until("no task", func(t *rules.Table) bool { return !strings.Contains(t.String(), ":2368") })
	if status, _ := b.ask("blog.litup.me", "/"); status != 503 {
		t.Errorf("no task: %d", status)
	}
	must(t, engine.RemoveService("blog_ghost"))
	b.until("no route", func(t *rules.Table) bool { return len(t.Routes) == 0 })
	if status, _ := b.ask("blog.litup.me", "/"); status != 404 {
		t.Errorf("no service: %d", status)
	}
}

func TestKilledTasksAndScalingLoseNoRequest(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("blog", "blog.yml")
	tasks := func(n int) {
		t.Helper()
		alive := map[string]bool{}
		for _, task := range engine.Services()[0].Tasks {
			alive[task.ID] = task.State == "running" && task.Desired == "running"
		}
		b.until(fmt.Sprint(n, " living tasks"), func(t *rules.Table) bool {
			if len(t.Services) == 0 {
				return false
			}
			found := t.Services[0].Sources[0].Endpoints
			for _, e := range found {
				if !alive[e.Task] {
					return false
				}
			}
			return len(found) == n
		})
	}
	tasks(2)
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if status, _ := b.ask("blog.litup.me", "/"); status != 200 {
					t.Errorf("a request got %d", status)
					return
				}
			}
		})
	}
	for range 5 {
		must(t, engine.Scale("blog_ghost", 4))
		tasks(4)
		must(t, engine.KillTask("blog_ghost", 1))
		tasks(4)
		must(t, engine.Scale("blog_ghost", 2))
		tasks(2)
	}
	close(stop)
	asking.Wait()
}

func TestRouterRestartedWithoutItsEngineServesFromDisk(t *testing.T) {
	engine, endpoint := newEngine(t)
	dir := t.TempDir()
	first := start(t, engine, endpoint, "--stateDir="+dir)
	first.deploy("blog", "blog.yml")
	first.untilText(":2368")
	first.stop()
	if err := <-first.ended; err != nil {
		t.Error(err)
	}
	first.ended <- nil
	second := start(t, engine, "unix:///nowhere/docker.sock", "--stateDir="+dir)
	second.untilText(":2368")
	if status, _ := second.ask("blog.litup.me", "/"); status != 200 {
		t.Errorf("from disk: %d", status)
	}
	if n := second.logs.FilterMessageSnippet("cannot see the swarm").Len(); n != 1 {
		t.Errorf("the log told of it %d times", n)
	}
}

func TestStickyCookieHoldsOnEveryRouterOfTheSwarm(t *testing.T) {
	engine, endpoint := newEngine(t)
	one, two := start(t, engine, endpoint), start(t, engine, endpoint)
	engine.AddService(embedded.Spec{Name: "app", Replicas: 5, Networks: []string{"net"}, Labels: map[string]string{
		"traefik.port": "80", "traefik.backend.loadbalancer.stickiness": "true"}})
	for _, b := range []*bed{one, two} {
		b.until("five tasks", func(t *rules.Table) bool {
			return strings.Count(t.String(), ":80 ")+strings.Count(t.String(), ":80\n") >= 5
		})
	}
	first := func(b *bed, cookie string) (task, set string) {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.app.proxy.EntryPoints()[0].Addr().String(), nil)
		request.Host, request.Close = "app.litup.me", true
		request.Header.Set("Cookie", cookie)
		request.Header.Set("Accept", "application/json")
		answer, err := http.DefaultTransport.RoundTrip(request)
		must(t, err)
		defer answer.Body.Close()
		var echo embedded.Echo
		must(t, json.NewDecoder(answer.Body).Decode(&echo))
		set, _, _ = strings.Cut(answer.Header.Get("Set-Cookie"), ";")
		return echo.Task, set
	}
	home, cookie := first(one, "")
	for range 7 {
		if task, set := first(two, cookie); task != home || set != "" {
			t.Fatalf("home %s by cookie %q; the other router went to %s and set %q", home, cookie, task, set)
		}
	}
}

func TestLeavingRouterSaysSoBeforeItStopsAccepting(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint, "--lifeCycle.requestAcceptGraceTimeout=500ms")
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	if got := b.api("/ping"); got != "OK" {
		t.Errorf("/ping: %q", got)
	}
	b.stop()
	for !b.app.leaving.Load() {
		runtime.Gosched()
	}
	if status, _ := b.get(b.app.admin.Addr(), "", "/ping"); status != 503 {
		t.Errorf("/ping while leaving: %d", status)
	}
	if status, _ := b.ask("blog.litup.me", "/"); status != 200 {
		t.Errorf("a request while leaving: %d", status)
	}
}

func TestTakenPortEndsTheRouterWithAnErrorThatSaysWhich(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	for flag, want := range map[string]string{"--entryPoints=Name:http Address:" + taken.Addr().String(): "entry point http", "--web.address=" + taken.Addr().String(): "web"} {
		c := config.Default()
		clean, _, err := config.Normalize([]string{"--docker.swarmmode", "--stateDir=", "--web.address=127.0.0.1:0", "--entryPoints=Name:http Address:127.0.0.1:0", flag})
		must(t, err)
		must(t, config.Flags(c).Parse(clean))
		_, err = c.Finish()
		must(t, err)
		a, err := New(c, World{}, zap.NewNop())
		must(t, err)
		if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "address already in use") {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

func TestHealthcheckFollowsPing(t *testing.T) {
	var status int
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { w.WriteHeader(status) })}
	go server.Serve(l)
	defer server.Close()
	c := config.Default()
	must(t, config.Flags(c).Parse([]string{"--docker.swarmMode", "--web.address=" + l.Addr().String()}))
	_, err = c.Finish()
	must(t, err)
	for _, row := range []struct {
		status int
		well   bool
	}{{200, true}, {503, false}} {
		status = row.status
		if err := Healthcheck(t.Context(), c); (err == nil) != row.well {
			t.Errorf("/ping %d: %v", row.status, err)
		}
	}
	server.Close()
	if err := Healthcheck(t.Context(), c); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody listens: %v", err)
	}
}
