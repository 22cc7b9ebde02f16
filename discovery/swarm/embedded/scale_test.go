package embedded

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func many(services, replicas int) (specs []Spec) {
	for i := range services {
		specs = append(specs, Spec{Name: fmt.Sprintf("service-%d", i), Replicas: replicas, Networks: []string{"public"},
			Labels: map[string]string{"traefik.port": "80", "traefik.frontend.rule": fmt.Sprintf("Host:s%d.test", i)}})
	}
	return specs
}

func TestTenThousandServicesHaveAnAddressForEachTask(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	e.AddService(many(10_000, 5)...)
	addresses := map[netip.Addr]bool{}
	for _, s := range e.Services() {
		addresses[s.VIPs[0]] = true
		for _, task := range s.Tasks {
			addresses[task.Addresses[0]] = true
		}
	}
	if len(addresses) != 60_000 {
		t.Errorf("%d addresses", len(addresses))
	}
}

func BenchmarkListOf50000Tasks(b *testing.B) {
	e := New(Options{})
	defer e.Close()
	e.AddService(many(10_000, 5)...)
	for b.Loop() {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/tasks", nil))
		b.SetBytes(int64(w.Body.Len()))
		io.Discard.Write(w.Body.Bytes())
	}
}
