package rules

import (
	"fmt"
	"testing"
)

func TestMatchAllocatesNothing(t *testing.T) {
	wantNoAllocations(t, "a.com/api/v1", "A.COM:80/api/v1", "a.com/ | X-Key: wrong", "h/q?k=a", "c.com/", "POST c.com/", "h/redirect/",
		"nowhere.org/none", "[::1]:80/", "/")
}

func TestMatchWithRegexpsAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("regexps allocate under the race detector")
	}
	wantNoAllocations(t, "x.b.com/v1/x", "x.y.z.b.com/", "a.com/ | X-Key: other | X-Key: secret | X-Other: abc", "h/q?k=a%20b&n=1")
}

func wantNoAllocations(t *testing.T, asked ...string) {
	table := tableOf(t, onlyHTTP, "Host:a.com;PathPrefixStrip:/api", "HostRegexp:{s:[a-z]+}.b.com;PathPrefix:/{v}/x",
		"Host:a.com;Headers:X-Key,secret;HeadersRegexp:X-Other,^a", "Path:/q;Query:k=a b,n={n:[0-9]+}", "Host:c.com;Method:POST", "Path:/redirect")
	for _, text := range asked {
		q := ask(text)
		if n := testing.AllocsPerRun(200, func() { table.Match("http", q) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

// manyHosts is n routes: of three hosts one has two prefixes, every tenth is a pattern.
func manyHosts(n int) []Spec {
	specs := make([]Spec, n)
	for i := range specs {
		text := fmt.Sprintf("Host:app%d.example.com", i)
		switch {
		case i%10 == 9:
			text = fmt.Sprintf("HostRegexp:{s:[a-z]+}.team%d.example.com", i)
		case i%3 == 1:
			text = fmt.Sprintf("Host:app%d.example.com;PathPrefixStrip:/v1/user", i-1)
		}
		rule, _, _ := ParseTraefik1(text)
		name := fmt.Sprint("s", i)
		specs[i] = Spec{
			Owner:  owner(name, i),
			Routes: []RouteSpec{{Name: name, Rule: rule, Service: name, PassHost: true}},
			Services: []ServiceSpec{{Name: name, Weight: 1, Endpoints: []Endpoint{
				{Task: name, Name: name + "-1", Scheme: "http", Addr: "10.0.0.1:80"}, {Task: name + "b", Name: name + "-2", Scheme: "http", Addr: "10.0.0.2:80"},
			}}},
		}
	}
	return specs
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1000, 100000} {
		table, _ := Compile(manyHosts(n), onlyHTTP)
		for _, kind := range []struct{ name, host string }{
			{"host", fmt.Sprintf("app%d.example.com", n/2-n/2%3+2)}, {"hostInCapitals", fmt.Sprintf("App%d.Example.com:80", n/2-n/2%3+2)},
			{"prefix", "app0.example.com"}, {"pattern", fmt.Sprintf("x.team%d.example.com", n-1)}, {"unknown", "unknown.example.org"},
		} {
			b.Run(fmt.Sprintf("%droutes/%s", n, kind.name), func(b *testing.B) {
				b.ReportAllocs()
				q := &Query{Method: "GET", Host: kind.host, Path: "/v1/user/42"}
				for b.Loop() {
					table.Match("http", q)
				}
			})
		}
	}
}

// BenchmarkMatchScattered asks another host each time, so that the table is not in the processor's cache. The hosts
// themselves are near, as in a request that was just read.
func BenchmarkMatchScattered(b *testing.B) {
	const n = 100000
	table, _ := Compile(manyHosts(n), onlyHTTP)
	hosts := make([]string, 1<<16)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("app%d.example.com", i*7919%n)
	}
	q := &Query{Method: "GET", Path: "/v1/user/42"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		q.Host = hosts[i%len(hosts)]
		table.Match("http", q)
	}
}

func BenchmarkMatchOneHostManyPrefixes(b *testing.B) {
	var rules []string
	for i := range 1000 {
		rules = append(rules, fmt.Sprintf("Host:api.example.com;PathPrefixStrip:/v%d/service%d", i%4, i))
	}
	table := tableOf(b, onlyHTTP, rules...)
	q := ask("api.example.com/v3/service503/items/42")
	b.ReportAllocs()
	for b.Loop() {
		if table.Match("http", q).Route == nil {
			b.Fatal("not found")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		specs := manyHosts(n)
		b.Run(fmt.Sprintf("%droutes", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Compile(specs, onlyHTTP)
			}
		})
	}
}

func BenchmarkDiff(b *testing.B) {
	old, _ := Compile(manyHosts(10000), onlyHTTP)
	specs := manyHosts(10000)
	specs[5000].Services[0].Endpoints[0].Addr = "10.0.0.3:80"
	changed, _ := Compile(specs, onlyHTTP)
	b.ReportAllocs()
	for b.Loop() {
		if len(Diff(old, changed)) != 2 {
			b.Fatal(Diff(old, changed))
		}
	}
}

func BenchmarkParseTraefik1(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseTraefik1("Host:api.mydomain.com;PathPrefixStrip:/v2/user")
	}
}
