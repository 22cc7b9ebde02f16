package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ask sends a request through DialContext to an address of the swarm.
func ask(t *testing.T, e *Engine, url string) (*http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(t, err)
	request.Host = "blog.litup.me"
	request.Header.Set("Accept", "application/json")
	request.Header.Set("X-Forwarded-Prefix", "/v3/user")
	return (&http.Transport{DialContext: e.DialContext, DisableKeepAlives: true}).RoundTrip(request)
}

func echo(t *testing.T, e *Engine, addr netip.Addr) Echo {
	t.Helper()
	response, err := ask(t, e, "http://"+addr.String()+":2368/a%2Fb?x=1")
	must(t, err)
	defer response.Body.Close()
	var echo Echo
	must(t, json.NewDecoder(response.Body).Decode(&echo))
	return echo
}

func TestATaskAnswersAtItsAddressWithWhatItWasAsked(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	e.AddService(Spec{Name: "web", Replicas: 2, Networks: []string{"a", "b"}, Image: "web:1"})
	for _, task := range e.Services()[0].Tasks {
		for _, addr := range task.Addresses {
			got := echo(t, e, addr)
			want := Echo{Service: "web", Task: task.Name, Image: "web:1", Method: "GET", Host: "blog.litup.me", Path: "/a%2Fb", Query: "x=1",
				Proto: "HTTP/1.1", Headers: map[string]string{"X-Forwarded-Prefix": "/v3/user"}}
			if got.Headers["X-Forwarded-Prefix"] != "/v3/user" || got.Task != want.Task || got.Path != want.Path || got.Query != want.Query || got.Host != want.Host {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
	}
}

func TestTextIsAnsweredToThoseWhoDoNotAskForJSON(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	e.AddService(Spec{Name: "web", Replicas: 1, Networks: []string{"a"}})
	client := &http.Client{Transport: &http.Transport{DialContext: e.DialContext, DisableKeepAlives: true}}
	response, err := client.Get("http://" + e.Services()[0].Tasks[0].Addresses[0].String() + "/x")
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	if !strings.Contains(string(text), "service: web\n") || !strings.Contains(string(text), "path: /x\n") {
		t.Errorf("got %s", text)
	}
}

func TestWhoDoesNotRunRefuses(t *testing.T) {
	e := New(Options{Pace: Pace{Start: time.Hour}})
	defer e.Close()
	e.AddService(Spec{Name: "web", Replicas: 1, Networks: []string{"a"}})
	for _, addr := range []string{e.Services()[0].Tasks[0].Addresses[0].String(), "10.9.9.9"} {
		if _, err := ask(t, e, "http://"+addr+":80/"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: got %v", addr, err)
		}
	}
}

func TestAKilledTaskBreaksItsConnectionsAndRefusesNewOnes(t *testing.T) {
	begun := make(chan struct{})
	e := New(Options{Pace: Pace{Restart: time.Hour}, Answer: func(Task) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-r.Context().Done()
		})
	}})
	defer e.Close()
	e.AddService(Spec{Name: "web", Replicas: 1, Networks: []string{"a"}})
	addr := e.Services()[0].Tasks[0].Addresses[0].String()
	broken := make(chan error)
	go func() {
		_, err := ask(t, e, "http://"+addr+"/")
		broken <- err
	}()
	<-begun
	must(t, e.KillTask("web", 1))
	if err := <-broken; err == nil {
		t.Error("the request was answered")
	}
	if _, err := ask(t, e, "http://"+addr+"/"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

func TestAStoppedTaskFinishesItsRequests(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	e := New(Options{Answer: func(Task) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-finish
		})
	}})
	defer e.Close()
	e.AddService(Spec{Name: "web", Replicas: 1, Networks: []string{"a"}})
	addr := e.Services()[0].Tasks[0].Addresses[0].String()
	answered := make(chan error)
	go func() {
		_, err := ask(t, e, "http://"+addr+"/")
		answered <- err
	}()
	<-begun
	must(t, e.RemoveService("web"))
	if _, err := ask(t, e, "http://"+addr+"/"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
	close(finish)
	must(t, <-answered)
}

func TestAVirtualAddressGoesRoundTheTasks(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	e.AddService(Spec{Name: "web", Replicas: 3, Networks: []string{"a"}})
	answers := map[string]int{}
	for range 6 {
		answers[echo(t, e, e.Services()[0].VIPs[0]).Task]++
	}
	if len(answers) != 3 {
		t.Errorf("got %v", answers)
	}
}

func TestTasksServeWithoutTLSInHTTP2Too(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	e.AddService(Spec{Name: "web", Replicas: 1, Networks: []string{"a"}})
	transport := &http.Transport{DialContext: e.DialContext, Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("http://" + e.Services()[0].Tasks[0].Addresses[0].String() + "/")
	must(t, err)
	defer response.Body.Close()
	if response.ProtoMajor != 2 {
		t.Errorf("answered in %s", response.Proto)
	}
}

func TestTheDeadsAddressGoesToTheNextBornIfAsked(t *testing.T) {
	for _, reuse := range []bool{false, true} {
		e := New(Options{ReuseAddresses: reuse})
		defer e.Close()
		e.AddService(Spec{Name: "old", Replicas: 1, Networks: []string{"a"}})
		before := e.Services()[0].Tasks[0].Addresses[0]
		must(t, e.RemoveService("old"))
		e.AddService(Spec{Name: "new", Replicas: 2, Networks: []string{"a"}, DNSRR: true})
		same := false
		for _, task := range e.Services()[0].Tasks {
			same = same || task.Addresses[0] == before
		}
		if same != reuse {
			t.Errorf("reuse %v: the address came back: %v", reuse, same)
		}
	}
}
