package proxy

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

// BenchmarkActBesidePost tells what an act costs beside the same POST on a plain route, in CPU of the router alone: what the client and
// the endpoint take, which are in this process too, is measured without a router and taken off. The three take turns.
func BenchmarkActBesidePost(b *testing.B) {
	for _, dialect := range []string{"legacy", "modern"} {
		asked, _ := replayed(b, dialect+"-web.txt")
		_, text, _ := strings.Cut(asked[0], "\r\n\r\n")
		b.Run(fmt.Sprint(dialect, "-", len(text), "-bytes"), func(b *testing.B) { actBesidePost(b, text) })
	}
}

func actBesidePost(b *testing.B, text string) {
	m := newMessages(b)
	addr := thriftyEndpoint(b)
	services := []service{{rule: "Act:role:math", scheme: "http", addrs: []string{addr}}, {rule: "Host:a.com", scheme: "http", addrs: []string{addr}}}
	for i := range 50 {
		services = append(services, service{rule: fmt.Sprintf("Act:cmd:c%d,role:r%d", i%7, i)})
	}
	m.serve(services...)
	post := "POST /act HTTP/1.1\r\nHost: a.com\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: " + fmt.Sprint(len(text)) + "\r\n\r\n" + text
	ways := []func(int){askerOf(b, m.addr, post), askerOf(b, m.acts, post), askerOf(b, addr, post)}
	var cpu [3]time.Duration
	rounds := 0
	for _, ask := range ways {
		ask(2000)
	}
	const each = 2000
	for b.Loop() {
		for i, ask := range ways {
			before := spent()
			ask(each)
			cpu[i] += spent() - before
		}
		rounds++
	}
	per := func(i int) float64 { return float64(cpu[i]) / float64(rounds*each) }
	router, act := per(0)-per(2), per(1)-per(2)
	b.ReportMetric(router, "cpu-ns/post")
	b.ReportMetric(act, "cpu-ns/act")
	b.ReportMetric(act/router, "act/post")
}

// spent is the CPU time of the process.
func spent() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func askerOf(t testing.TB, addr, text string) func(times int) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return (&router{t: t, addr: addr}).askOn(c, text)
}

// TestASteadyActAllocatesNothing: an act costs a pooled letter, and no more than a plain POST.
func TestASteadyActAllocatesNothing(t *testing.T) {
	if wasteful {
		t.Skip("the race detector and the portable sockets allocate")
	}
	m := newMessages(t)
	m.serve(service{rule: "Act:role:math", scheme: "http", addrs: []string{thriftyEndpoint(t)}})
	text := `{"role":"math","cmd":"sum","left":1,"right":2,"custom$":{}}`
	ask := askerOf(t, m.acts, "POST /act HTTP/1.1\r\nHost: act\r\nContent-Length: "+fmt.Sprint(len(text))+"\r\n\r\n"+text)
	ask(1000)
	if each := mallocs(func() { ask(10_000) }) / 10_000; each > 0.05 {
		t.Errorf("%.2f allocations an act", each)
	}
}

func BenchmarkTenThousandPins(b *testing.B) {
	var specs []rules.Spec
	for i := range 10_000 {
		rule, _, _ := rules.ParseTraefik1(fmt.Sprintf("Act:role:r%d,cmd:c%d", i/10, i%10))
		name := fmt.Sprint(i)
		specs = append(specs, rules.Spec{Owner: rules.Owner{ID: name, Name: name}, Routes: []rules.RouteSpec{{Name: name, Rule: rule, Service: name}}, Services: []rules.ServiceSpec{{Name: name}}})
	}
	for b.Loop() {
		rules.Compile(specs, rules.Options{Act: "act"})
	}
}
