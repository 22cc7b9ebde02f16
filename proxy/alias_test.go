package proxy

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// What HPACK has put into its table stays there for as long as the connection (RFC 7541, 2.3.2), and must not be of a buffer that the
// next answer of an endpoint is read into.
func TestAnswersOverOneConnectionOfHTTP2HaveTheirOwnFields(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overTLS(a, "a.com"))
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		id := q.URL.Query().Get("id")
		for i := range 5 {
			w.Header().Set(fmt.Sprintf("X-Id-%d-%s", i, id[len(id)-1:]), id)
		}
		w.Header().Set("X-Id", id)
		io.WriteString(w, id)
	})}})
	client := r.client(a)
	var askers sync.WaitGroup
	for asker := range 16 {
		askers.Go(func() {
			for n := range 250 {
				id := fmt.Sprintf("%d-%06d", asker%4, n*97)
				answer, err := client.Get("https://a.com/?id=" + id)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(answer.Body)
				answer.Body.Close()
				if got := answer.Header.Get("X-Id"); err != nil || answer.ProtoMajor != 2 || got != id || string(body) != id {
					t.Errorf("asked for %s: got %q %q %v", id, got, body, err)
					return
				}
			}
		})
	}
	askers.Wait()
}
