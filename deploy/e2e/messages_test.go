package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// An outcome is what a caller of Seneca has got for a message.
type outcome struct {
	Error  string
	Result map[string]any
	MS     int
}

// A senecaCaller is a node process in a container of the swarm, to which the router is a name.
type senecaCaller struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Scanner
}

func newSenecaCaller(t *testing.T, dialect string) *senecaCaller {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	cmd := exec.CommandContext(ctx, "docker", "exec", "-i", "-e", "DIALECT="+dialect, containers(t, "caller")[0], "/usr/bin/node", "/app/call.js")
	world.Equip(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cancel()
		_ = cmd.Wait()
	})
	return &senecaCaller{t, in, bufio.NewScanner(out)}
}

// act sends a message and waits for what comes of it.
func (c *senecaCaller) act(message string) (outcome, error) {
	if _, err := fmt.Fprintln(c.in, message); err != nil {
		return outcome{}, err
	}
	for c.out.Scan() {
		var o outcome
		if json.Unmarshal(c.out.Bytes(), &o) == nil {
			return o, nil
		}
	}
	return outcome{}, io.ErrUnexpectedEOF
}

func (c *senecaCaller) must(message string) outcome {
	c.t.Helper()
	o, err := c.act(message)
	if err != nil {
		c.t.Fatal(err)
	}
	return o
}

const sum = `{"role":"math","cmd":"sum","left":1,"right":2}`

// TestMessagesFindTheirService deploys deploy/examples/messages as it stands: node with Seneca in both dialects, the JVM, and Go.
func TestMessagesFindTheirService(t *testing.T) {
	swarm(t)
	messagesNeed(t)
	buildMessages(t)
	deploy(t, exampleOfMessages+"stack.yml", "messages")
	create(t, "caller", append(labels("traefik.enable=false"), "example/caller:1")...)
	create(t, "dead", append(labels("traefik.frontend.rule=Act:role:dead"), "example/shop:1")...) // it listens on another port
	eventually(t, "the caller runs", func() error {
		if n := len(containers(t, "caller")); n != 1 {
			return fmt.Errorf("%d containers", n)
		}
		return nil
	})
	callers := map[string]*senecaCaller{"legacy": newSenecaCaller(t, "legacy"), "modern": newSenecaCaller(t, "modern")}
	eventually(t, "all services answer", func() error {
		for message, want := range map[string]string{
			sum: `"answer":3`, `{"role":"math","cmd":"sum","left":1,"right":2,"v":3}`: `"by":"three"`, `{"role":"tax","cmd":"add","net":100}`: `"total":123`,
			`{"role":"stock","item":"tea"}`: `"by":"go"`, `{"role":"audit","cmd":"seen"}`: `"seen"`,
		} {
			o, err := callers["legacy"].act(message)
			if text, _ := json.Marshal(o.Result); err != nil || !strings.Contains(string(text), want) {
				return fmt.Errorf("%s: %v %+v", message, err, o)
			}
		}
		return nil
	})
	t.Run("by their shares", func(t *testing.T) { messagesShare(t, callers) })
	for dialect, c := range callers {
		c.t = t
		for message, want := range map[string]string{
			`{"role":"math","cmd":"sum","left":1,"right":2,"v":3}`: `"by":"three"`, `{"role":"tax","cmd":"add","net":100}`: `"by":"jvm","total":123`, `{"role":"stock","item":"tea"}`: `"by":"go"`,
		} {
			o := c.must(message)
			if text, _ := json.Marshal(o.Result); o.Error != "" || !strings.Contains(string(text), want) {
				t.Errorf("%s, %s: %+v", dialect, message, o)
			}
		}
		for _, message := range []string{`{"role":"none"}`, `{"role":"dead"}`, `{"role":"stock"}`, `{"role":"math","cmd":"div","left":1,"right":0,"v":3}`} {
			if o := c.must(message); o.Error == "" || o.MS > 1000 {
				t.Errorf("%s, %s is no error within a second: %+v", dialect, message, o)
			}
		}
	}
	t.Run("while a task ends", func(t *testing.T) { messagesSurvive(t, callers) })
	t.Run("and observers see them", func(t *testing.T) { messagesAreSeen(t, callers["legacy"]) })
}

// messagesShare: of 20 messages the canary has 2, and each of two tasks 9.
func messagesShare(t *testing.T, callers map[string]*senecaCaller) {
	eventually(t, "nine of ten, and one", func() error {
		for dialect, c := range callers {
			by := map[any]int{}
			for range 20 {
				o, err := c.act(sum)
				if err != nil || o.Error != "" {
					return fmt.Errorf("%s: %v %+v", dialect, err, o)
				}
				by[o.Result["by"]]++
			}
			if by["math"] != 18 || by["next"] != 2 {
				return fmt.Errorf("%s: %v", dialect, by)
			}
		}
		return nil
	})
}

// messagesSurvive has both callers send without a pause while one of the tasks that answer ends: by swarm's doing none of them
// fails, and of a task that is killed without notice at most what it had in its hands, as nobody may send an act twice.
func messagesSurvive(t *testing.T, callers map[string]*senecaCaller) {
	messagesDuring(t, callers, 0, func() {
		docker(t, "service", "scale", "--detach", "messages_math=1")
		eventually(t, "one task is left", func() error { return are(t, "messages_math", 1) })
		docker(t, "service", "scale", "--detach", "messages_math=2")
		eventually(t, "there are two again", func() error { return are(t, "messages_math", 2) })
	})
	messagesDuring(t, callers, 1, func() {
		victim := containers(t, "messages_math")[0]
		docker(t, "kill", victim)
		eventually(t, "another task is in its place", func() error {
			if now := containers(t, "messages_math"); len(now) != 2 || now[0] == victim || now[1] == victim {
				return fmt.Errorf("containers %v", now)
			}
			return nil
		})
	})
}

func are(t *testing.T, service string, wanted int) error {
	if now := containers(t, service); len(now) != wanted {
		return fmt.Errorf("containers %v", now)
	}
	return nil
}

// messagesDuring has so many messages of each caller fail at most, and those at once.
func messagesDuring(t *testing.T, callers map[string]*senecaCaller, most int, do func()) {
	t.Helper()
	type report struct {
		dialect string
		sent    int
		failed  []string
	}
	stop, reports := make(chan struct{}), make(chan report)
	for dialect, c := range callers {
		go func() {
			r := report{dialect: dialect}
			for {
				select {
				case <-stop:
					reports <- r
					return
				default:
				}
				r.sent++
				o, err := c.act(sum)
				if err != nil || o.Error != "" || o.Result["answer"] != 3.0 {
					r.failed = append(r.failed, fmt.Sprintf("message %d: %v %+v", r.sent, err, o))
				}
				if err != nil || o.MS > 2000 {
					r.failed = append(r.failed, fmt.Sprintf("message %d took %d ms: %v", r.sent, o.MS, err))
				}
				if err != nil {
					<-stop
				}
			}
		}()
	}
	do()
	close(stop)
	for range callers {
		r := <-reports
		t.Logf("%s: %d messages, %d failed %v", r.dialect, r.sent, len(r.failed), r.failed)
		if len(r.failed) > most {
			t.Errorf("%s: %d failed, of which %d may", r.dialect, len(r.failed), most)
		}
		if r.sent < 50 {
			t.Errorf("%s: no load", r.dialect)
		}
	}
}

// messagesAreSeen: the observer has a copy of each message more.
func messagesAreSeen(t *testing.T, c *senecaCaller) {
	before := seenBy(t, c)
	const more = 25
	for range more {
		c.must(sum)
	}
	eventually(t, "the observer has its copies", func() error {
		if now := seenBy(t, c); now != before+more {
			return fmt.Errorf("%v after %v", now, before)
		}
		return nil
	})
	var pins struct {
		Pins []struct {
			Pin      string
			Requests int
		}
		Copies []struct{ Sent, Failed, Dropped int }
	}
	if err := api(admin, "/api/pins", &pins); err != nil || len(pins.Pins) != 6 || len(pins.Copies) != 1 || pins.Copies[0].Sent < more {
		t.Errorf("%v %+v", err, pins)
	}
}

func seenBy(t *testing.T, c *senecaCaller) float64 {
	t.Helper()
	o := c.must(`{"role":"audit","cmd":"seen"}`)
	n, ok := o.Result["seen"].(float64)
	if !ok {
		t.Fatalf("%+v", o)
	}
	return n
}
