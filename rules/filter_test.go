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
		`headers security={frameDeny=true}`:                                           Headers{Security: Security{FrameDeny: true}},
		`error-page status=[{first=500 last=599}] service="backend-x" query="/"`:      ErrorPage{Status: []StatusRange{{500, 599}}, Service: "backend-x", Query: "/"},
	} {
		if got := FilterText(f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
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
