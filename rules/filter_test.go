package rules

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestFiltersAreSpelledWithWhatIsSetAndWithoutSecrets(t *testing.T) {
	for want, f := range map[string]Filter{
		`allow-list ranges=[10.0.0.0/8] anyForwarded=true`:                            AllowList{Ranges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, AnyForwarded: true},
		`rate-limit key=request.host rates=[{name="a" period=10s average=5 burst=9}]`: RateLimit{Key: Extractor{Kind: ByHost}, Rates: []Rate{{"a", 10 * time.Second, 5, 9}}},
		`headers security={sslRedirect=true frameDeny=true}`:                          Headers{Security: Security{SSLRedirect: true, FrameDeny: true}},
		`error-page status=[{first=500 last=599}] service="backend-x" query="/"`:      ErrorPage{Status: []StatusRange{{500, 599}}, Service: "backend-x", Query: "/"},
	} {
		if got := FilterText(f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for _, address := range []string{"http://me:hunter2@auth/check", "http://auth/@auth/check?token=hunter2", "http://me:x@auth/check?token=hunter2&y=a@b"} {
		asked := ForwardAuth{Address: address}
		if text := FilterText(asked); strings.Contains(text, "hunter2") || !strings.Contains(text, "@auth/check") || !strings.Contains(FilterKey(asked), address) {
			t.Errorf("the address reads %s", text)
		}
	}
	secret := BasicAuth{Users: []string{"ann:$apr1$x$y"}}
	if text := FilterText(secret); strings.Contains(text, "ann") || !strings.Contains(text, NotShown) {
		t.Errorf("the text shows users: %s", text)
	}
	if FilterKey(secret) == FilterKey(BasicAuth{Users: []string{"bob:$apr1$x$y"}}) {
		t.Error("different users have one key")
	}
}

func TestRoutesThatDifferInFiltersAreDifferent(t *testing.T) {
	a := RouteSpec{Filters: []Filter{ContentType{}, Retry{Attempts: 2}}}
	b := RouteSpec{Filters: []Filter{Retry{Attempts: 2}, ContentType{}}}
	if a.equal(b) || !a.equal(a) || compareRouteSpecs(a, b) == 0 {
		t.Error("the order of filters does not count")
	}
}

func TestARouteThatRedirectsToNowhereIsNotServed(t *testing.T) {
	rule, _, _ := ParseTraefik1("Host:a.b")
	spec := Spec{Routes: []RouteSpec{{Rule: rule, Service: "s", Filters: []Filter{RedirectEntryPoint{Name: "htps"}}}}, Services: []ServiceSpec{{Name: "s"}}}
	o := Options{EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http"}}
	table, found := Compile([]Spec{spec}, o)
	if len(table.Routes) != 0 || len(found) != 1 || found[0].Severity != Error || found[0].Suggestion != "https" {
		t.Errorf("%v %v", table, found)
	}
	spec.Routes[0].Filters = []Filter{RedirectEntryPoint{Name: "HTTPS"}}
	if table, found := Compile([]Spec{spec}, o); len(table.Routes) != 1 || len(found) != 0 {
		t.Errorf("%v %v", table, found)
	}
}

func FuzzReplacement(f *testing.F) {
	f.Add(`https://{{ .Request.Header.Get "X" }}/$1{{.Request.Host}}`)
	f.Add("{{")
	f.Add("}}{{ .Request.Method }}")
	f.Fuzz(func(t *testing.T, text string) {
		pieces, err := ParseReplacement(text)
		if err == nil && strings.Contains(text, "{{") == (len(pieces) == 0) {
			t.Errorf("%q has %d pieces", text, len(pieces))
		}
	})
}

func FuzzUsers(f *testing.F) {
	f.Add("a:$apr1$x$y")
	f.Add("a:traefik:00000000000000000000000000000000")
	f.Fuzz(func(t *testing.T, line string) {
		if user, err := ParseBasicUser(line); err == nil && user.Name+":"+user.Hash != line {
			t.Errorf("%q is %v", line, user)
		}
		if user, err := ParseDigestUser(line); err == nil && !strings.EqualFold(user.Name+":"+user.Realm+":"+user.Hash, line) {
			t.Errorf("%q is %v", line, user)
		}
	})
}
