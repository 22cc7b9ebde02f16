package rules

import (
	"net/url"
	"strings"
	"testing"
)

func TestPathsAreRewrittenAsInTraefik1(t *testing.T) {
	for _, c := range []struct{ rule, path, sent, prefix, replaced string }{
		// 2.4
		{"PathPrefixStrip:/stat", "/stat", "/", "/stat", ""},
		{"PathPrefixStrip:/stat", "/stat/", "/", "/stat", ""},
		{"PathPrefixStrip:/stat", "/status", "/us", "/stat", ""},
		{"PathPrefixStrip:/stat/", "/stat/us", "/us", "/stat/", ""},
		{"PathPrefixStrip:/stat", "/stat/a%2Fb", "/a%2Fb", "/stat", ""},
		{"PathPrefixStrip:/stat", "/st%61t/a%2Fb", "/a%2Fb", "/stat", ""},
		{"PathPrefixStrip:/", "/", "/", "/", ""},
		{"PathPrefixStrip:/p", "/p//x", "//x", "/p", ""},
		{"PathPrefixStrip:/a,/a/b", "/a/b/c", "/c", "/a/b", ""},
		{"PathPrefixStrip:/a b", "/a%20b/c", "/c", "/a b", ""},
		{"PathStrip:/foo", "/foo", "/", "/foo", ""},
		{"PathPrefixStripRegex:/b/{regex}/", "/b/api/test1", "/test1", "/b/api/", ""},
		{"PathPrefixStripRegex:/b/{id}/;AddPrefix:/zero", "/b/1/four", "/zerofour", "/b/1/", ""},
		{"PathPrefixStripRegex:/b/{id};AddPrefix:/zero", "/b/1/four", "/zero/four", "/b/1", ""},
		{"PathPrefixStripRegex:/b/{id}", "/b/x%2Fy", "/y", "/b/x", ""}, // decoded, the escape is a slash like any other
		{"PathPrefixStrip:/stat", "/stat%2Fb", "/b", "/stat", ""},
		{"PathStripRegex:/b/{id}", "/b/1", "/", "/b/1", ""},
		{"PathStripRegex:/b", "/b", "/", "/b", ""},
		{"PathPrefixStripRegex:/{a};PathPrefixStrip:/x", "/x/x/y", "/y", "/x /x", ""},
		{"PathPrefixStrip:/a;PathPrefixStrip:/a/b", "/a/b/c", "/c", "/a/b", ""},
		{"PathPrefixStrip:/a/b;PathPrefixStrip:/a", "/a/b/c", "/b/c", "/a", ""},
		// 2.3 and 2.8
		{"PathPrefix:/management;ReplacePath:/health", "/management", "/health", "", "/management"},
		{"Host:h;AddPrefix:/blah", "/baz", "/blah/baz", "", ""},
		{"Host:h;AddPrefix:/blah", "/a%2Fb", "/blah/a%2Fb", "", ""},
		{"AddPrefix:/blah;ReplacePath:/baz", "/hello", "/baz", "", "/blah/hello"},
		{"ReplacePath:/baz;AddPrefix:/blah", "/hello", "/baz", "", "/blah/hello"},
		{"PathPrefixStripRegex:/one/{two}/{three:[0-9]+};AddPrefix:/zero", "/one/some/12345/four", "/zero/four", "/one/some/12345", ""},
		{"ReplacePathRegex:^/whoami/(.*) /who-am-i/$1", "/whoami/and/whoami", "/who-am-i/and/whoami", "", "/whoami/and/whoami"},
		{"ReplacePathRegex:^/whoami/(.*) /who-am-i/$1", "/other", "/other", "", ""},
		{"ReplacePathRegex:a b", "/aa", "/bb", "", "/aa"},
		{"ReplacePathRegex:^/a b;ReplacePath:/c", "/a", "/c", "", "/a b"},
		{"ReplacePathRegex:nospace", "/a", "/a", "", ""},
		{"ReplacePathRegex:( x", "/a", "/a", "", ""},
		{"AddPrefix:/a,/b", "/x", "/b/x", "", ""},
		{"AddPrefix:/a b", "/x", "/a%20b/x", "", ""},
		{"Host:h", "/a%2Fb", "/a%2Fb", "", ""},
		// what a path may hold must not end a header
		{"ReplacePath:/x", "/a%0D%0AEvil:%201", "/x", "", "/a%0D%0AEvil:%201"},
		{"PathPrefixStripRegex:/{x:[^b]+}", "/%0Ab", "/b", "/%0A", ""},
	} {
		decoded, err := url.PathUnescape(c.path)
		if err != nil {
			t.Fatal(err)
		}
		m := tableOf(t, onlyHTTP, c.rule).Match("http", &Query{Method: "GET", Host: "h", Path: decoded})
		if m.Route == nil {
			t.Errorf("%s: %s is not matched", c.rule, c.path)
			continue
		}
		p, trace := m.Route.Rewrite(Path{Decoded: decoded, Raw: c.path})
		if p.Raw != c.sent || join(trace.Prefix) != c.prefix || join(trace.Replaced) != c.replaced || trace.NotFound {
			t.Errorf("%s: %s becomes %+v, trace %+v", c.rule, c.path, p, trace)
		}
		if again, err := url.PathUnescape(p.Raw); err != nil || again != p.Decoded {
			t.Errorf("%s: %s becomes two different paths: %+v", c.rule, c.path, p)
		}
	}
}

func join(values [2]string) string { return strings.TrimSpace(values[0] + " " + values[1]) }

func TestNothingToStripIsNotFound(t *testing.T) {
	for _, c := range []struct{ rule, path string }{
		{"PathPrefixStrip:/b/{id}", "/b/1"}, // Strip takes its argument literally
		{"PathPrefixStripRegex:/a/{x};PathPrefixStrip:/a", "/a/1/b"},
	} {
		m := tableOf(t, onlyHTTP, c.rule).Match("http", ask("h"+c.path))
		if m.Route == nil {
			t.Fatalf("%s does not match", c.rule)
		}
		if _, trace := m.Route.Rewrite(Path{c.path, c.path}); !trace.NotFound {
			t.Errorf("%s strips something of %s", c.rule, c.path)
		}
	}
}

func TestRouteWithoutModifiersLeavesThePathAlone(t *testing.T) {
	r := tableOf(t, onlyHTTP, "Host:a.com").Routes[0]
	if r.Rewrites() {
		t.Error("Host:a.com rewrites paths")
	}
	p := Path{"/a/b", "/a%2Fb"}
	if n := testing.AllocsPerRun(100, func() { r.Rewrite(p) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestTheArticlesAPI is the table of traefik-1x.md 0.3.
func TestTheArticlesAPI(t *testing.T) {
	const host = "Host:api.mydomain.com;PathPrefixStrip:"
	table := tableOf(t, onlyHTTP, host+"/v2/user", host+"/v3/user", host+"/v3/user/my")
	for _, c := range []struct{ path, wins, sent string }{
		{"/v3/user", "/v3/user", "/"},
		{"/v3/user/", "/v3/user", "/"},
		{"/v3/user/42", "/v3/user", "/42"},
		{"/v3/user/my", "/v3/user/my", "/"},
		{"/v3/user/my/profile", "/v3/user/my", "/profile"},
		{"/v3/user/myprofile", "/v3/user/my", "/profile"},
		{"/v3/users", "/v3/user", "/s"},
		{"/v2/user/my", "/v2/user", "/my"},
		{"/v3/user/a%2Fb", "/v3/user", "/a%2Fb"},
		{"/v3/user//x", "/v3/user", "//x"},
		{"/v3/use", "", ""},
		{"/V3/user", "", ""},
	} {
		decoded, _ := url.PathUnescape(c.path)
		for _, asked := range []string{"api.mydomain.com", "API.MyDomain.com:80"} {
			m := table.Match("http", &Query{Method: "GET", Host: asked, Path: decoded})
			if c.wins == "" {
				if m.Route != nil {
					t.Errorf("%s goes to %s", c.path, m.Route.Name)
				}
				continue
			}
			if m.Route == nil || m.Route.Rule.Text != host+c.wins {
				t.Fatalf("%s goes to %+v", c.path, m.Route)
			}
			p, trace := m.Route.Rewrite(Path{Decoded: decoded, Raw: c.path})
			if p.Raw != c.sent || join(trace.Prefix) != c.wins {
				t.Errorf("%s is sent as %s, prefix %v", c.path, p.Raw, trace.Prefix)
			}
		}
	}
	if got := answer(table, ask("api.mydomain.com./v3/user")); got != "404" {
		t.Errorf("a final dot goes to %s", got)
	}
}
