package rules

import "testing"

func TestMatchersHoldAsInTraefik1(t *testing.T) {
	for _, c := range []struct {
		rule  string
		ask   string
		holds bool
	}{
		// 2.8
		{"Host: Foo.Bar ; Path:/FOObar", "foo.bar/FOObar", true},
		{"Host: Foo.Bar ; Path:/FOObar", "foo.bar/foobar", false},
		{"Host:a.com,b.com", "B.COM:8080/", true},
		{"HostRegexp:{sub:[a-z]+}.a.com", "x.y.a.com/", false},
		{"HostRegexp:{sub:[a-z]+}.a.com", "x.a.com/", true},
		{"HostRegexp:foo.bar.com", "FOO.bar.com/", true},
		{"PathPrefix:/bar/", "h/bar", false},
		{"Query:foo=bar,id={n:[0-9]+}", "h/?foo=bar&id=7", true},
		{"Query:foo=bar,id={n:[0-9]+}", "h/?foo=bar&foo=x&id=7", true},
		{"Query:foo=bar,id={n:[0-9]+}", "h/?foo=x&foo=bar&id=7", false},
		{"Method:get", "h/", true},
		{"Method:get", "POST h/", false},
		// 2.2 hosts
		{"Host:a.com", "a.com./", false},
		{"Host:a.com", "/", false},
		{"Host:a.com:80", "a.com:80/", false},
		{"Host:*.a.com", "*.a.com/", false},
		{"Host:2001:db8:0:0:0:0:0:1", "[2001:db8:0:0:0:0:0:1]:80/", true},
		{"Host:2001:db8:0:0:0:0:0:1", "[2001:DB8:0:0:0:0:0:1]/", true},
		{"Host: ", "a.com/", false},
		{"Host:a.com;Host:b.com", "a.com/", false},
		{"Host:a.com,b.com;Host:b.com,c.com", "b.com/", true},
		{"Host:a.com,b.com;Host:b.com,c.com", "c.com/", false},
		{"HostRegexp:{sub:[A-Z]+}.a.com", "x.A.com/", true},
		{"HostRegexp:{any:.+}", "x.y.z/", true},
		{"HostRegexp:{any:.+}", "/", false},
		{"HostRegexp:{sub}.a.com", "x.a.com/", true},
		{"HostRegexp:{sub}.a.com", "x.y.a.com/", false},
		{"HostRegexp:{sub}.a.com", "xxa.com/", false},
		{"HostRegexp:pre{n:[0-9]+}post.a.com", "pre12post.a.com:81/", true},
		{`HostRegexp:{s:[a-z]+\.x}.litup.me`, "b.x.litup.me/", true},
		{`HostRegexp:{s:[a-z]+}\.litup\.me`, "b.litup.me/", false},
		// 2.2 paths
		{"PathPrefix:/foo", "h/foobar", true},
		{"PathPrefix:/foo", "h/fo", false},
		{"PathPrefix:foo", "h/foo", false},
		{"Path:foo", "h/foo", false},
		{"PathPrefix:/{id:[0-9]{2}}", "h/42/x", true},
		{"PathPrefix:/{id:[0-9]{2}}", "h/4/x", false},
		{"PathPrefix:/{id:[0-9]{1,3}}", "h/42/x", false},
		{"PathPrefix:/a/{b}/c", "h/a/x/c", true},
		{"PathPrefix:/a/{b}/c", "h/a/x/y/c", false},
		{"PathPrefix:/{x:[[:alpha:]]+}", "h/abc", true},
		{"PathPrefix:/{a", "h/{a", false},
		{"PathPrefix:/{a:(}", "h/(", false},
		{"PathPrefix:/{:x}", "h/x", false},
		{"Path:/a/{b}", "h/a/x", true},
		{"Path:/a/{b}", "h/a/x/y", false},
		{"PathPrefix:/a", "h/a/../b", true},
		{"PathPrefixStripRegex:/c/{category}/{id:[0-9]+}/", "h/c/api/abc/x", false},
		{"PathPrefixStrip:/stat/", "h/status", false},
		// 2.2 headers and queries
		{"Headers:X-Key,secret", "h/ | x-key: secret", true},
		{"Headers:X-Key,secret", "h/ | X-Key: other | X-Key: secret", true},
		{"Headers:X-Key,secret", "h/ | X-Key: Secret", false},
		{"Headers:X-Key,secret", "h/", false},
		{"Headers:x-key, ", "h/ | X-Key: any", true},
		{"Headers:x-key, ", "h/", false},
		{"Headers:X-A,1,X-B,2", "h/ | X-A: 1 | X-B: 2", true},
		{"Headers:X-A,1,X-B,2", "h/ | X-A: 1", false},
		{"HeadersRegexp:User-Agent,bat/[0-9]+", "h/ | User-Agent: my bat/7 here", true},
		{"HeadersRegexp:User-Agent,^bat", "h/ | User-Agent: my bat/7 here", false},
		{`Headers:If-None-Match,"abc"`, `h/ | If-None-Match: "abc"`, true},
		{"Query:k=", "h/?k=anything", true},
		{"Query:k=", "h/?k", true},
		{"Query:k=", "h/?K=1", false},
		{"Query:k=a b", "h/?k=a+b", true},
		{"Query:k=a b", "h/?x=1&k=a%20b", true},
		{"Query:k=é", "h/?k=%C3%a9", true},
		{"Query:kä=1", "h/?k%C3%A4=1", true},
		{"Query:k={v:[é ]+}", "h/?k=%C3%A9+", true},
		{"Query:k=v", "h/?k=v%zz", false},
		{"Query:k=v", "h/?k=x;y&k=v", true}, // a pair with a semicolon is no pair, as in net/url
		{"Query:k=v", "h/?k=vv", false},
		// 2.1
		{"Host:a.com;PathPrefix:/x;Method:POST", "POST a.com/x", true},
		{"Host:a.com;PathPrefix:/x;Method:POST", "GET a.com/x", false},
		{";Host:a.com;;", "a.com/", true},
		{"Host:,a.com", "a.com/", true},
		{"AddPrefix:/x", "anything/at/all", true},
	} {
		got := tableOf(t, onlyHTTP, c.rule).Match("http", ask(c.ask)).Route != nil
		if got != c.holds {
			t.Errorf("%s asked %s: %v, want %v", c.rule, c.ask, got, c.holds)
		}
	}
}

func TestPathRedirectsToItsOwnFormOfTheTrailingSlash(t *testing.T) {
	keep := onlyHTTP
	keep.KeepTrailingSlash = true
	for _, c := range []struct{ rule, ask, usual, kept string }{
		// 2.5
		{"Path:/path", "h/path/", "301 /path", "404"},
		{"Path:/path/", "h/path", "301 /path/", "404"},
		{"Path:/path/", "h/path/", "Path:/path/", "Path:/path/"},
		{"Path:/path", "h/path", "Path:/path", "Path:/path"},
		{"PathStrip:/path", "POST h/path/", "301 /path", "404"},
		{"PathStripRegex:/p/{x}", "h/p/1/", "301 /p/1", "404"},
		{"Path:/p/{x}/", "h/p/1", "301 /p/1/", "404"},
		{"Path:/p/{x}/", "h/p/1/", "Path:/p/{x}/", "Path:/p/{x}/"},
		{"Path:/", "h/", "Path:/", "Path:/"},
		{"Path:/path", "h/path//", "404", "404"},
		{"Path:/{x:.*}", "h/a/", "301 /a", "Path:/{x:.*}"},
		{"Path:/{x:.*}", "h/", "Path:/{x:.*}", "Path:/{x:.*}"}, // 1.x would redirect the root to itself
		{"PathPrefix:/path", "h/path/", "PathPrefix:/path", "PathPrefix:/path"},
		{"PathPrefix:/path/", "h/path", "404", "404"},
	} {
		if got := answer(tableOf(t, onlyHTTP, c.rule), ask(c.ask)); got != c.usual {
			t.Errorf("%s asked %s: %s, want %s", c.rule, c.ask, got, c.usual)
		}
		if got := answer(tableOf(t, keep, c.rule), ask(c.ask)); got != c.kept {
			t.Errorf("%s asked %s, slash kept: %s, want %s", c.rule, c.ask, got, c.kept)
		}
	}
}

func TestRedirectOfOneRuleDoesNotLeakIntoAnother(t *testing.T) {
	table := tableOf(t, onlyHTTP, "Path:/foo;Host:a.com", "Host:b.com")
	if got := answer(table, ask("b.com/foo/")); got != "Host:b.com" {
		t.Errorf("b.com/foo/ is answered %s", got)
	}
}

func TestOtherSlashStaysOnTheHost(t *testing.T) {
	for raw, want := range map[string]string{
		"/a/": "/a", "/a": "/a/", "/": "/", "/a%2F": "/a%2F/", "//evil.com/": "/evil.com", `/\evil.com`: "/evil.com/",
	} {
		if got := OtherSlash(raw); got != want {
			t.Errorf("OtherSlash(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestLongerRuleWins(t *testing.T) {
	for _, c := range []struct {
		rules     []string
		ask, wins string
	}{
		// 2.7
		{[]string{"Host:api.x;PathPrefixStrip:/v3/user", "Host:api.x;PathPrefixStrip:/v3/user/my"}, "api.x/v3/user/my/x", "Host:api.x;PathPrefixStrip:/v3/user/my"},
		{[]string{"PathPrefix:/foo,/bar", "PathPrefix:/foo;Host:foo.com", "PathPrefixStrip:/foobar"}, "foo.com/foobar", "PathPrefix:/foo;Host:foo.com"},
		{[]string{"PathPrefix:/foo,/bar", "PathPrefix:/foo;Host:foo.com", "PathPrefixStrip:/foobar"}, "x/foobar", "PathPrefixStrip:/foobar"},
		{[]string{"PathPrefix:/foo,/bar", "PathPrefix:/foo;Host:foo.com", "PathPrefixStrip:/foobar"}, "x/foo", "PathPrefix:/foo,/bar"},
		{[]string{"HostRegexp:{any:.+}", "Host:a.com"}, "a.com/", "HostRegexp:{any:.+}"},
		{[]string{"Host:a.com", "Host: a.com"}, "a.com/", "Host: a.com"},
		{[]string{"PathPrefix:/long-prefix", "Host:a.com"}, "a.com/long-prefix", "PathPrefix:/long-prefix"},
		{[]string{"HostRegexp:{s}.a.com", "Host:longer-name.a.com"}, "longer-name.a.com/", "Host:longer-name.a.com"},
	} {
		if got := answer(tableOf(t, onlyHTTP, c.rules...), ask(c.ask)); got != c.wins {
			t.Errorf("%s goes to %s, want %s", c.ask, got, c.wins)
		}
	}
}

func TestGivenPriorityOverridesLength(t *testing.T) {
	specs := []Spec{
		{Owner: owner("a", 1), Routes: []RouteSpec{{Name: "a", Rule: mustParse(t, "PathPrefix:/to"), Priority: 20, Service: "a"}}, Services: []ServiceSpec{{Name: "a"}}},
		{Owner: owner("b", 2), Routes: []RouteSpec{{Name: "b", Rule: mustParse(t, "PathPrefix:/toto"), Service: "b"}}, Services: []ServiceSpec{{Name: "b"}}},
	}
	table, _ := Compile(specs, onlyHTTP)
	if got := table.Match("http", ask("h/toto")).Route.Name; got != "a-0" {
		t.Errorf("/toto goes to %s", got)
	}
}

func TestEqualPrioritiesGoToTheOlderOwner(t *testing.T) {
	if got := answer(tableOf(t, onlyHTTP, "PathPrefix:/a,/b", "PathPrefix:/a,/c"), ask("h/a")); got != "PathPrefix:/a,/b" {
		t.Errorf("/a goes to %s", got)
	}
	if got := answer(tableOf(t, onlyHTTP, "PathPrefix:/a,/c", "PathPrefix:/a,/b"), ask("h/a")); got != "PathPrefix:/a,/c" {
		t.Errorf("/a goes to %s", got)
	}
}

func TestStrictPrefixEndsBetweenSegments(t *testing.T) {
	strict := onlyHTTP
	strict.StrictPrefix = true
	for _, c := range []struct {
		rule, ask string
		holds     bool
	}{
		{"PathPrefix:/foo", "h/foo", true},
		{"PathPrefix:/foo", "h/foo/", true},
		{"PathPrefix:/foo", "h/foo/bar", true},
		{"PathPrefix:/foo", "h/foobar", false},
		{"PathPrefix:/foo/", "h/foo/bar", true},
		{"PathPrefix:/", "h/foo", true},
		{"PathPrefix:/{x:[a-z]+}", "h/abc/d", true},
		{"PathPrefix:/{x:[a-z]+}", "h/abc1", false},
		{"PathPrefix:/foo,/foob", "h/foobar", false},
		{"PathPrefix:/foo;PathPrefix:/foo/bar", "h/foo/bar/x", true},
	} {
		if got := tableOf(t, strict, c.rule).Match("http", ask(c.ask)).Route != nil; got != c.holds {
			t.Errorf("%s asked %s: %v, want %v", c.rule, c.ask, got, c.holds)
		}
	}
	table := tableOf(t, strict, "PathPrefixStrip:/foo,/foo/b")
	if p, _ := table.Routes[0].Rewrite(Path{"/foo/bar", "/foo/bar"}); p.Raw != "/bar" {
		t.Errorf("stripped to %s: the longer prefix does not end at a boundary", p.Raw)
	}
}

func TestUnknownEntryPointAndTooLongHostMatchNothing(t *testing.T) {
	table := tableOf(t, onlyHTTP, "Host:a.com", "HostRegexp:{x:.+}.a.com")
	if m := table.Match("https", ask("a.com/")); m.Route != nil {
		t.Error("an unknown entry point matches")
	}
	long := make([]byte, 300)
	for i := range long {
		long[i] = 'a'
	}
	if got := answer(table, ask(string(long)+".a.com/")); got != "404" {
		t.Errorf("a host of 306 bytes goes to %s", got)
	}
}

func TestAnyNotAndNestedConditionsFindTheirRoutes(t *testing.T) {
	// The tree that a second language compiles to: (a.com and not /x) or (/y and POST).
	rule := Rule{Text: "tree", when: anyOf{
		all{hostIs("a.com"), not{pathHas{text: "/x", before: "/x"}}},
		all{pathHas{text: "/y", before: "/y"}, methodIs("POST")},
	}}
	table, _ := Compile([]Spec{{Owner: owner("o", 1), Routes: []RouteSpec{{Name: "r", Rule: rule, Service: "s"}}, Services: []ServiceSpec{{Name: "s"}}}}, onlyHTTP)
	for text, want := range map[string]string{
		"a.com/": "tree", "a.com/x": "404", "b.com/y": "404", "POST b.com/y": "tree", "POST a.com/x": "404",
	} {
		if got := answer(table, ask(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
