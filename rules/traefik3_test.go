package rules

import (
	"net/netip"
	"strings"
	"testing"
)

// mustParse3 is a rule of Traefik 3 that may have remarks but is served.
func mustParse3(t testing.TB, text string) Rule {
	t.Helper()
	rule, found, ok := ParseTraefik3(text, V3)
	if !ok {
		t.Fatalf("%s is refused: %v", text, found)
	}
	return rule
}

func TestMatchersOfTraefik3AskWhatTheyAskThere(t *testing.T) {
	for _, c := range []struct{ rule, yes, no string }{
		{"Host(`A.com`)", "a.COM:80/x", "b.com/"},
		{"host(`a.com`) && PATHPREFIX(`/x`)", "a.com/x", "a.com/y"},
		{"Host(`a.com`) && Path(`/x`)", "a.com/x", "a.com/x/"},
		{"Path(`/x/`)", "a.com/x/", "a.com/x"},
		{"PathPrefix(`/foo`)", "a.com/foobar", "a.com/fo"},
		{"PathRegexp(`^/v[0-9]+/`)", "a.com/v12/x", "a.com/x/v1/"},
		{"PathRegexp(`\\.php$`)", "a.com/a.php", "a.com/a.phps"},
		{"HostRegexp(`^.+\\.a\\.com$`)", "x.A.com/", "a.com/"},
		{"HostRegexp(`a`)", "bab.org/", "b.org/"},
		{"!Host(`a.com`)", "b.com/", "a.com/"},
		{"!(Host(`a.com`) || Path(`/x`))", "b.com/y", "b.com/x"},
		{"Host(`a.com`) || Host(`b.com`) && PathPrefix(`/x`)", "a.com/", "b.com/"},
		{"(Host(`a.com`) || Host(`b.com`)) && PathPrefix(`/x`)", "b.com/x", "a.com/"},
		{"Method(`get`)", "a.com/", "POST a.com/"},
		{"Header(`x-key`, `a`)", "a.com/ | X-Key: b | X-Key: a", "a.com/ | X-Key: A"},
		{"Header(`X-Key`, ``)", "a.com/ | X-Key: ", "a.com/ | X-Key: A"},
		{"HeaderRegexp(`X-Key`, `^a`)", "a.com/ | X-Key: ab", "a.com/ | X-Key: ba"},
		{"Query(`k`, `1`)", "a.com/?k=2&k=%31", "a.com/?k=12"},
		{"Query(`k`)", "a.com/?k", "a.com/?k=1"},
		{"QueryRegexp(`k`, `^[0-9]+$`)", "a.com/?k=x&k=12", "a.com/?k=1x"},
		{"Host(\"a.com\")\n  && Path(\"/\\\"\")", "a.com/\"", "a.com/"},
		// as Traefik 2 has it
		{"Host(`a.com`, `b.com`)", "b.com/", "c.com/"},
		{"HostRegexp(`{s:[a-z]+}.a.com`)", "x.a.com/", "x.y.a.com/"},
		{"PathPrefix(`/{team}/x`)", "h/shop/x/y", "h/shop/y"},
		{"Path(`/{id:[0-9]+}`)", "h/12", "h/12/"},
		{"Headers(`X-Key`, ``)", "h/ | X-Key: x", "h/"},
		{"HeadersRegexp(`X-Key`, `a.`)", "h/ | X-Key: xab", "h/ | X-Key: a"},
		{"Query(`k=1`)", "h/?k=1", "h/?k=2&k=1"},
		{"HostHeader(`a.com`)", "a.com/", "b.com/"},
	} {
		table := tableOf3(mustParse3(t, c.rule))
		if table.Match("http", ask(c.yes)).Route == nil {
			t.Errorf("%s does not hold for %s", c.rule, c.yes)
		}
		if m := table.Match("http", ask(c.no)); m.Route != nil {
			t.Errorf("%s holds for %s", c.rule, c.no)
		}
	}
}

func tableOf3(rule Rule) *Table {
	table, _ := Compile([]Spec{{Owner: owner("o", 1), Routes: []RouteSpec{{Name: "r", Rule: rule, Service: "s"}}, Services: []ServiceSpec{{Name: "s"}}}}, onlyHTTP)
	return table
}

func TestClientIPLooksAtTheConnection(t *testing.T) {
	table := tableOf3(mustParse3(t, "ClientIP(`10.1.0.0/16`) || ClientIP(`2001:db8::1`)"))
	for text, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "2001:db8::1": true, "2001:db8::2": false} {
		q := ask("a.com/")
		q.Client = netip.MustParseAddr(text)
		if got := table.Match("http", q).Route != nil; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if table.Match("http", ask("a.com/")).Route != nil {
		t.Error("a client without an address is let in")
	}
}

func TestRulesThatMeanTheSameInBothLanguagesAreOne(t *testing.T) {
	for old, text := range map[string]string{
		"Host:a.com":                              "Host(`a.com`)",
		"Host:a.com,b.com;PathPrefix:/x":          "PathPrefix(`/x`) && (Host(`b.com`) || Host(`a.com`))",
		"HostRegexp:{s:[a-z]+}.a.com":             "HostRegexp(`^[a-z]+\\.a\\.com$`)",
		"HostRegexp:a.com":                        "HostRegexp(`^a\\.com$`)",
		"PathPrefix:/{team:[a-z]+}/x":             "PathRegexp(`^/[a-z]+/x`)",
		"Method:get,post":                         "Method(`GET`) || Method(`POST`)",
		"Headers:X-A,1,X-B, ":                     "Header(`X-A`, `1`) && HeaderRegexp(`X-B`, `.*`)",
		"Host:a.com;Headers:X-A,1;Method:GET,PUT": "Host(`a.com`) && Header(`x-a`, `1`) && (Method(`GET`) || Method(`PUT`))",
		"Query:k=1":                               "Query(`k=1`)",
		"AddPrefix:/x":                            "HostRegexp(`.*`)",
	} {
		a, b := mustParse(t, old), mustParse3(t, text)
		if a.canonical(manner{}) != b.canonical(manner{}) {
			t.Errorf("%s is %s\n%s is %s", old, a.canonical(manner{}), text, b.canonical(manner{}))
		}
		written, _, exact := a.Traefik3()
		if !exact {
			t.Errorf("%s is written %s, which is not the same", old, written)
		}
	}
}

func TestPathOfTraefik3RedirectsNobody(t *testing.T) {
	_, _, exact := mustParse(t, "Path:/x").Traefik3()
	if exact {
		t.Error("Path of 1.x is said to be the same, and it redirects")
	}
	keep := manner{keep: true}
	if a, b := mustParse(t, "Path:/x/").canonical(keep), mustParse3(t, "Path(`/x/`)").canonical(keep); a != b {
		t.Errorf("with --keepTrailingSlash %s and %s are the same", a, b)
	}
}

func TestRulesOfTraefik3AreFoundByHostAndPath(t *testing.T) {
	for text, want := range map[string]anchor{
		"Host(`a.com`) && PathPrefix(`/api`)":           {host: "a.com", kind: exactHost, path: "/api"},
		"Host(`a.com`) && Path(`/api`)":                 {host: "a.com", kind: exactHost, path: "/api"},
		"HostRegexp(`^[a-z]+\\.a\\.com$`)":              {host: ".a.com", kind: hostEnding},
		"Host(`a.com`) && PathRegexp(`^/api/(v1|v2)/`)": {host: "a.com", kind: exactHost, path: "/api/"},
		"Host(`a.com`) && !Path(`/x`)":                  {host: "a.com", kind: exactHost},
		"HostRegexp(`^a\\.com$`)":                       {host: "a.com", kind: exactHost},
	} {
		if got := mustParse3(t, text).when.anchors(); len(got) != 1 || got[0] != want {
			t.Errorf("%s is at %v", text, got)
		}
	}
}

func TestAuthorIsToldWhatIsWrongWithARuleOfTraefik3(t *testing.T) {
	for _, c := range []struct {
		rule       string
		served     bool
		codes      string
		suggestion string // of the first diagnostic
	}{
		{"Host(`a.com`) && PathPrefix(`/x`)", true, "", ""},
		{"Hots(`a.com`)", false, "error unknown-matcher", "Host(`a.com`)"},
		{"pathPrefix(`/x`)", false, "error unknown-matcher", "PathPrefix(`/x`)"},
		{"Foo(`/x`)", false, "error unknown-matcher", ""},
		{"Host:a.com;PathPrefix:/x", false, "error rule-of-other-dialect", "Host(`a.com`) && PathPrefix(`/x`)"},
		{"Host:a.com;PathPrefixStrip:/x,/y", false, "error rule-of-other-dialect", "Host(`a.com`) && (PathPrefix(`/x`) || PathPrefix(`/y`))"},
		{"Host(a.com)", false, "error missing-quotes", "Host(`a.com`)"},
		{"Host(a.com) && PathPrefix(/x)", false, "error missing-quotes, error missing-quotes", "Host(`a.com`) && PathPrefix(`/x`)"},
		{"Host('a.com')", false, "error missing-quotes", "Host(`a.com`)"},
		{"Host(`a.com)", false, "error missing-quotes", ""},
		{"Host()", false, "error missing-argument", ""},
		{"Host(`a.com`", false, "error missing-parenthesis", "Host(`a.com`)"},
		{"(Host(`a.com`) || Host(`b.com`)", false, "error missing-parenthesis", "(Host(`a.com`) || Host(`b.com`))"},
		{"Host(`a.com` && Path(`/x`)", false, "error missing-parenthesis", "Host(`a.com`) && Path(`/x`)"},
		{"Host(`a.com`))", false, "error missing-parenthesis", "Host(`a.com`)"},
		{"Host`a.com`", false, "error missing-parenthesis", ""},
		{"Host(`a.com`) Path(`/x`)", false, "error rule-syntax", "Host(`a.com`) && Path(`/x`)"},
		{"Host(`a.com`), Path(`/x`)", false, "error rule-syntax", "Host(`a.com`) && Path(`/x`)"},
		{"Host(`a.com`) & Path(`/x`)", false, "error rule-syntax", "Host(`a.com`) && Path(`/x`)"},
		{"Host(`a.com`) OR Host(`b.com`)", false, "error rule-syntax", "Host(`a.com`) || Host(`b.com`)"},
		{"Host(`a.com`) &&", false, "error rule-syntax", ""},
		{"", false, "error empty-rule", ""},
		{"Host(`a.com`)\"", true, "warning stray-quotes", "Host(`a.com`)"},
		{"Host(`https://a.com/`)", true, "error host-not-plain", "Host(`a.com`)"},
		{"Host(`a.com:80`)", true, "error host-not-plain", "Host(`a.com`)"},
		{"Host(`*.a.com`)", true, "error host-not-plain", "HostRegexp(`^.+\\.a\\.com$`)"},
		{"Host(`münchen.de`)", false, "error host-not-ascii", ""},
		{"Host(“a.com”)", false, "error strange-character", "Host(`a.com`)"},
		{"Path(`x`)", false, "error path-without-slash", "Path(`/x`)"},
		{"PathRegexp(`(`)", false, "error bad-regexp", ""},
		{"PathRegexp(`((a{100}){100}){100}`)", false, "error bad-regexp", ""},
		{"PathRegexp(`(abcdefghijklmnopqrstuvwxyz){900}`)", false, "error regexp-too-big", ""},
		{"ClientIP(`10.0.0/8`)", false, "error bad-client-ip", ""},
		{"Header(`X`)", false, "error missing-argument", ""},
		{"Host(`a.com`, `b.com`)", true, "info rule-of-other-syntax", "(Host(`a.com`) || Host(`b.com`))"},
		{"HostRegexp(`{s:[a-z]+}.a.com`)", true, "info rule-of-other-syntax", ""},
		{"Headers(`X`, `y`)", true, "info rule-of-other-syntax", ""},
		{"PathPrefix(`/api/*`)", true, "warning regexp-outside-braces", ""},
		{strings.Repeat("(", 200) + "Host(`a`)", false, "error rule-too-big", ""},
		{"Host(`" + strings.Repeat("a", maxRule) + "`)", false, "error rule-too-big", ""},
	} {
		_, found, ok := ParseTraefik3(c.rule, V3)
		if ok != c.served || codesOf(found) != c.codes {
			t.Errorf("%.80s: served %v, found %v", c.rule, ok, found)
			continue
		}
		if len(found) > 0 && found[0].Suggestion != c.suggestion {
			t.Errorf("%s: suggests %q, want %q", c.rule, found[0].Suggestion, c.suggestion)
		}
	}
}

func TestRuleSyntaxOfTraefik2IsItsOwn(t *testing.T) {
	for rule, want := range map[string]string{
		"Host(`a.com`, `b.com`)":           "",
		"HostRegexp(`{s:[a-z]+}.a.com`)":   "",
		"HostRegexp(`^[a-z]+\\.a\\.com$`)": "info rule-of-other-syntax",
		"Header(`X`, `y`)":                 "info rule-of-other-syntax",
		"Query(`a=b`, `c=d`)":              "",
		"Query(`a`, `b`)":                  "info rule-of-other-syntax",
	} {
		if _, found, ok := ParseTraefik3(rule, V2); !ok || codesOf(found) != want {
			t.Errorf("%s: %v %v", rule, ok, found)
		}
	}
}

func FuzzParseTraefik3(f *testing.F) {
	for _, seed := range []string{
		"Host(`a.com`) && PathPrefix(`/api`)", "!(Host(`a`) || Path(`/x`)) && Method(`GET`)", "HostRegexp(`^[a-z]+\\.a\\.com$`)", "Host:a.com;Path:/x",
		"PathRegexp(`^/a(b|c)`)", "Header(`X`, ``) || HeaderRegexp(`X`, `.*`)", "Query(`k=1`) && Query(`k`, `v`) && QueryRegexp(`k`, `v`)",
		"ClientIP(`10.0.0.0/8`)", "Host(\"a\\x00\")", "Host('a') and Path(/x", "HostRegexp(`{s}.a.com`, `b`)", "((((", "!!Host(`a`)", "PathRegexp(`(?i)^/A`)", "Host:a;x( `",
		"Act(`role:user,cmd:*`) || Act(\"a:`1`\")", "Observe(`v:'2.0'`)", "Act(`a:1`) && Host(`b`)", "!Act(`a:1`)",
	} {
		f.Add(seed, "a.com", "/b/1/x", false)
	}
	f.Fuzz(func(t *testing.T, text, host, path string, old bool) {
		syntax := V3
		if old {
			syntax = V2
		}
		rule, found, ok := ParseTraefik3(text, syntax)
		if !ok && codesOf(found) == "" {
			t.Errorf("%q is refused without a word", text)
		}
		if !ok {
			return
		}
		written, in, exact := rule.Traefik3()
		if exact {
			again, _, _ := ParseTraefik3(written, in)
			if twice, _, _ := again.Traefik3(); twice != written {
				t.Errorf("%q is written %q and then %q", text, written, twice)
			}
		} else if codesOf(found) == "" {
			t.Errorf("%q is written %q, which is not the same", text, written)
		}
		rule.Traefik1()
		if !strings.HasPrefix(path, "/") {
			return
		}
		q := &Query{Method: "GET", Host: host, Path: path}
		m := tableOf3(rule).Match("http", q)
		if s := (subject{q: q, host: bareHost(host)}); (m.Route != nil) != (rule.holds(s) != no) {
			t.Errorf("%q asked %q%q: the index says %v", text, host, path, m.Route != nil)
		}
	})
}
