package admin

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/appia-edge/appia/cmd/internal/explain"
)

func explained(t *testing.T, s *Server, form url.Values) *explain.Answer {
	t.Helper()
	got := ask(t, s.Handler(all), "GET", "/api/explain?"+form.Encode())
	text := body(t, got)
	if got.StatusCode != 200 {
		t.Fatalf("%s: %s", got.Status, text)
	}
	answer := &explain.Answer{}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestExplainingTakesNoTurn(t *testing.T) {
	r := newRouter(t, spec(t, "blog", "Host:blog.litup.me", endpoint("blog-1", "10.0.1.5:2368"), endpoint("blog-2", "10.0.1.6:2368")))
	s := New(r.options())
	first := explained(t, s, url.Values{"url": {"http://blog.litup.me/"}})
	again := explained(t, s, url.Values{"url": {"http://blog.litup.me/"}})
	if first.Services[0].Next == "" || first.Services[0].Next != again.Services[0].Next {
		t.Errorf("next is %q, then %q", first.Services[0].Next, again.Services[0].Next)
	}
	group := r.fleet.Groups()[0]
	if e := group.Pick(); e.URL() != first.Services[0].Next {
		t.Errorf("next was told to be %s and is %s", first.Services[0].Next, e.URL())
	}
	if next := explained(t, s, url.Values{"url": {"http://blog.litup.me/"}}).Services[0].Next; next == first.Services[0].Next {
		t.Error("after a turn the same one is next")
	}
}

func TestTheEntryPointIsTheOneOfTheURLsPort(t *testing.T) {
	s := New(blog(t).options())
	answer := explained(t, s, url.Values{"url": {"https://blog.litup.me/"}})
	if answer.EntryPoint != "https" || answer.Routes[0].Outcome != "elsewhere" {
		t.Errorf("got %+v", answer)
	}
	if answer = explained(t, s, url.Values{"url": {"https://blog.litup.me/"}, "entryPoint": {"http"}}); answer.Routes[0].Outcome != "wins" {
		t.Errorf("got %+v", answer)
	}
}

func TestAQuestionThatCannotBeAskedIsRefused(t *testing.T) {
	s := New(blog(t).options())
	for _, query := range []string{"", "url=::", "url=ftp://a.b/", "url=http://a.b/&header=x", "url=http://a.b/&client=me", "url=http://a.b/&entryPoint=web",
		"url=http://a.b/" + strings.Repeat("&header=A:b", mostFields+1)} {
		if got := ask(t, s.Handler(all), "GET", "/api/explain?"+query); got.StatusCode != 400 {
			t.Errorf("%.40s: %s", query, got.Status)
		}
	}
}

func TestARouteThatIsNotServedIsExplainedWithItsDiagnostic(t *testing.T) {
	lost := spec(t, "shop", "Host:shop.litup.me")
	lost.Services = nil
	s := New(newRouter(t, lost).options())
	answer := explained(t, s, url.Values{"url": {"http://shop.litup.me/"}})
	if len(answer.Routes) != 1 || answer.Routes[0].Outcome != "refused" || len(answer.Routes[0].Told) != 1 || !strings.Contains(answer.Routes[0].Told[0], "unknown-service") {
		t.Errorf("got %+v", answer.Routes)
	}
}
