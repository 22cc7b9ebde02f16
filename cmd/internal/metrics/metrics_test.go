package metrics

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/discovery"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/rules"
)

// scrape is all metrics by name.
func scrape(t *testing.T, s Sources) map[string]*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(s).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// lines are a metric's series in the order prometheus has them, a histogram as its buckets, count and sum.
func lines(f *dto.MetricFamily) string {
	var b strings.Builder
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			fmt.Fprintf(&b, "%s=%s ", l.GetName(), l.GetValue())
		}
		h := m.GetHistogram()
		for _, bucket := range h.GetBucket() {
			fmt.Fprintf(&b, "%g:%d ", bucket.GetUpperBound(), bucket.GetCumulativeCount())
		}
		if h != nil {
			fmt.Fprintf(&b, "count:%d sum:", h.GetSampleCount())
		}
		fmt.Fprintf(&b, "%g\n", m.GetCounter().GetValue()+m.GetGauge().GetValue()+h.GetSampleSum())
	}
	return b.String()
}

func expect(t *testing.T, families map[string]*dto.MetricFamily, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got := lines(families[name]); got != text {
			t.Errorf("%s\ngot\n%swant\n%s", name, got, text)
		}
	}
}

// everything has something to tell for each metric.
func everything(t *testing.T) Sources {
	t.Helper()
	fleet := balancer.New(balancer.Options{})
	t.Cleanup(fleet.Close)
	service := &rules.Service{Name: "backend-blog", Sources: []rules.Source{{Weight: 1, Endpoints: []rules.Endpoint{
		{Task: "a", Name: "server-a", Scheme: "http", Addr: "10.0.1.5:80"},
		{Task: "b", Name: "server-b", Scheme: "http", Addr: "10.0.1.6:80"},
		{Task: "c", Name: "server-c", Scheme: "http", Addr: "10.0.1.6:80"}, // the heir of a dead task's address
	}}}}
	g := fleet.Grow([]*rules.Service{service})[0]
	g.Tally.Done("GET", "http", 502, 200*time.Millisecond)
	g.Tally.Open("GET", "http", 1)
	g.Retries.Add(3)
	g.Pick().Refused()
	g.Failed.Add("upstream", "refused")
	g.Failed.Add("client", "chunk-size")
	var refused, failed balancer.Causes
	refused.Add("client", "bare-lf")
	refused.Add("client", "bare-lf")
	failed.Add("client", "relay")
	var entry balancer.Tally
	entry.Done("GET", "http", 200, 100*time.Millisecond)
	entry.Done("GET", "http", 200, 2*time.Second)
	entry.Done("GET", "http", 200, time.Minute)
	entry.Open("GET", "websocket", 2)
	return Sources{
		EntryPoints: []EntryPoint{{"http", &entry, &refused, &failed}},
		Fleet:       fleet,
		Discovery:   func() discovery.Status { return seen },
		Table: func() *rules.Table {
			return &rules.Table{Routes: []*rules.Route{{}, {}}, Services: []*rules.Service{service}}
		},
		Certificates: func() []certs.Status {
			blog := certs.Status{Names: []string{"blog.com", "www.blog.com"}, Serial: "7", EntryPoints: []string{"https"}, NotAfter: time.Unix(5000, 0)}
			return []certs.Status{blog, blog, {Origin: "torn.crt", Problem: "no certificate in it"}, {Names: []string{"unused.com"}}}
		},
		Version: "v1.2.3",
	}
}

var seen = discovery.Status{
	Looked: time.Unix(1000, 5e8), Swapped: time.Unix(900, 0), Failed: time.Unix(800, 0),
	Stale: true, Source: "watch", Tables: 4, Failures: 2,
	Diagnostics: []rules.Diagnostic{
		{Service: "a", Code: "unknown-label", Severity: rules.Warning},
		{Service: "b", Code: "unknown-label", Severity: rules.Warning},
		{Service: "b", Code: "empty-rule", Severity: rules.Error},
	},
	Delays: discovery.Delays{Counts: [13]uint64{0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2}, Count: 3, Sum: 61.5},
}

func TestTraefiksMetricsHaveItsNamesLabelsAndBuckets(t *testing.T) {
	expect(t, scrape(t, everything(t)), map[string]string{
		"traefik_entrypoint_requests_total": "code=200 entrypoint=http method=GET protocol=http 3\n",
		"traefik_entrypoint_request_duration_seconds": "code=200 entrypoint=http method=GET protocol=http " +
			"0.1:1 0.3:1 1.2:1 5:2 +Inf:3 count:3 sum:62.1\n",
		"traefik_entrypoint_open_connections": "entrypoint=http method=GET protocol=websocket 2\n",
		"traefik_backend_requests_total":      "backend=backend-blog code=502 method=GET protocol=http 1\n",
		"traefik_backend_request_duration_seconds": "backend=backend-blog code=502 method=GET protocol=http " +
			"0.1:0 0.3:1 1.2:1 5:1 +Inf:1 count:1 sum:0.2\n",
		"traefik_backend_open_connections":     "backend=backend-blog method=GET protocol=http 1\n",
		"traefik_backend_retries_total":        "backend=backend-blog 3\n",
		"traefik_backend_server_up":            "backend=backend-blog url=http://10.0.1.5:80 0\nbackend=backend-blog url=http://10.0.1.6:80 1\n",
		"traefik_config_reloads_total":         "4\n",
		"traefik_config_reloads_failure_total": "2\n",
		"traefik_config_last_reload_success":   "900\n",
		"traefik_config_last_reload_failure":   "800\n",
	})
}

func TestOurOwnMetricsTellTheRest(t *testing.T) {
	expect(t, scrape(t, everything(t)), map[string]string{
		"appia_build_info":                            "version=v1.2.3 1\n",
		"appia_discovery_stale":                       "1\n",
		"appia_discovery_source":                      "source=watch 1\n",
		"appia_discovery_failures_total":              "2\n",
		"appia_discovery_last_look_timestamp_seconds": "1000.5\n",
		"appia_table_swaps_total":                     "4\n",
		"appia_table_routes":                          "2\n",
		"appia_table_services":                        "1\n",
		"appia_table_endpoints":                       "3\n",
		"appia_entrypoint_refused_total":              "cause=bare-lf entrypoint=http 2\n",
		"appia_entrypoint_failures_total":             "cause=relay entrypoint=http side=client 1\n",
		"appia_backend_failures_total": "backend=backend-blog cause=chunk-size side=client 1\n" +
			"backend=backend-blog cause=refused side=upstream 1\n",
		"appia_endpoints": "state=down 0\nstate=ejected 1\nstate=new 0\nstate=retiring 0\nstate=up 2\n",
		"appia_certificate_expiry_timestamp_seconds": "cn=blog.com sans=blog.com,www.blog.com serial=7 5000\n",
		"appia_certificate_problems":                 "1\n",
		"appia_diagnostics":                          "code=empty-rule severity=error 1\ncode=unknown-label severity=warning 2\n",
		"appia_change_to_served_seconds":             "0.005:0 0.01:0 0.025:0 0.05:0 0.1:1 0.25:1 0.4:1 0.5:2 1:2 2.5:2 5:2 15:2 60:2 +Inf:3 count:3 sum:61.5\n",
	})
}

func TestMetricsAreSpelledAsPrometheusAsks(t *testing.T) {
	var own []*dto.MetricFamily
	for name, f := range scrape(t, everything(t)) {
		if strings.HasPrefix(name, "appia_") {
			own = append(own, f)
		}
	}
	problems, err := promlint.NewWithMetricFamilies(own).Lint()
	if err != nil || len(own) < 12 {
		t.Fatal(len(own), err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestGoAndProcessAreToldToo(t *testing.T) {
	families := scrape(t, Sources{})
	for _, name := range []string{"go_goroutines", "process_open_fds"} {
		if families[name] == nil {
			t.Error("no", name)
		}
	}
}

func TestTimesThatNeverWereAreZero(t *testing.T) {
	expect(t, scrape(t, Sources{Discovery: func() discovery.Status { return discovery.Status{} }}), map[string]string{
		"traefik_config_last_reload_success":          "0\n",
		"traefik_config_last_reload_failure":          "0\n",
		"appia_discovery_last_look_timestamp_seconds": "0\n",
	})
}

func TestMethodsThatAreNotTextComeToOneSeries(t *testing.T) {
	var tally balancer.Tally
	for _, method := range []string{"\xff", "\xfe"} {
		tally.Done(method, "http", 400, 50*time.Millisecond)
		tally.Open(method, "http", 1)
	}
	expect(t, scrape(t, Sources{EntryPoints: []EntryPoint{{Name: "http", Tally: &tally}}}), map[string]string{
		"traefik_entrypoint_requests_total": "code=400 entrypoint=http method=NON_UTF8_HTTP_METHOD protocol=http 2\n",
		"traefik_entrypoint_request_duration_seconds": "code=400 entrypoint=http method=NON_UTF8_HTTP_METHOD protocol=http " +
			"0.1:2 0.3:2 1.2:2 5:2 +Inf:2 count:2 sum:0.1\n",
		"traefik_entrypoint_open_connections": "entrypoint=http method=NON_UTF8_HTTP_METHOD protocol=http 2\n",
	})
}

func TestNameThatIsNotTextCostsItsOwnSeriesOnly(t *testing.T) {
	fleet := balancer.New(balancer.Options{})
	defer fleet.Close()
	fleet.Grow([]*rules.Service{{Name: "\xff"}, {Name: "good"}})
	expect(t, scrape(t, Sources{Fleet: fleet}), map[string]string{"traefik_backend_retries_total": "backend=good 0\n"})
}

func TestServicesThatAreGoneAreNotTold(t *testing.T) {
	s := everything(t)
	s.Fleet.Grow(nil)
	s.Fleet.Shrink(nil)
	if got := scrape(t, s)["traefik_backend_requests_total"]; got != nil {
		t.Error(lines(got))
	}
}
