package demo

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
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// quick lets an old task live a little longer than a look at the swarm takes, so that an update can be seamless.
var quick = embedded.Pace{Start: 10 * time.Millisecond, Stop: 600 * time.Millisecond, Restart: 10 * time.Millisecond}

// A performance is a demo under way, and what it has printed.
type performance struct {
	stop context.CancelFunc

	mu    sync.Mutex
	grown *sync.Cond
	text  string
	ended bool
	err   error
}

func (p *performance) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text += string(text)
	p.grown.Broadcast()
	return len(text), nil
}

func start(t *testing.T, o Options) *performance {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &performance{stop: stop}
	p.grown = sync.NewCond(&p.mu)
	o.Addr, o.Admin, o.Out = "127.0.0.1:0", "127.0.0.1:0", p
	var running sync.WaitGroup
	running.Go(func() {
		err := Run(ctx, o)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ended, p.err = true, err
		p.grown.Broadcast()
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return p
}

// until waits for a text, and returns all that was printed by then.
func (p *performance) until(t *testing.T, text string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !strings.Contains(p.text, text) {
		if p.ended {
			t.Fatalf("it ended (%v) without %q:\n%s", p.err, text, p.text)
		}
		p.grown.Wait()
	}
	return p.text
}

// end waits for the demo's end.
func (p *performance) end() (text string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.ended {
		p.grown.Wait()
	}
	return p.text, p.err
}

func TestTheShowHappensAsItTells(t *testing.T) {
	p := start(t, Options{Pace: quick})
	text := p.until(t, "That was the show.")
	for _, want := range []string{
		"Host:blog.litup.me                                       backend-blog-ghost       2 tasks of blog_ghost\n",
		"3 tasks of shop_next (weight 10) + 3 tasks of shop_stable (weight 90)",
		"3 tasks of cart_blue (weight 90) + 1 task of cart_green (weight 10)\n",
		"Host(`api3.mydomain.com`) && PathPrefix(`/v3/user`)",
		"$ docker service update --image ghost:6-alpine blog_ghost\n",
		"before   100 requests, none failed: 90 by example/shop:1, 10 by example/shop:2\n",
		"~ service backend-shop shop_stable weight 90 a task => weight 50 a task\n",
		"after    100 requests, none failed: 50 by example/shop:1, 50 by example/shop:2\n",
		"before   100 requests, none failed: 90 by example/cart:1, 10 by example/cart:2\n",
		"$ docker service update --label-add traefik.http.services.cart.weighted.services=cart-blue:50,cart-green:50 cart_blue\n",
		"after    100 requests, none failed: 50 by example/cart:1, 50 by example/cart:2\n",
		"- endpoint backend-blog-ghost ",
		"+ endpoint backend-blog-ghost ",
		"now      api.mydomain.com/v3/user/hello: 404 Not Found\n",
		"now      api.mydomain.com/v2/user/hello: 200 OK from example/user-api:v2.5.9\n",
		`told     there is no function "PathPrefixStrp"; did you mean Host:api.mydomain.com;PathPrefixStrip:/v3/user ?`,
		"now      api.mydomain.com/v3/user/hello: 200 OK from example/user-api:v3.0.1\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not tell %q", want)
		}
	}
	if loads := regexp.MustCompile(`load +[0-9]+ requests, none failed: `).FindAllString(text, -1); len(loads) != 2 {
		t.Errorf("%d loads without a failure", len(loads))
	}
	if !regexp.MustCompile(`load .* [0-9]+ by ghost:5-alpine, [0-9]+ by ghost:6-alpine\n`).MatchString(text) {
		t.Error("the update was not seen by its load")
	}
	lines := try(t, text)
	base := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(text[strings.Index(text, "entry point "):])
	for line, service := range map[string]string{
		"api.mydomain.com' " + base + "/v3/user/my/hello":  "user_api-v3-my",
		"api.mydomain.com' " + base + "/v2/user/hello":     "user_api-v2",
		"api.mydomain.com' " + base + "/v3/user/hello":     "user_api-v3",
		"api3.mydomain.com' " + base + "/v3/user/my/hello": "user3_api-v3-my",
		"api3.mydomain.com' " + base + "/v2/user/hello":    "user3_api-v2",
		"api3.mydomain.com' " + base + "/v3/user/hello":    "user3_api-v3",
		"Host: blog.litup.me":                              "blog_ghost",
		"Host: shop.litup.me":                              "shop_",
		"Host: cart.litup.me":                              "cart_",
		"Host: green.cart.litup.me":                        "cart_green",
	} {
		if got := answeredBy(lines, line); !strings.HasPrefix(got, service) {
			t.Errorf("%s was answered by %q", line, got)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestServicesThatLeadToOthersAreShownByWhatIsBehindThem(t *testing.T) {
	const stack = `
services:
  a:
    image: x
    deploy:
      replicas: 2
      labels:
        traefik.http.services.a.loadbalancer.server.port: 80
        traefik.http.services.most.weighted.services: a:3,b:1
        traefik.http.services.all.weighted.services: most:1,b:1
        traefik.http.services.safe.failover.service: a
        traefik.http.services.safe.failover.fallback: b
        traefik.http.services.both.mirroring.service: a
        traefik.http.services.both.mirroring.mirrors: b:10
        traefik.http.routers.most.rule: Host(${B}most.me${B})
        traefik.http.routers.most.service: most
        traefik.http.routers.all.rule: Host(${B}all.me${B})
        traefik.http.routers.all.service: all
        traefik.http.routers.safe.rule: Host(${B}safe.me${B})
        traefik.http.routers.safe.service: safe
        traefik.http.routers.both.rule: Host(${B}both.me${B})
        traefik.http.routers.both.service: both
  b:
    image: y
    deploy:
      replicas: 0
      labels:
        traefik.http.services.b.loadbalancer.server.port: 80
`
	text := start(t, Options{Pace: quick, Stacks: []string{written(t, "leads.yml", strings.ReplaceAll(stack, "${B}", "`"))}}).until(t, "That was the show.")
	for _, want := range []string{
		"2 tasks of leads_a (weight 3) + 0 tasks of leads_b (weight 1)\n",
		"(2 tasks of leads_a (weight 3) + 0 tasks of leads_b (weight 1)) (weight 1) + 0 tasks of leads_b (weight 1)\n",
		"2 tasks of leads_a, else 0 tasks of leads_b\n",
		"2 tasks of leads_a, 10% copied to b@swarm\n",
		"$ docker service scale leads_a=3\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("without %q:\n%s", want, text)
		}
	}
}

func TestThousandsOfRoutesDoNotBecomeThousandsOfLines(t *testing.T) {
	var labels strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&labels, "traefik.s%d.frontend.rule: 'Host:s%d.me.com', ", i, i)
	}
	text := start(t, Options{Pace: quick, Stacks: []string{written(t, "many.yml",
		"services: {web: {image: x, deploy: {labels: {traefik.port: '80', "+labels.String()+"}}}}")}}).until(t, "That was the show.")
	for _, want := range []string{"   and 1976 more rules: http://", "   # and so on: appia explain --api http://", " and 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("without %q", want)
		}
	}
	if n := strings.Count(text, "\n"); n > 200 {
		t.Errorf("%d lines", n)
	}
}

func answeredBy(lines map[string]string, part string) string {
	for line, service := range lines {
		if strings.Contains(line, part) {
			return service
		}
	}
	return ""
}

// try does what each curl line says, and returns who answered.
func try(t *testing.T, text string) map[string]string {
	t.Helper()
	services := map[string]string{}
	for line := range strings.Lines(text) {
		if words := shellSplit(strings.TrimSpace(line)); len(words) > 1 && words[0] == "curl" {
			services[line] = curl(t, words[1:]).Service
		}
	}
	return services
}

func curl(t *testing.T, words []string) (who embedded.Echo) {
	t.Helper()
	asked, err := http.NewRequestWithContext(t.Context(), http.MethodGet, words[len(words)-1], nil)
	if err != nil {
		t.Fatal(err)
	}
	asked.Header.Set("Accept", "application/json")
	for i, word := range words {
		switch word {
		case "-X":
			asked.Method = words[i+1]
		case "-H":
			name, value, _ := strings.Cut(words[i+1], ": ")
			asked.Header.Set(name, value)
		}
	}
	asked.Host = asked.Header.Get("Host")
	asked.Close = true
	answer, err := http.DefaultTransport.RoundTrip(asked)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&who); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%v: %s, %v", words, answer.Status, err)
	}
	return who
}

// shellSplit knows what our lines have: single quotes, and \' between them.
func shellSplit(line string) (words []string) {
	word, quoted := "", false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			quoted = !quoted
		case c == '\\' && !quoted:
			i++
			word += string(line[i])
		case c == ' ' && !quoted:
			words = append(words, word)
			word = ""
		default:
			word += string(c)
		}
	}
	return append(words, word)
}

func TestTheReadersOwnStacksAreShown(t *testing.T) {
	p := start(t, Options{Pace: quick, Stacks: []string{"testdata/mine.yml", "../../../deploy/examples/blog.yml"}})
	text := p.until(t, "That was the show.")
	lines := try(t, text)
	if len(lines) != 3 {
		t.Errorf("%d curl lines", len(lines))
	}
	for line, service := range map[string]string{"www.me.com": "mine_web", "mine-everywhere.litup.me": "mine_everywhere", "blog.litup.me": "blog_ghost"} {
		if got := answeredBy(lines, line); got != service {
			t.Errorf("%s was answered by %q", line, got)
		}
	}
	for _, want := range []string{
		"warning unknown-label: mine_web: traefik.wieght=5\n", "did you mean traefik.weight ?",
		"# Host:mine-secure.litup.me: its tasks are to speak https",
		"$ docker service scale mine_web=3\n", "$ docker kill mine_web.1.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not tell %q", want)
		}
	}
	if strings.Contains(text, " failed (") {
		t.Error("requests failed")
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestStacksWithLittleToShowAreServed(t *testing.T) {
	for name, c := range map[string]struct{ labels, want string }{
		"a virtual address": {`{image: x, deploy: {labels: {traefik.port: "80", traefik.backend.loadbalancer.swarm: "true"}}}`, "virtual address of odd_web"},
		"no task":           {`{image: x, deploy: {replicas: 0, labels: {traefik.port: "80"}}}`, "0 tasks of odd_web"},
		"no replacement":    {`{image: x, deploy: {restart_policy: {condition: none}, labels: {traefik.port: "80"}}}`, "A task of odd_web dies"},
		"a global service":  {`{image: x, deploy: {mode: global, labels: {traefik.port: "80"}}}`, "The only task of odd_web on this node dies"},
		"a rule unguessed":  {"{image: x, deploy: {labels: {traefik.http.routers.w.rule: ClientIP(`10.0.0.0/8`), traefik.http.services.w.loadbalancer.server.port: '80'}}}", "no request comes to mind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := start(t, Options{Stacks: []string{written(t, "odd.yml", "services: {web: "+c.labels+"}")}}).until(t, "That was the show.")
			if !strings.Contains(text, c.want) {
				t.Errorf("without %q:\n%s", c.want, text)
			}
		})
	}
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestABadStackFileIsOneClearLine(t *testing.T) {
	for name, c := range map[string]struct{ path, want string }{
		"missing":     {"nowhere.yml", "--stack nowhere.yml: no such file or directory"},
		"a folder":    {".", "--stack .: is a directory"},
		"not YAML":    {written(t, "a.yml", "services:\n  web:\n    image: \"x\n"), "a.yml: the file is not YAML"},
		"prose":       {written(t, "b.yml", "hello\n"), "b.yml: the file is no stack file"},
		"empty":       {written(t, "c.yml", ""), "c.yml: the file is empty"},
		"binary":      {written(t, "d.yml", "\x00\xff\xfe"), "d.yml: the file is not YAML"},
		"no services": {written(t, "e.yml", "version: '3.6'\n"), "e.yml: the file is no stack file: it has no services"},
		"no labels":   {written(t, "f.yml", "services: {web: {image: x}}"), "f.yml: there is nothing to route: no service has labels under deploy: that ask for it"},
		"no env_file": {written(t, "g.yml", "services: {web: {image: x, env_file: /nowhere/web.env}}"), "g.yml: env_file /nowhere/web.env: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := start(t, Options{Stacks: []string{c.path}}).end()
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if text != "" {
				t.Errorf("before the error it told %q", text)
			}
		})
	}
}

func TestAnOccupiedPortIsAnErrorThatNamesItsFlag(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, o := range []Options{{Addr: taken.Addr().String(), Admin: "127.0.0.1:0"}, {Addr: "127.0.0.1:0", Admin: taken.Addr().String()}} {
		flag := "--addr "
		if o.Admin == taken.Addr().String() {
			flag = "--admin "
		}
		o.Out = io.Discard
		if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), flag+taken.Addr().String()+": something listens there already; choose a free port") {
			t.Errorf("got %v for %s", err, flag)
		}
	}
}

func TestCtrlCEndsTheShowAndLeavesNothingBehind(t *testing.T) {
	p := start(t, Options{Pace: embedded.Pace{Stop: time.Hour}})
	text := p.until(t, "$ docker service update --image")
	socket := regexp.MustCompile(`unix://(\S+)/docker\.sock`).FindStringSubmatch(text)[1]
	if _, err := os.Stat(socket); err != nil {
		t.Error(err)
	}
	p.stop()
	text, err := p.end()
	if err != nil || !strings.Contains(text, "\nEnded.") {
		t.Errorf("got %v and\n%s", err, text)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket's folder is left: %v", err)
	}
}

func TestForEndsByItselfEvenWithinTheShow(t *testing.T) {
	text, err := start(t, Options{Pace: embedded.Pace{Stop: time.Hour}, For: 500 * time.Millisecond}).end()
	if err != nil || !strings.Contains(text, "The 500ms are over.") {
		t.Errorf("got %v and\n%s", err, text)
	}
}

func TestAnAddressWithoutAPortIsAnErrorThatNamesItsFlag(t *testing.T) {
	err := Run(t.Context(), Options{Addr: "8000", Admin: "127.0.0.1:0", Out: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "--addr 8000: an address has a port after a colon") {
		t.Errorf("got %v", err)
	}
}

func TestATimeBelowZeroIsAnError(t *testing.T) {
	if err := Run(t.Context(), Options{For: -time.Second}); err == nil || !strings.Contains(err.Error(), "--for -1s") {
		t.Errorf("got %v", err)
	}
}

func TestABadLogLevelIsAnError(t *testing.T) {
	_, err := start(t, Options{LogLevel: "loud"}).end()
	if err == nil || !strings.Contains(err.Error(), "loud") {
		t.Errorf("got %v", err)
	}
}

func TestTheRouterIsOnlyOnTheExternalNetworksOfTheStacks(t *testing.T) {
	text := start(t, Options{Pace: quick, Stacks: []string{"testdata/networks.yml"}}).until(t, "/api/diagnostics.\n") // the closing words
	for _, want := range []string{
		"the router is on traefik_public, external in the stacks",
		"error no-common-network: networks_forgotten\n     the task is on networks_default and the router on traefik_public",
		"error no-common-network: networks_inside\n",
		"# Host:forgotten.me.com: 503, as the router reaches no task of networks_forgotten, see above\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not tell %q:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		words := shellSplit(strings.TrimSpace(line))
		if words[0] != "curl" {
			continue
		}
		want := http.StatusServiceUnavailable
		if strings.Contains(line, "reached.me.com") || strings.Contains(line, "networks-enabled.litup.me") {
			want = http.StatusOK
		}
		if got := status(t, words[1:]); got != want {
			t.Errorf("%s: got %d, want %d", line, got, want)
		}
	}
}

func status(t *testing.T, words []string) int {
	t.Helper()
	asked, err := http.NewRequestWithContext(t.Context(), http.MethodGet, words[len(words)-1], nil)
	if err != nil {
		t.Fatal(err)
	}
	asked.Host = strings.TrimPrefix(words[1], "Host: ")
	asked.Close = true
	answer, err := http.DefaultTransport.RoundTrip(asked)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestWithoutExternalNetworksTheRouterIsOnAllAndSaysSo(t *testing.T) {
	path := written(t, "lone.yml", "services: {web: {image: x, deploy: {labels: {traefik.port: '80'}}}}")
	text := start(t, Options{Pace: quick, Stacks: []string{path}}).until(t, "That was the show.")
	if !strings.Contains(text, "as no file names an external one; on a real swarm it must share one with each service") || strings.Contains(text, "no-common-network") {
		t.Error(text)
	}
}

func TestAStackWhoseServicesAreRefusedStaysUpAndSaysWhy(t *testing.T) {
	const nothing = "Nothing is routed"
	for name, c := range map[string]struct{ labels, want, also string }{
		"a protection": {`{traefik.port: "80", traefik.frontend.rule: "Host:a.b", traefik.frontend.auth.basic.users: "a:b"}`,
			"error bad-user: odd_web: traefik.frontend.auth.basic.users=", "# Host:a.b: 503, as its lock can't be made"},
		"no port":    {`{traefik.frontend.rule: "Host:a.b"}`, "error no-port: odd_web", nothing},
		"a typo":     {`{traefik.port: "80", traefik.frontend.rule: "Hots:a.b"}`, "did you mean Host:a.b ?\n", nothing},
		"not wanted": {`{traefik.port: "80", traefik.enable: "false"}`, "traefik.enable=false or a flag", nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, Options{Stacks: []string{written(t, "odd.yml", "services: {web: {image: x, deploy: {labels: "+c.labels+"}}}")}})
			text := p.until(t, "Ctrl-C ends it.\n")
			if !strings.Contains(text, c.want) || !strings.Contains(text, c.also) {
				t.Errorf("without %q and %q:\n%s", c.want, c.also, text)
			}
			dashboard := regexp.MustCompile(`http://\S+/dashboard/`).FindString(text)
			if got := status(t, []string{"-H", "Host: a", dashboard}); got != http.StatusOK {
				t.Errorf("the dashboard answers %d", got)
			}
		})
	}
}

// A shortWriter takes some text, and then fails.
type shortWriter struct {
	text strings.Builder
	fail error
}

func (w *shortWriter) Write(text []byte) (int, error) {
	if strings.Contains(w.text.String(), "docker.sock") {
		return 0, w.fail
	}
	return w.text.Write(text)
}

func TestAReaderThatLeavesEndsTheShowAndNothingIsLeftBehind(t *testing.T) {
	for _, c := range []struct{ fail, want error }{{syscall.EPIPE, nil}, {syscall.ENOSPC, syscall.ENOSPC}} {
		out := &shortWriter{fail: c.fail}
		if err := Run(t.Context(), Options{Addr: "127.0.0.1:0", Admin: "127.0.0.1:0", Out: out}); !errors.Is(err, c.want) {
			t.Errorf("%v: got %v", c.fail, err)
		}
		socket := regexp.MustCompile(`unix://(\S+)/docker\.sock`).FindStringSubmatch(out.text.String())[1]
		if _, err := os.Stat(socket); !os.IsNotExist(err) {
			t.Errorf("%v: the socket's folder is left: %v", c.fail, err)
		}
	}
}

func TestAdviceForAnOccupiedPortIsAnotherPort(t *testing.T) {
	if l, err := net.Listen("tcp", ":18080"); err == nil {
		defer l.Close()
	}
	err := Run(t.Context(), Options{Addr: "127.0.0.1:0", Admin: ":18080", Out: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "--admin :18080: something listens there already; choose a free port, as in --admin :28080") {
		t.Errorf("got %v", err)
	}
}

func TestAStackFileGivenTwiceIsOneClearLine(t *testing.T) {
	err := Run(t.Context(), Options{Stacks: []string{"testdata/mine.yml", "./testdata/../testdata/mine.yml"}})
	if err == nil || err.Error() != "--stack ./testdata/../testdata/mine.yml: this file is given twice; once is enough" {
		t.Errorf("got %v", err)
	}
}

func TestAnEnvFileLiesBesideItsStackFile(t *testing.T) {
	path := written(t, "env.yml", "services: {web: {image: x, env_file: web.env, deploy: {labels: {traefik.port: '80'}}}}")
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "web.env"), []byte("A=b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Pace: quick, Stacks: []string{path}}).until(t, "1 task of env_web")
}

func TestTheReaderMayRehearseWithFlagsOfTheRouter(t *testing.T) {
	p := start(t, Options{Pace: quick, Stacks: []string{"testdata/networks.yml"},
		Router: []string{"--docker.exposedbydefault=false", "--docker.domain", "example.com", "--consul"}})
	text := p.until(t, "That was the show.")
	for _, want := range []string{
		"--docker.exposedByDefault=false --docker.domain=example.com\n",
		"Host:networks-enabled.example.com", "# flag --consul is known to Traefik 1.x",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not tell %q:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"networks_reached", "litup.me"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("it tells %q:\n%s", unwanted, text)
		}
	}
}

func TestFlagsThatPlaceTheRouterAreTheDemosOwn(t *testing.T) {
	for _, c := range []struct{ flag, want string }{
		{"--entryPoints=Name:http Address::80", "leave out --entryPoints=Name:http Address::80 behind the --: in the demo there is one entry point"},
		{"--web.address=:9", "--admin places it"},
		{"--docker.endpoint=tcp://a:1", "the swarm is embedded"},
		{"--docker.domian=x", "unknown flag --docker.domian; did you mean --docker.domain?"},
	} {
		text, err := start(t, Options{Router: []string{c.flag}}).end()
		if err == nil || !strings.Contains(err.Error(), c.want) || text != "" {
			t.Errorf("%s: got %v and %q", c.flag, err, text)
		}
	}
}
