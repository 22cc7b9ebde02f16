package middleware

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

func digestFor(nonce string) message.Field {
	ha1 := digest("test", "traefik", "test")
	response := digest(ha1, nonce, "00000001", "c", "auth", digest("GET", "/"))
	return message.Field{Name: "Authorization", Value: fmt.Sprintf(
		`Digest username="test", realm="traefik", nonce="%s", uri="/", qop=auth, nc=00000001, cnonce="c", response="%s"`, nonce, response)}
}

func TestNonceThatHasRunOutIsReplacedWithoutAskingTheUser(t *testing.T) {
	now := time.Now()
	a, err := newDigestAuth(rules.DigestAuth{Users: []string{"test:traefik:" + digest("test", "traefik", "test")}}, Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	nonce := a.nonce(a.users.all().nonceKey("traefik"))
	now = now.Add(nonceLife + time.Second)
	r := a.Request(visiting(digestFor(nonce)))
	if r == nil || r.Status != 401 || !strings.Contains(r.Fields.Get("WWW-Authenticate"), "stale=true") {
		t.Errorf("got %v", r)
	}
	now = now.Add(-time.Minute)
	if r := a.Request(visiting(digestFor(nonce))); r != nil {
		t.Errorf("a nonce in its time is refused: %v", r.Fields.All())
	}
	if r := a.Request(visiting(digestFor(strings.ToLower(nonce)))); r == nil {
		t.Error("a forged nonce is believed")
	}
}

func TestCountsOfNoncesAreTakenOnceInAnyOrder(t *testing.T) {
	n := &nonceCounts{counts: map[string]*nonceCount{}}
	now := time.Now()
	for _, step := range []struct {
		count uint64
		want  bool
	}{{1, true}, {1, false}, {3, true}, {2, true}, {2, false}, {100, true}, {36, false}, {37, true}, {99, true}, {99, false}, {0, false}, {1 << 31, true}, {100, false}} {
		if got := n.take("n", step.count, now, now); got != step.want {
			t.Errorf("count %d: %t", step.count, got)
		}
	}
}

func TestRememberedNoncesAreBounded(t *testing.T) {
	n := &nonceCounts{counts: map[string]*nonceCount{}}
	now := time.Now()
	for i := range mostNonces + 100 {
		n.take(fmt.Sprint(i), 1, now, now)
	}
	if len(n.counts) != mostNonces {
		t.Errorf("%d are remembered", len(n.counts))
	}
	n.take("later", 1, now, now.Add(2*nonceLife))
	if len(n.counts) != 1 {
		t.Errorf("%d outlive their time", len(n.counts))
	}
}
