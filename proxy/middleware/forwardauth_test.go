package middleware

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// wired is a permission server at the other end of a pipe; answer is given each question and writes to its asker.
func wired(t *testing.T, f rules.ForwardAuth, answer func(q *http.Request, w io.Writer)) *forwardAuth {
	f.Address = "http://auth/check"
	a, err := newForwardAuth(f, Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			q, err := http.ReadRequest(bufio.NewReader(far))
			if err == nil {
				answer(q, far)
			}
		}()
		return near, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPermissionIsWaitedForHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		a := wired(t, rules.ForwardAuth{}, func(*http.Request, io.Writer) { <-done })
		started := time.Now()
		v := visiting()
		r := a.Request(v)
		if r == nil || r.Status != 500 || r.Body != nil || v.Failure == nil || v.Refused != RefusedAuth || time.Since(started) != 30*time.Second {
			t.Errorf("after %s: %+v", time.Since(started), r)
		}
		close(done)
		a.Close()
		synctest.Wait()
	})
}

func TestPermissionGivesFieldsByPatternButNoneThatFrames(t *testing.T) {
	a := wired(t, rules.ForwardAuth{ResponseHeaders: []string{"Content-Length"}, ResponseHeadersRegexp: regexp.MustCompile("^X-Auth-|Content-Length|Connection"),
		RequestHeaders: []string{"X-Auth-Token"}, HeaderField: "X-Auth-User"}, func(q *http.Request, w io.Writer) {
		if q.Header.Get("X-Other") != "" || q.Header.Get("X-Auth-Token") != "t" {
			t.Errorf("the server sees %v", q.Header)
		}
		io.WriteString(w, "HTTP/1.1 204 No Content\r\nX-Auth-User: ann\r\nConnection: close\r\nX-Else: 1\r\n\r\n")
	})
	v := visiting(message.Field{Name: "x-auth-forged", Value: "1"}, message.Field{Name: "X-Auth-Token", Value: "t"}, message.Field{Name: "X-Other", Value: "1"})
	if r := a.Request(v); r != nil {
		t.Fatalf("refused: %+v", r)
	}
	fields := &v.Exchange.Request().Fields
	if len(fields.All()) != 2 || fields.Get("X-Auth-User") != "ann" || fields.Get("X-Other") != "1" || v.User != "ann" {
		t.Errorf("user %s, fields %v", v.User, fields.All())
	}
}

func TestPermissionThatIsNoFinalAnswerIsNone(t *testing.T) {
	for _, text := range []string{"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 2xx OK\r\n\r\n", "\x00\x01\x02\r\n\r\n", ""} {
		a := wired(t, rules.ForwardAuth{}, func(_ *http.Request, w io.Writer) { io.WriteString(w, text) })
		if r := a.Request(visiting()); r == nil || r.Status != 500 {
			t.Errorf("%q: %+v", text, r)
		}
	}
}
