package explain

import (
	"bytes"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// guarded is a world of one route, at a.com, with filters.
func guarded(t *testing.T, filters ...rules.Filter) World {
	t.Helper()
	rule, _, ok := rules.ParseTraefik1("Host:a.com;PathPrefixStrip:/api")
	if !ok {
		t.Fatal("the rule is refused")
	}
	table, found := rules.Compile([]rules.Spec{{
		Owner:  rules.Owner{ID: "a", Name: "a"},
		Routes: []rules.RouteSpec{{Name: "a", Rule: rule, Service: "a", PassHost: true, Filters: filters}},
		Services: []rules.ServiceSpec{{Name: "a", Weight: 1, MaxConn: nil,
			Endpoints: []rules.Endpoint{{Task: "1", Name: "1", Scheme: "http", Addr: "10.0.0.1:80"}}}},
	}}, rules.Options{EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http", "https"}})
	if len(table.Routes) != 1 {
		t.Fatal(found)
	}
	return World{Table: table, Groups: Resting(table), EntryPoints: entryPoints, Passwords: true}
}

func field(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestTheClientGetsWhatTheFirstFilterThatAnswersSays(t *testing.T) {
	inside := rules.AllowList{Ranges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	deep := rules.AllowList{Ranges: inside.Ranges, Depth: 1}
	lock := rules.BasicAuth{Users: []string{"me:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="}, Realm: "traefik"} // me has no password
	filed := rules.BasicAuth{UsersFile: "/run/secrets/users"}
	secure := rules.Headers{Security: rules.Security{SSLRedirect: true, SSLProxyHeaders: []rules.Pair{{Name: "X-Forwarded-Proto", Value: "https"}}}}
	hosts := rules.Headers{Security: rules.Security{AllowedHosts: []string{"b.com"}}}
	moved := rules.Redirect{Regexp: regexp.MustCompile("^http://a.com/(.*)"), Replacement: "http://b.com/$1", Permanent: true}
	rate := rules.RateLimit{Rates: []rules.Rate{{Average: 1, Burst: 1, Period: 1}}}
	const asked = "what http://10.0.0.1:80 answers"
	for name, c := range map[string]struct {
		filters []rules.Filter
		url     string
		client  string
		header  http.Header
		want    string
		status  int
	}{
		"no filter":              {nil, "a.com/api/x", "", nil, asked, 0},
		"white list":             {[]rules.Filter{inside}, "a.com/api", "192.0.2.1", nil, "403 Forbidden, by allow-list: the client is 192.0.2.1", 403},
		"white list, inside":     {[]rules.Filter{inside}, "a.com/api", "10.1.1.1", nil, asked, 0},
		"white list, from where": {[]rules.Filter{inside}, "a.com/api", "", nil, asked + ", unless allow-list answers 403", 0},
		"white list, forwarded":  {[]rules.Filter{deep}, "a.com/api", "192.0.2.1", field("X-Forwarded-For", "10.0.0.7"), asked, 0},
		"no password":            {[]rules.Filter{lock}, "a.com/api", "", nil, "401 Unauthorized, by basic-auth: no name and password", 401},
		"a wrong password":       {[]rules.Filter{lock}, "a.com/api", "", field("Authorization", "Basic bWU6eA=="), "401 Unauthorized, by basic-auth: no user has", 401},
		"the right password":     {[]rules.Filter{lock}, "a.com/api", "", field("Authorization", "Basic bWU6"), asked, 0},
		"a file of users":        {[]rules.Filter{filed}, "a.com/api", "", field("Authorization", "Basic bWU6"), asked + ", unless basic-auth answers 401", 0},
		"no password of a file":  {[]rules.Filter{filed}, "a.com/api", "", nil, "401 Unauthorized, by basic-auth", 401},
		"digest":                 {[]rules.Filter{rules.DigestAuth{}}, "a.com/api", "", nil, "401 Unauthorized, by digest-auth", 401},
		"https is wanted":        {[]rules.Filter{secure}, "a.com/api/x?y=1", "", nil, "301 Moved Permanently to https://a.com/api/x?y=1, by headers", 301},
		"https is there":         {[]rules.Filter{secure}, "https://a.com/api/x", "", nil, asked, 0},
		"another host":           {[]rules.Filter{hosts}, "a.com/api", "", nil, "500 Internal Server Error, by headers: the host is a.com", 500},
		"a redirect":             {[]rules.Filter{moved}, "a.com/api/x", "", nil, "301 Moved Permanently to http://b.com/api/x, by redirect", 301},
		"an entry point":         {[]rules.Filter{rules.RedirectEntryPoint{Name: "https"}}, "a.com/api", "", nil, "302 Found to http://a.com:443/api, by redirect-entry-point", 302},
		"the first of two":       {[]rules.Filter{inside, lock}, "a.com/api", "192.0.2.1", nil, "403 Forbidden, by allow-list", 403},
		"what depends":           {[]rules.Filter{rate, rules.ForwardAuth{Address: "http://u:p@auth/"}}, "a.com/api", "", nil, asked + ", unless rate-limit answers 429 or forward-auth answers", 0},
		"an error page": {[]rules.Filter{rules.ErrorPage{Service: "a", Status: []rules.StatusRange{{First: 400, Last: 499}}}, lock}, "a.com/api", "", nil,
			"with the error page of a", 401},
		"a path is changed behind a lock": {[]rules.Filter{inside, rules.AddPrefix("/v1")}, "a.com/api/x", "10.1.1.1", nil, asked, 0},
	} {
		r := Request{Method: "GET", URL: c.url, Header: c.header}
		if c.client != "" {
			r.Client = netip.MustParseAddr(c.client)
		}
		a, err := Ask(guarded(t, c.filters...), r)
		if err != nil || !strings.Contains(a.Gets, c.want) || a.Status != c.status {
			t.Errorf("%s: got %d, %q, want %q, %v", name, a.Status, a.Gets, c.want, err)
			continue
		}
		var out bytes.Buffer
		if err := a.Print(&out); err != nil || !strings.Contains(out.String(), "answer    "+a.Gets+"\n") || strings.Contains(out.String(), "u:p") {
			t.Errorf("%s: printed is %s, %v", name, out.String(), err)
		}
		if name == "a path is changed behind a lock" && a.Forwarded.Path != "/v1/x" {
			t.Errorf("%s: the path is %s", name, a.Forwarded.Path)
		}
	}
}

func TestAnEntryPointsFiltersComeFirst(t *testing.T) {
	w := guarded(t, rules.BasicAuth{})
	w.EntryPoints = []EntryPoint{{Name: "http", Address: ":80", TrustAll: true, Filters: []rules.Filter{rules.RedirectEntryPoint{Name: "https"}}}, {Name: "https", Address: ":443"}}
	for _, url := range []string{"a.com/api", "nowhere.com/"} {
		a, err := Ask(w, Request{Method: "GET", URL: url})
		if err != nil || a.Status != 302 || !strings.HasSuffix(a.Gets, "by redirect-entry-point of entry point http") {
			t.Errorf("%s: got %q, %v", url, a.Gets, err)
		}
	}
}

func TestARouterDoesNotVerifyPasswordsForAnybody(t *testing.T) {
	w := guarded(t, rules.BasicAuth{Users: []string{"me:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="}})
	w.Passwords = false
	for _, authorization := range []string{"Basic bWU6", "Basic bWU6eA=="} {
		a, err := Ask(w, Request{Method: "GET", URL: "a.com/api", Header: field("Authorization", authorization)})
		if err != nil || a.Steps[0].Outcome != depends || a.Steps[0].Status != 401 {
			t.Errorf("%s: got %+v, %v", authorization, a.Steps, err)
		}
	}
}

func TestFieldsThatAClientMayNotSetAreNotBelieved(t *testing.T) {
	w := guarded(t, rules.AllowList{Ranges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Depth: 1})
	w.EntryPoints = []EntryPoint{{Name: "http", Address: ":80", TrustedIPs: []netip.Prefix{netip.MustParsePrefix("172.16.0.1/32")}}}
	for client, want := range map[string]int{"192.0.2.1": 403, "172.16.0.1": 0} {
		a, err := Ask(w, Request{Method: "GET", URL: "a.com/api", Client: netip.MustParseAddr(client), Header: field("X-Forwarded-For", "10.0.0.7")})
		if err != nil || a.Status != want || (want != 0) != strings.Contains(strings.Join(a.Notes, ""), "does not believe") {
			t.Errorf("%s: got %q, %v, %v", client, a.Gets, a.Notes, err)
		}
	}
}

func TestARouteThatIsNotServedIsNamedWithWhatKeepsItFromThat(t *testing.T) {
	mine, _, _ := rules.ParseTraefik1("Host:a.com;PathPrefix:/x")
	other, _, _ := rules.ParseTraefik1("Host:b.com")
	table, found := rules.Compile([]rules.Spec{{
		Owner: rules.Owner{ID: "s", Name: "shop"},
		Routes: []rules.RouteSpec{
			{Name: "r", Label: "traefik.http.routers.r.rule", Segment: "r", Rule: mine, Service: "nobody"},
			{Name: "o", Rule: other, Service: "nobody"},
		},
		Refused: []rules.Refused{{Label: "traefik.q.frontend.rule", Segment: "q", Rule: rules.Rule{Text: "Hots:A.com"}, Unread: true}},
	}}, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
	found = append(found, rules.Diagnostic{Service: "shop", Label: "traefik.q.frontend.rule", Code: rules.UnknownMatcher, Severity: rules.Error, Message: "Hots is none"})
	a, err := Ask(World{Table: table, Groups: Resting(table), EntryPoints: entryPoints[:1], Diagnostics: found}, Request{Method: "GET", URL: "a.com/x"})
	if err != nil || len(a.Routes) != 2 || a.Gets != "404 Not Found: no route matches, but one would that is not served, of shop" {
		t.Fatalf("got %+v, %v", a, err)
	}
	var out bytes.Buffer
	if err := a.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"would match, and is not served", "which nobody offers", "Hots is none"} {
		if strings.Count(out.String(), want) == 0 {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestAClosedRouteSaysThatItAnswers503AndWhatItsOwnerWasTold(t *testing.T) {
	rule, _, _ := rules.ParseTraefik1("Host:a.com")
	wider, _, _ := rules.ParseTraefik1("HostRegexp:{any:.*}")
	closed := rules.RouteSpec{Name: "r", Label: "traefik.http.routers.r.rule", Segment: "r", Rule: rule, Service: "s", Priority: 100, Filters: []rules.Filter{rules.Closed{}}}
	of := func(service, label, code, message string, severity rules.Severity) rules.Diagnostic {
		return rules.Diagnostic{Service: service, Label: label, Code: code, Severity: severity, Message: message}
	}
	unusable := of("shop", "traefik.http.routers.r.middlewares", "bad-middleware", "the middleware lock of keys can't be used", rules.Error)
	for name, c := range map[string]struct {
		told      []rules.Diagnostic
		want, not []string
	}{
		"its own lock": {[]rules.Diagnostic{of("shop", "traefik.r.frontend.auth.basic.removeHeader", "missing-option", "no users", rules.Error)}, []string{"no users"}, nil},
		"a lock of all segments": {[]rules.Diagnostic{of("shop", "traefik.frontend.auth.basic.removeHeader", "missing-option", "no users", rules.Error),
			of("shop", "traefik.r.weight", "bad-number", "odd", rules.Warning)}, []string{"no users", "odd"}, nil},
		"a middleware of another service": {[]rules.Diagnostic{unusable, of("keys", "traefik.http.middlewares.lock.basicauth.users", "missing-option", "no users", rules.Error),
			of("keys", "traefik.http.middlewares.lock2.basicauth.users", "missing-option", "another's", rules.Error)},
			[]string{"the middleware lock of keys", `keys: traefik.http.middlewares.lock.basicauth.users="": no users`}, []string{"another's"}},
		"another route's mistake": {[]rules.Diagnostic{unusable, of("shop", "traefik.http.routers.q.middlewares", "bad-middleware", "another's", rules.Error)},
			[]string{"the middleware lock of keys"}, []string{"another's"}},
	} {
		table, _ := rules.Compile([]rules.Spec{{
			Owner:    rules.Owner{ID: "s", Name: "shop"},
			Routes:   []rules.RouteSpec{closed, {Name: "all", Rule: wider, Service: "s", Priority: 1}},
			Services: []rules.ServiceSpec{{Name: "s", Weight: 1, Endpoints: []rules.Endpoint{{Task: "1", Name: "1", Scheme: "http", Addr: "10.0.0.1:80"}}}},
		}}, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
		a, err := Ask(World{Table: table, Groups: Resting(table), EntryPoints: entryPoints[:1], Diagnostics: c.told}, Request{Method: "GET", URL: "a.com/x"})
		if err != nil || a.Status != 503 || a.Route != "r-0" || a.Forwarded != nil || len(a.Services) > 0 || !strings.HasPrefix(a.Gets, "503 Service Unavailable, by closed: the route is closed, as") {
			t.Fatalf("%s: got %+v, %v", name, a, err)
		}
		var out bytes.Buffer
		if err := a.Print(&out); err != nil {
			t.Fatal(err)
		}
		for _, want := range append(c.want, "answer    "+a.Gets) {
			if strings.Count(out.String(), want) != 1 {
				t.Errorf("%s: %q is not there once in\n%s", name, want, out.String())
			}
		}
		for _, not := range c.not {
			if strings.Contains(out.String(), not) {
				t.Errorf("%s: %q is in\n%s", name, not, out.String())
			}
		}
	}
}

func TestWhatNoClientCouldSendIsRefused(t *testing.T) {
	w := guarded(t)
	for _, r := range []Request{
		{Method: "G ET", URL: "a.com"}, {Method: "", URL: "a.com"}, {Method: "GET", URL: "a.com:99999"}, {Method: "GET", URL: "a.com:0"},
		{Method: "GET", URL: "http://:80/"}, {Method: "GET", URL: ""}, {Method: "GET", URL: "http://a b/"}, {Method: "GET", URL: "a.com/%zz"},
		{Method: "GET", URL: "a.com", Header: http.Header{"X Y": {"1"}}}, {Method: "GET", URL: "a.com", Header: http.Header{"X": {"a\nb"}}},
		{Method: "GET", URL: "a.com", Header: http.Header{"Host": {"a", "b"}}}, {Method: "GET", URL: "me:pw@a.com"},
	} {
		if _, err := Ask(w, r); err == nil || strings.Contains(err.Error(), "pw@") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}
