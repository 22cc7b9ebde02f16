package rules

import (
	"strings"
	"testing"
)

func TestAuthorIsToldWhatIsWrongWithARule(t *testing.T) {
	for _, c := range []struct {
		rule       string
		served     bool
		codes      string
		suggestion string // of the last diagnostic
	}{
		{"Host:a.com;PathPrefix:/x", true, "", ""},
		{"HostRegexp:{s:[a-z]+}.a.com", true, "", ""},
		// 2.6
		{"host:a", false, "error unknown-matcher", "Host:a"},
		{"Foo:bar", false, "error unknown-matcher", ""},
		{"Host:a.com;PathPrefxStrip:/x", false, "error unknown-matcher", "Host:a.com;PathPrefixStrip:/x"},
		{"Host:", false, "error missing-argument", ""},
		{"Host:,", false, "error missing-argument", ""},
		{"Host: ", true, "error missing-argument", ""},
		{"Host: ,", true, "error missing-argument", ""},
		{"Headers:X-A", false, "error odd-headers", ""},
		{"HeadersRegexp:X-A,a,b", false, "error odd-headers", ""},
		{"Path: /path1;Query:param_one=true, /path2", false, "error bad-query", ""},
		{"Query:a=b=c", false, "error bad-query", ""},
		{"Query:a={x:(}", false, "error bad-regexp", ""},
		{"HeadersRegexp:X,(", false, "error bad-regexp", ""},
		{"Path:foo", true, "error path-without-slash", "Path:/foo"},
		{"PathPrefix:foo", true, "error path-without-slash", "PathPrefix:/foo"},
		{"Host:a.com;PathPrefix:/a/{b", true, "error bad-template", ""},
		{"PathPrefix:/a/{b:(}", true, "error bad-template", ""},
		{"HostRegexp:{b:[}.a.com", true, "error bad-template", ""},
		{"ReplacePathRegex:( x;Host:a", true, "warning bad-replacement", ""},
		{"Host:a;ReplacePathRegex:x", true, "warning bad-replacement", ""},
		{"Host:a;ReplacePathRegex:x y z", true, "warning bad-replacement", ""},
		// rules that never match, and say nothing in 1.x
		{"Path:/ok,bad", true, "warning path-without-slash", "Path:/ok,/bad"},
		{"Host:foo;Path:foo", true, "error path-without-slash", "Host:foo;Path:/foo"},
		{"Path:a,ab", true, "error path-without-slash, error path-without-slash", "Path:/a,/ab"},
		{"Host:a.com, *.b.com", true, "warning host-not-plain", "HostRegexp:a.com,{any:.+}.b.com"},
		{"Host:a.com:8080", true, "error host-not-plain", "Host:a.com"},
		{"Host:https://a.com/", true, "error host-not-plain", "Host:a.com"},
		{"Host:a.com/path", true, "error host-not-plain", "Host:a.com"},
		{"Host:*.a.com", true, "error host-not-plain", "HostRegexp:{any:.+}.a.com"},
		{"Host:{x}.a.com", true, "error host-not-plain", "HostRegexp:{x}.a.com"},
		{"Host:a.com;Host:b.com", true, "error disjoint-hosts", ""},
		{"PathPrefix:/{a:[0-9]{1,3}}", true, "error separator-in-braces", ""},
		{"Host:a.com;PathPrefix:/{a:[0-9]{1,3}}", true, "error separator-in-braces", ""},
		{`HostRegexp:{s:[a-z]+}\.litup\.me`, true, "error regexp-outside-braces", "HostRegexp:{s:[a-z]+}.litup.me"},
		{`HostRegexp:^[a-z]+\.a\.com$`, true, "error regexp-outside-braces", `HostRegexp:{any:[a-z]+\.a\.com}`},
		{"HostRegexp:foo.bar.com", true, "info host-regexp-literal", ""},
		{"PathPrefix:/api/.*", true, "warning regexp-outside-braces", "PathPrefix:/api/"},
		{"Host:a.com;PathPrefix:/api/*", true, "warning regexp-outside-braces", "Host:a.com;PathPrefix:/api/"},
		{"Path:/api/*", true, "warning regexp-outside-braces", ""},
		{"Path:/a%20b", true, "warning path-escaped", "Path:/a b"},
		// a separator for another
		{"Host:r9.com,PathPrefix:/api", true, "warning comma-for-semicolon", "Host:r9.com;PathPrefix:/api"},
		{"Host:r9.com, pathprefix:/api,/b", true, "warning comma-for-semicolon", "Host:r9.com; PathPrefix:/api,/b"},
		{"PathPrefix:/api,Host:r9.com", true, "warning comma-for-semicolon", "PathPrefix:/api;Host:r9.com"},
		{"Host:PathPrefix:/api", true, "error comma-for-semicolon", "PathPrefix:/api"},
		{"Host:path:8080", true, "error host-not-plain", "Host:path"},
		{"Query:a=b,Host:r9.com", false, "error bad-query", "Query:a=b;Host:r9.com"},
		{"Headers:X,y,Host:r9.com", false, "error odd-headers", "Headers:X,y;Host:r9.com"},
		{"Host:a.com||Host:b.com", true, "error no-operators", "Host:a.com,b.com"},
		{"Host:a.com || b.com", true, "error no-operators", "Host:a.com,b.com"},
		{"Host:a.com,b.com||c.com", true, "warning no-operators", "Host:a.com,b.com,c.com"},
		{"Host:a.com && PathPrefix:/x", true, "error no-operators", "Host:a.com;PathPrefix:/x"},
		{"Host:a.com||PathPrefix:/x", true, "error no-operators", ""},
		{"Host:a.com|b.com", true, "error host-not-plain", "Host:a.com,b.com"},
		{"Host=r16.com", false, "error unknown-matcher", "Host:r16.com"},
		{"host r16.com", false, "error unknown-matcher", "Host:r16.com"},
		{"Host=r16.com;PathPrefix=/x", false, "error unknown-matcher, error unknown-matcher", "Host:r16.com;PathPrefix:/x"},
		{"PathPrefix(/x)", false, "error unknown-matcher", "PathPrefix:/x"},
		// what no request has
		{"Host:{{.Service.Name}}.com", true, "error template-not-filled", ""},
		{"Host:a.com,{{ .Service.Name }}.com", true, "warning template-not-filled", ""},
		{"Host:münchen.de", true, "error host-not-ascii", ""},
		{"Host:a.com,münchen.de", true, "warning host-not-ascii", ""},
		{"HostRegexp:{x:.+}.münchen.de", true, "error host-not-ascii", ""},
		{"Host:a.com b.com", true, "error host-not-plain", "Host:a.com,b.com"},
		{"Host:a.com\u00a0b.com", true, "error host-not-plain", "Host:a.com,b.com"},
		{"Host:“a.com”", true, "error strange-character", "Host:a.com"},
		{"“Host:a.com”", false, "error strange-character, error unknown-matcher", "Host:a.com"},
		{"Host:a.com\u200b", true, "error strange-character", "Host:a.com"},
		{"Host:a.com,b\ufeff.com", true, "warning strange-character", "Host:a.com,b.com"},
		{"Host:a.com;PathPrefix:/x\u200b", true, "warning strange-character", "Host:a.com;PathPrefix:/x"},
		{"Host:'a.com'", true, "error host-not-plain", "Host:a.com"},
		{"Host:a.com.", true, "warning host-not-plain", "Host:a.com"},
		{"Host:a.com;ReplacePath:x", true, "warning path-without-slash", "Host:a.com;ReplacePath:/x"},
		{"Host:a.com;AddPrefix:x", true, "warning path-without-slash", "Host:a.com;AddPrefix:/x"},
		{"PathPrefixStrip:/b/{id}", true, "warning strip-template", ""},
		// mended or remarked
		{`Host:api.mydomain.com";PathPrefixStrip:/v2/user"`, true, "warning stray-quotes", "Host:api.mydomain.com;PathPrefixStrip:/v2/user"},
		{`"Host:a.com"`, true, "warning stray-quotes", "Host:a.com"},
		{`Host:"a.com","b.com"`, true, "warning stray-quotes", "Host:a.com,b.com"},
		{`Headers:If-None-Match,"abc"`, true, "", ""},
		{"HeadersRegexp:X,a::b", true, "warning colons-dropped", ""},
		{"AddPrefix:/x", true, "warning matches-everything", ""},
		{"Host:a;AddPrefix:/x,/y", true, "warning last-argument-counts", ""},
		{"PathPrefixStrip:/a;PathPrefixStrip:/a/b", true, "warning last-argument-counts", ""},
		{"", false, "error empty-rule", ""},
		{";;", false, "error empty-rule", ""},
		{`""`, false, "warning stray-quotes, error empty-rule", ""},
		{"PathPrefixStripRegex:/b/\x80", false, "error not-utf8", ""},
		{"::", false, "error empty-rule", ""},
		{"Host(`a.com`) && PathPrefix(`/x`)", false, "error rule-of-other-dialect", "Host:a.com;PathPrefix:/x"},
		{"blog.litup.me", false, "error unknown-matcher", "Host:blog.litup.me"},
		{"/api", false, "error unknown-matcher", "PathPrefix:/api"},
	} {
		_, found, ok := ParseTraefik1(c.rule)
		if ok != c.served || codesOf(found) != c.codes {
			t.Errorf("%s: served %v, found %v", c.rule, ok, found)
			continue
		}
		if len(found) > 0 && found[len(found)-1].Suggestion != c.suggestion {
			t.Errorf("%s: suggests %q, want %q", c.rule, found[len(found)-1].Suggestion, c.suggestion)
		}
	}
}

func TestSuggestedRuleIsAsGoodAsItSounds(t *testing.T) {
	for _, text := range []string{
		"host:a.com", "Path:foo", "Host:a.com:80", "Host:*.a.com", `HostRegexp:{s:[a-z]+}\.a\.me`, `"Host:a.com"`, "a.com", "HostRegexp:^a.*$",
		"Host=a.com;Path=x", "Host:a.com||b.com:80", "Host:a.com,PathPrefix:api", "“Host:a.com\u200b”", "Host:a.com b.com",
	} {
		_, found, _ := ParseTraefik1(text)
		if _, again, ok := ParseTraefik1(found[0].Suggestion); !ok || len(again) > 0 {
			t.Errorf("%s: the suggestion %q is wrong too: %v", text, found[0].Suggestion, again)
		}
	}
}

func TestRuleTextKeepsItsSpacesAndLosesItsQuotes(t *testing.T) {
	for text, want := range map[string]string{
		`"Host: a.com ;Path:/x"`: "Host: a.com ;Path:/x",
		` "Host:a.com" `:         " Host:a.com ",
		"Host: a.com":            "Host: a.com",
	} {
		rule, _, _ := ParseTraefik1(text)
		if rule.Text != want || rule.Priority() != len(want) {
			t.Errorf("%q is kept as %q with priority %d", text, rule.Text, rule.Priority())
		}
	}
}

func TestRefusedRuleMatchesNothing(t *testing.T) {
	for _, text := range []string{"", "host:a.com", "Host:a.com;foo:b", "Query:x;Host:a.com"} {
		rule, _, ok := ParseTraefik1(text)
		if ok || rule.holds(subject{q: ask("a.com/"), host: "a.com"}) != no {
			t.Errorf("%q is served", text)
		}
	}
}

func TestEveryCodeIsDocumentedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Codes() {
		if seen[c.Code] || c.Doc == "" || c.Code != strings.ToLower(c.Code) {
			t.Errorf("code %q is listed twice, in capitals or without a word", c.Code)
		}
		seen[c.Code] = true
	}
	for _, text := range []string{"", "host:a", "Host:", "Path:x", "Query:x", "Headers:x", `"Host:a"`, "AddPrefix:/a,b"} {
		_, found, _ := ParseTraefik1(text)
		for _, d := range found {
			if !seen[d.Code] {
				t.Errorf("%s: code %q is not documented", text, d.Code)
			}
		}
	}
}

func FuzzParseTraefik1(f *testing.F) {
	for _, seed := range []string{
		"Host:a.com;PathPrefixStrip:/api", `"Host:a"`, "HostRegexp:{s:[a-z]+\\.x}.litup.me", "PathPrefixStripRegex:/b/{id:[0-9]+}/",
		"Query:a={x:.*}", "Headers:X,y;HeadersRegexp:X,^a", "Path:/{a:[0-9]{1,3}}", "ReplacePathRegex:^/a(.*) /b$1;AddPrefix:/x",
		"Host:[::1]:80", ";;:,", "PathStrip:/a}{", "Method:get;Method:", "PathPrefix:/\xff{x:\xff}", "PathPrefix:/{a:b)(c}",
		"Act:role:user,cmd:*", "Observe:v:'2.0',a:b*?c", "Act:a:1;Act:b:2", "Act:a:\"x\";Host:b",
	} {
		f.Add(seed, "a.com", "/b/1/x")
	}
	f.Fuzz(func(t *testing.T, text, host, path string) {
		rule, found, ok := ParseTraefik1(text)
		if !ok && codesOf(found) == "" {
			t.Errorf("%q is refused without a word", text)
		}
		if written, exact := rule.Traefik1(); ok && exact && written != "" {
			again, found, _ := ParseTraefik1(written)
			if twice, _ := again.Traefik1(); twice != written {
				t.Errorf("%q is written %q and then %q, %s", text, written, twice, codesOf(found))
			}
		}
		table, _ := Compile([]Spec{{
			Routes:   []RouteSpec{{Name: "r", Rule: rule, Service: "s"}},
			Services: []ServiceSpec{{Name: "s"}},
		}}, onlyHTTP)
		if !strings.HasPrefix(path, "/") {
			return
		}
		q := &Query{Method: "GET", Host: host, Path: path}
		s := subject{q: q, host: bareHost(host)}
		m := table.Match("http", q)
		if (m.Route != nil) != (rule.holds(s) != no) {
			t.Errorf("%q asked %q%q: the index says %v", text, host, path, m.Route != nil)
		}
		if m.Route != nil {
			m.Route.Rewrite(Path{Decoded: path, Raw: escaped(path)})
		}
	})
}
