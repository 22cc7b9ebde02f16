package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

// senecaModules is the folder of node's modules in which seneca is, as npm install seneca@3.38 makes it. The test needs node, and javac's
// java for the service on the JVM; it is not run without.
const senecaModules = "APPIA_SENECA"

// A troupe is the processes of the example's services, by the names of its stack file.
type troupe struct {
	t     *testing.T
	dir   string
	ports map[string]string
	tasks map[string]*exec.Cmd
}

var examplesOfMessages = filepath.Join("..", "..", "..", "deploy", "examples", "messages")

func newTroupe(t *testing.T) *troupe {
	t.Helper()
	modules := os.Getenv(senecaModules)
	if modules == "" {
		t.Skip(senecaModules + " names no folder with seneca in it")
	}
	dir := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"math.js", "audit.js", "call.js", "Tax.java"} {
		text, err := os.ReadFile(filepath.Join(examplesOfMessages, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "stock"), "./"+filepath.Join(examplesOfMessages, "stock")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return &troupe{t: t, dir: dir, ports: map[string]string{}, tasks: map[string]*exec.Cmd{}}
}

// start starts a service's process and waits until it listens.
func (tr *troupe) start(name string, env []string, program string, args ...string) {
	tr.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tr.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	c := exec.Command(program, args...)
	c.Dir, c.Env, c.Stderr = tr.dir, append(os.Environ(), append(env, "PORT="+port)...), os.Stderr
	if err := c.Start(); err != nil {
		tr.t.Fatal(err)
	}
	tr.ports[name], tr.tasks[name] = port, c
	tr.t.Cleanup(func() { tr.kill(name) })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			tr.t.Fatalf("%s does not listen", name)
		}
	}
}

func (tr *troupe) kill(name string) {
	if c := tr.tasks[name]; c != nil {
		c.Process.Kill()
		c.Wait()
		delete(tr.tasks, name)
	}
}

// An outcome is what a caller has got for a message.
type outcome struct {
	Error  string
	Result map[string]any
	MS     int
}

// call has a caller of Seneca send messages.
func (tr *troupe) call(dialect, port string, messages ...string) (all []outcome) {
	tr.t.Helper()
	c := exec.Command("node", "call.js")
	c.Dir, c.Env = tr.dir, append(os.Environ(), "APPIA=127.0.0.1", "PORT="+port, "DIALECT="+dialect)
	c.Stdin, c.Stderr = strings.NewReader(strings.Join(messages, "\n")+"\n"), os.Stderr
	out, err := c.Output()
	if err != nil {
		tr.t.Fatalf("%v: %s", err, out)
	}
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		var o outcome
		if err := json.Unmarshal(lines.Bytes(), &o); err == nil {
			all = append(all, o)
		}
	}
	if len(all) != len(messages) {
		tr.t.Fatalf("%d messages, and the caller says %s", len(messages), out)
	}
	return all
}

// TestSenecaFindsItsServices plays the example's stack with real processes: node with Seneca in both dialects, the JVM, and Go.
func TestSenecaFindsItsServices(t *testing.T) {
	tr := newTroupe(t)
	engine, endpoint := newEngine(t)
	stack, err := os.ReadFile(filepath.Join(examplesOfMessages, "stack.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Deploy("shop", stack); err != nil {
		t.Fatal(err)
	}
	places := make(chan map[string]string, 1)
	placed := map[string]string{}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		now := <-places
		places <- now
		host, _, _ := net.SplitHostPort(addr)
		return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+tr.ports[now[host]])
	}
	places <- placed
	b := startIn(t, engine, endpoint, World{Dial: dial}, "--act.address=127.0.0.1:0")
	tr.start("math.1", []string{"NAME=one"}, "node", "math.js")
	tr.start("math.2", []string{"NAME=two", "DIALECT=modern"}, "node", "math.js")
	tr.start("math-next.1", []string{"NAME=next"}, "node", "math.js")
	tr.start("math-v3.1", []string{"NAME=three", "DIALECT=modern"}, "node", "math.js")
	tr.start("audit.1", nil, "node", "audit.js")
	tr.start("stock.1", nil, filepath.Join(tr.dir, "stock"))
	acts := b.app.proxy.EntryPoints()[1]
	var port string
	var table *rules.Table
	b.until("all services", func(t *rules.Table) bool {
		table = t
		return len(t.Pins()) == 5 && len(t.Service("backend-math").Sources) == 2 && len(t.Service("backend-math").Sources[0].Endpoints) == 2
	})
	_, port, _ = net.SplitHostPort(acts.Addr().String())
	tr.start("tax.1", []string{"APPIA_URL=http://127.0.0.1:" + port + "/act"}, "java", "Tax.java")
	now := <-places
	for _, s := range table.Services {
		for _, source := range s.Sources {
			for i, e := range source.Endpoints {
				host, _, _ := net.SplitHostPort(e.Addr)
				now[host] = fmt.Sprintf("%s.%d", strings.TrimPrefix(source.Owner.Name, "shop_"), i+1)
			}
		}
	}
	places <- now
	b.greeted()
	for _, dialect := range []string{"legacy", "modern"} {
		t.Run(dialect, func(t *testing.T) { tr.t = t; tr.play(dialect, port) })
	}
	tr.t = t
	tr.kill("math.1")
	for _, dialect := range []string{"legacy", "modern"} {
		for i, o := range tr.call(dialect, port, repeated(`{"role":"math","cmd":"sum","left":1,"right":2}`, 20)...) {
			if o.Error != "" || o.Result["answer"] != 3.0 {
				t.Errorf("%s, with a dead task, message %d: %+v", dialect, i, o)
			}
		}
	}
	tr.kill("tax.1")
	for _, dialect := range []string{"legacy", "modern"} {
		o := tr.call(dialect, port, `{"role":"tax","cmd":"add","net":100}`)[0]
		if o.Error == "" || o.MS > 1000 {
			t.Errorf("%s, a dead service: %+v", dialect, o)
		}
	}
	t.Log(b.api("/api/pins"))
}

func repeated(text string, n int) (all []string) {
	for range n {
		all = append(all, text)
	}
	return all
}

func (tr *troupe) play(dialect, port string) {
	counts := map[any]int{}
	for _, o := range tr.call(dialect, port, repeated(`{"role":"math","cmd":"sum","left":1,"right":2}`, 20)...) {
		if o.Error != "" || o.Result["answer"] != 3.0 {
			tr.t.Fatalf("%+v", o)
		}
		counts[o.Result["by"]]++
	}
	if counts["one"] != 9 || counts["two"] != 9 || counts["next"] != 2 {
		tr.t.Errorf("shares: %v", counts)
	}
	got := tr.call(dialect, port, `{"role":"math","cmd":"sum","left":1,"right":2,"v":3}`, `{"role":"tax","cmd":"add","net":100}`, `{"role":"stock","item":"tea"}`,
		`{"role":"stock"}`, `{"role":"math","cmd":"div","left":1,"right":0,"v":3}`, `{"role":"none","cmd":"x"}`, `{"role":"audit","cmd":"seen"}`)
	for i, want := range []string{`"by":"three"`, `"total":123`, `"by":"go"`, ``, ``, ``, `"seen":`} {
		text, _ := json.Marshal(got[i].Result)
		switch {
		case want == "" && (got[i].Error == "" || got[i].MS > 1000):
			tr.t.Errorf("message %d is no error within a second: %+v", i, got[i])
		case want != "" && (got[i].Error != "" || !strings.Contains(string(text), want)):
			tr.t.Errorf("message %d: %+v, want %s", i, got[i], want)
		}
	}
	tr.t.Logf("%+v", got)
}
