package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

func TestTunnelsAndEventStreamsOutliveAHundredUnrelatedTables(t *testing.T) {
	events := make(chan string)
	sse := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case event := <-events:
				fmt.Fprintf(w, "data: %s\n\n", event)
				_ = http.NewResponseController(w).Flush()
			case <-q.Context().Done():
				return
			}
		}
	})
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	stay := []service{
		{rule: "Host:sse.com", addrs: []string{sse}},
		{rule: "Host:ws.com", scheme: "http", addrs: []string{endpointOf(t, "http", upgradeServer)}},
	}
	r.serve(stay...)

	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: ws.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	tunnel := bufio.NewReader(c)
	if head, err := http.ReadResponse(tunnel, nil); err != nil || head.StatusCode != 101 {
		t.Fatalf("%v %v", head, err)
	}
	tunnel.ReadString('\n') // its greeting
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	q, _ := http.NewRequestWithContext(ctx, "GET", "http://"+r.addr+"/", nil)
	q.Host = "sse.com"
	stream := make(chan *bufio.Reader, 1)
	go func() {
		answer, err := r.http.Do(q)
		if err != nil {
			close(stream)
			return
		}
		stream <- bufio.NewReader(answer.Body)
	}()
	events <- "first"
	lines, open := <-stream
	if !open {
		t.Fatal("the event stream did not open")
	}
	for i := range 100 {
		r.serve(append(stay, service{rule: fmt.Sprintf("Host:other%d.com", i), addrs: []string{deadAddr(t)}})...)
		io.WriteString(c, "still here\n")
		if line, err := tunnel.ReadString('\n'); line != "STILL HERE\n" {
			t.Fatalf("after %d tables the tunnel said %q, %v", i, line, err)
		}
		want := "data: first\n"
		if i > 0 {
			events <- fmt.Sprint(i)
			want = fmt.Sprintf("data: %d\n", i)
		}
		if line, err := lines.ReadString('\n'); line != want {
			t.Fatalf("after %d tables the stream said %q, %v", i, line, err)
		}
		lines.ReadString('\n')
	}
}

// BenchmarkSwapStorm asks 2,000 times a second for as many seconds as it is told (-benchtime 60x: a minute), first while all is
// calm and then while 50 tables a second are put in force, of a thousand routes. p99-ratio is what that costs the slowest
// requests; none may fail.
func BenchmarkSwapStorm(b *testing.B) {
	r := newRouter(b, EntryPointOptions{})
	ours := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Close()
	go ours.Serve(l)
	tables := stormTables(b, l.Addr().String())
	r.proxy.Swap(tables[0])
	r.http.Transport.(*http.Transport).MaxIdleConnsPerHost = 256
	for b.Loop() {
	}
	seconds := time.Duration(b.N) * time.Second
	calm := r.pour(b, seconds)
	ctx, stop := context.WithCancel(b.Context())
	var swapping sync.WaitGroup
	swapping.Go(func() {
		beat := time.NewTicker(20 * time.Millisecond)
		defer beat.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			<-beat.C
			r.proxy.Swap(tables[i%len(tables)])
		}
	})
	stormy := r.pour(b, seconds)
	stop()
	swapping.Wait()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(calm.Microseconds()), "µs-p99-calm")
	b.ReportMetric(float64(stormy.Microseconds()), "µs-p99-stormy")
	b.ReportMetric(float64(stormy)/float64(calm), "p99-ratio")
}

// stormTables are a thousand routes, each time with other tasks for ten of the services.
func stormTables(b *testing.B, addr string) (tables []*rules.Table) {
	o := rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}}
	var last *rules.Table
	for n := range 10 {
		var specs []rules.Spec
		for i := range 1000 {
			name := fmt.Sprintf("s%03d", i)
			rule, _, ok := rules.ParseTraefik1("Host:" + name + ".com")
			if !ok {
				b.Fatal("no rule")
			}
			endpoints := []rules.Endpoint{{Task: "t" + name, Scheme: "http", Addr: addr}}
			if i > 0 && i%100 == n {
				endpoints = append(endpoints, rules.Endpoint{Task: fmt.Sprint("more", n, i), Scheme: "http", Addr: "127.0.0.1:9"})
			}
			specs = append(specs, rules.Spec{Owner: rules.Owner{ID: name, Name: name},
				Routes:   []rules.RouteSpec{{Name: "r" + name, Rule: rule, Service: name}},
				Services: []rules.ServiceSpec{{Name: name, Weight: 1, Endpoints: endpoints}}})
		}
		last, _ = rules.Recompile(last, specs, o)
		tables = append(tables, last)
	}
	return tables
}

// pour asks steadily and returns how long the slowest hundredth took at least.
func (r *router) pour(b *testing.B, length time.Duration) time.Duration {
	var (
		mu   sync.Mutex
		took []time.Duration
		out  sync.WaitGroup
	)
	beat := time.NewTicker(500 * time.Microsecond)
	defer beat.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); <-beat.C {
		out.Go(func() {
			q, _ := http.NewRequest("GET", "http://"+r.addr+"/", nil)
			q.Host = "s000.com"
			began := time.Now()
			answer, err := r.http.Do(q)
			if err != nil {
				b.Error(err)
				return
			}
			defer answer.Body.Close()
			if text, err := io.ReadAll(answer.Body); string(text) != "ok" || err != nil {
				b.Errorf("%s %q %v", answer.Status, text, err)
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		})
	}
	out.Wait()
	slices.Sort(took)
	return took[len(took)*99/100]
}
