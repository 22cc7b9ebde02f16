package http3

import (
	"io"
	"net/http"
	"testing"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// Two servers on one port are a router and its successor.
func TestConnectionsStayWithTheRouterThatHasThemAndNewOnesGoToItsSuccessor(t *testing.T) {
	a := proxytest.NewAuthority(t)
	release := make(chan struct{})
	slow := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/slow" {
				http.NewResponseController(w).Flush()
				<-release
			}
			io.WriteString(w, name)
		}
	}
	const many = 20 // by chance half of them would go wrong
	old, _ := start(t, a, "127.0.0.1:0", slow("old"))
	address := old.Addr().String()
	var before []*http.Client
	var waiting []chan string
	for range many {
		c, got := newClient(t, a, address), make(chan string, 1)
		if said := ask(c, "/"); said != "old" {
			t.Fatal(said)
		}
		before, waiting = append(before, c), append(waiting, got)
		go func() { got <- ask(c, "/slow") }()
	}
	until(t, "all wait", func() bool { return inFlight(old) == many })

	next, _ := listen(t, a, address, slow("new"))
	for range many {
		if said := ask(newClient(t, a, address), "/"); said != "old" {
			t.Errorf("before the successor serves: %s", said)
		}
	}
	go next.Serve()
	until(t, "the successor gets a client", func() bool { return ask(newClient(t, a, address), "/") == "new" })
	for _, c := range before {
		if said := ask(c, "/"); said != "old" {
			t.Errorf("on a connection of the old one: %s", said)
		}
	}
	var after []*http.Client
	for range many {
		c := newClient(t, a, address)
		if said := ask(c, "/"); said != "new" {
			t.Errorf("a new client: %s", said)
		}
		after = append(after, c)
	}
	down := make(chan error, 1)
	go func() { down <- old.Shutdown(t.Context()) }()
	until(t, "the old one leaves", old.Leaving)
	close(release)
	for _, got := range waiting {
		if said := <-got; said != "old" {
			t.Errorf("a request that was under way: %s", said)
		}
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	for _, c := range append(before, append(after, newClient(t, a, address))...) {
		if said := ask(c, "/"); said != "new" {
			t.Errorf("afterwards: %s", said)
		}
	}

	third, _ := listen(t, a, address, slow("third"))
	for range many {
		if said := ask(newClient(t, a, address), "/"); said != "new" {
			t.Errorf("before the third serves: %s", said)
		}
	}
	go third.Serve()
	until(t, "the third gets a client", func() bool { return ask(newClient(t, a, address), "/") == "third" })
	for _, c := range after {
		if said := ask(c, "/"); said != "new" {
			t.Errorf("on a connection of the second: %s", said)
		}
	}
}

func TestSocketsOfOneAddressAreCounted(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
   11: 0100007F:01BB 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 101 2 0000000000000000 0
   11: 0100007F:01BB 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 102 2 0000000000000000 0
   12: 00000000:01BB 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 103 2 0000000000000000 0
`
	for inode, want := range map[string]int{"101": 2, "102": 2, "103": 1, "104": 0} {
		if got := countLike([]byte(table), inode); got != want {
			t.Errorf("%s: got %d, want %d", inode, got, want)
		}
	}
}
