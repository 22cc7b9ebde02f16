package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

func TestRedirectsAreMadeOfTheClientsOwnURL(t *testing.T) {
	like := func(expr, to string, permanent bool) rules.Filter {
		return rules.Redirect{Regexp: regexp.MustCompile(expr), Replacement: to, Permanent: permanent}
	}
	for _, row := range []struct {
		what, method, host, target string
		filter                     rules.Filter
		status                     int
		location                   string
	}{
		{"groups", "GET", "foo.com:80", "/x?y=1", like(`^(?:http?:\/\/)(foo)(\.com)(:\d+)(.*)$`, "https://${1}bar$2:443$4", false), 302, "https://foobar.com:443/x?y=1"},
		{"a stripped prefix", "GET", "a.b", "/api/x", like(`^http://a\.b/(.*)`, "https://c.d/$1", false), 302, "https://c.d/api/x"},
		{"permanent", "GET", "a.b", "/", like(`^http:`, "https:", true), 301, "https://a.b/"},
		{"HEAD", "HEAD", "a.b", "/", like(`^http:`, "https:", false), 307, "https://a.b/"},
		{"POST, permanent", "POST", "a.b", "/", like(`^http:`, "https:", true), 308, "https://a.b/"},
		{"no match", "GET", "a.b", "/", like(`^https:`, "ftp:", false), 200, ""},
		{"itself", "GET", "a.b", "/", like(`^http://a.b/`, "http://a.b/", false), 200, ""},
		{"a field of the request", "GET", "a.b", "/", like(`.*`, `https://{{ .Request.Header.Get "X-To" }}.b/$0{{.Request.Host}}`, false), 302, "https://there.b/http://a.b/a.b"},
		{"a client's template", "GET", "a.b", "/%7B%7B.Request.Host%7D%7D", like(`/([^/]*)$`, `/-$1`, false), 302, "http://a.b/-%7B%7B.Request.Host%7D%7D"},
		{"scheme", "GET", "a.b:8080", "/api/x?", rules.RedirectScheme{Scheme: "https"}, 302, "https://a.b/api/x?"},
		{"scheme and port", "PUT", "[::1]:8080", "/", rules.RedirectScheme{Scheme: "https", Port: "8443", Permanent: true}, 308, "https://[::1]:8443/"},
	} {
		r := newRouter(t, EntryPointOptions{TrustAll: true})
		r.serve(service{rule: "PathPrefix:/", addrs: []string{echo(t)}, filters: []rules.Filter{row.filter}},
			service{rule: "PathPrefixStrip:/api", addrs: []string{echo(t)}, filters: []rules.Filter{row.filter}})
		answer, body := r.ask(row.method, row.host, row.target, with("X-To", "there"))
		if answer.StatusCode != row.status || answer.Header.Get("Location") != row.location {
			t.Errorf("%s: %s to %q, want %d to %q", row.what, answer.Status, answer.Header.Get("Location"), row.status, row.location)
		}
		if row.status != 200 && row.method != "HEAD" && body != http.StatusText(row.status) {
			t.Errorf("%s: body %q", row.what, body)
		}
	}
}

// twoDoors is a router with the entry points http on :80 and web on :8080, on other ports than they think.
func twoDoors(t *testing.T, filters ...rules.Filter) *router {
	r := newRouter(t, EntryPointOptions{})
	o := r.proxy.options
	o.Fleet = balancer.New(balancer.Options{StickyKey: []byte("test")})
	o.EntryPoints = []EntryPointOptions{
		{Name: "http", Address: ":80", TrustAll: true, Filters: filters},
		{Name: "web", Address: ":8080"}, {Name: "tls", Address: ":443"},
	}
	o.Listen = func(context.Context, string, string) (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
	return startRouter(t, o)
}

func TestEntryPointRedirectNamesTheOthersPort(t *testing.T) {
	for _, row := range []struct{ to, host, want string }{
		{"web", "foo", "http://foo:8080/x?y"}, {"web", "foo:80", "http://foo:8080/x?y"}, {"WEB", "[::1]:80", "http://[::1]:8080/x?y"},
		{"http", "foo", ""}, // where it is already
	} {
		r := twoDoors(t, rules.RedirectEntryPoint{Name: row.to})
		answer, _ := r.ask("GET", row.host, "/x?y")
		if got := answer.Header.Get("Location"); got != row.want || row.want == "" && answer.StatusCode != 404 {
			t.Errorf("%s to %s: %s %q", row.host, row.to, answer.Status, got)
		}
	}
}

func TestRedirectTemplateThatIsNotKnownClosesItsRoute(t *testing.T) {
	r := filtered(t, EntryPointOptions{}, rules.Redirect{Regexp: regexp.MustCompile("."), Replacement: "{{ .Request.Cookies }}"})
	if answer, _ := r.ask("GET", "a.b", "/"); answer.StatusCode != 503 {
		t.Error(answer.Status)
	}
}

// dressed is an endpoint with fields of its own.
func dressed(t *testing.T) string {
	return endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Referrer-Policy", "origin")
		w.Header().Set("X-Powered-By", "php")
		fmt.Fprintf(w, "host=%s a=%s b=%q proto=%s", q.Host, q.Header.Get("X-A"), q.Header["X-B"], q.Header.Get("X-Forwarded-Proto"))
	})
}

func TestHeadersAreSetAndDeleted(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	r.serve(service{rule: "Host:a.b", addrs: []string{dressed(t)}, filters: []rules.Filter{rules.Headers{
		Request:  []rules.Pair{{Name: "X-A", Value: "1"}, {Name: "X-B"}, {Name: "X-Forwarded-Proto", Value: "https"}, {Name: "Content-Length", Value: "99"}, {Name: "Connection", Value: "X-A"}},
		Response: []rules.Pair{{Name: "X-Powered-By"}, {Name: "X-Served-By", Value: "appia"}, {Name: "Transfer-Encoding", Value: "chunked"}},
		Security: rules.Security{ReferrerPolicy: "no-referrer", FrameDeny: true, ContentTypeNosniff: true, BrowserXSSFilter: true,
			STSSeconds: 666, STSPreload: true, ForceSTSHeader: true, ContentSecurityPolicy: "script-src $NONCE", PublicKey: "pin"},
	}}}, service{rule: "Host:c.d", filters: []rules.Filter{rules.Headers{Response: []rules.Pair{{Name: "X-Served-By", Value: "appia"}}}}},
		service{rule: "Host:e.f", filters: []rules.Filter{rules.Headers{Always: true, Response: []rules.Pair{{Name: "X-Served-By", Value: "appia"}}}}})
	answer, body := r.ask("GET", "a.b", "/", with("X-A", "0"), with("X-B", "0"))
	if body != "host=a.b a=1 b=[] proto=https" {
		t.Error(body)
	}
	for name, want := range map[string]string{
		"X-Powered-By": "", "X-Served-By": "appia", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
		"X-Xss-Protection": "1; mode=block", "Strict-Transport-Security": "max-age=666; preload", "Public-Key-Pins": "",
	} {
		if got := strings.Join(answer.Header.Values(name), ","); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if policy := answer.Header.Get("Content-Security-Policy"); !regexp.MustCompile(`^script-src 'nonce-[+/0-9A-Za-z]{22}=='$`).MatchString(policy) {
		t.Errorf("policy %s", policy)
	}
	if answer, _ := r.ask("GET", "c.d", "/"); answer.StatusCode != 503 || answer.Header.Get("X-Served-By") != "" {
		t.Errorf("the router's own answer: %s %v", answer.Status, answer.Header)
	}
	if answer, _ := r.ask("GET", "e.f", "/"); answer.StatusCode != 503 || answer.Header.Get("X-Served-By") != "appia" {
		t.Errorf("the router's own answer, where it is to have them: %s %v", answer.Status, answer.Header)
	}
}

func TestSiteKeepsToItsHostsAndToHTTPS(t *testing.T) {
	for _, row := range []struct {
		what, host, target string
		security           rules.Security
		status             int
		location           string
	}{
		{"allowed", "A.b", "/", rules.Security{AllowedHosts: []string{"a.B"}}, 200, ""},
		{"not allowed", "c.d", "/", rules.Security{AllowedHosts: []string{"a.b"}}, 500, ""},
		{"with a port", "a.b:80", "/", rules.Security{AllowedHosts: []string{"a.b"}}, 500, ""},
		{"by a proxy's field", "c.d", "/", rules.Security{AllowedHosts: []string{"front"}, HostsProxyHeaders: []string{"X-None", "X-A"}}, 200, ""},
		{"in development", "c.d", "/", rules.Security{AllowedHosts: []string{"a.b"}, SSLRedirect: true, IsDevelopment: true}, 200, ""},
		{"https", "a.b:8080", "/api/x?y", rules.Security{SSLRedirect: true}, 301, "https://a.b:8080/api/x?y"},
		{"for now", "a.b", "/", rules.Security{SSLRedirect: true, SSLTemporaryRedirect: true}, 307, "https://a.b/"},
		{"elsewhere", "a.b", "/", rules.Security{SSLRedirect: true, SSLHost: "c.d"}, 301, "https://c.d/"},
		{"https in front", "a.b", "/", rules.Security{SSLRedirect: true, SSLProxyHeaders: []rules.Pair{{Name: "X-A", Value: "front"}}}, 200, ""},
		{"https in front, another host", "a.b", "/", rules.Security{SSLForceHost: true, SSLHost: "c.d", SSLProxyHeaders: []rules.Pair{{Name: "X-A", Value: "front"}}}, 301, "https://c.d/"},
	} {
		r := newRouter(t, EntryPointOptions{TrustAll: true})
		filters := []rules.Filter{rules.Headers{Security: row.security}}
		r.serve(service{rule: "PathPrefix:/", addrs: []string{echo(t)}, filters: filters}, service{rule: "PathPrefixStrip:/api", addrs: []string{echo(t)}, filters: filters})
		answer, body := r.ask("GET", row.host, row.target, with("X-A", "front"))
		if answer.StatusCode != row.status || answer.Header.Get("Location") != row.location || row.status == 500 && body != "Bad Host\n" {
			t.Errorf("%s: %s to %q: %q", row.what, answer.Status, answer.Header.Get("Location"), body)
		}
	}
}

func TestPagesOfOtherOriginsAreAnsweredAsTheSiteSays(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "Host:a.b", addrs: []string{echo(t)}, filters: []rules.Filter{rules.Headers{CORS: &rules.CORS{
		AllowOrigins: []string{"https://x.y"}, AllowOriginsLike: []*regexp.Regexp{regexp.MustCompile(`^https://[a-z]+\.x\.y$`)},
		AllowMethods: []string{"GET", "PUT"}, AllowHeaders: []string{"X-A"}, ExposeHeaders: []string{"X-B"}, AllowCredentials: true, MaxAge: 100, AddVary: true,
	}}}})
	preflight := with("Access-Control-Request-Method", "PUT")
	for origin, allowed := range map[string]string{"https://x.y": "https://x.y", "https://www.x.y": "https://www.x.y", "https://evil": ""} {
		answer, body := r.ask("OPTIONS", "a.b", "/", with("Origin", origin), preflight)
		h := answer.Header
		if answer.StatusCode != 200 || body != "" || h.Get("Access-Control-Allow-Origin") != allowed || h.Get("Access-Control-Allow-Methods") != "GET,PUT" ||
			h.Get("Access-Control-Max-Age") != "100" || h.Get("Vary") != "Origin" {
			t.Errorf("preflight of %s: %s %v", origin, answer.Status, h)
		}
		answer, _ = r.ask("GET", "a.b", "/", with("Origin", origin))
		if h := answer.Header; h.Get("Access-Control-Allow-Origin") != allowed || h.Get("Access-Control-Expose-Headers") != "X-B" || h.Get("Vary") != "Origin" {
			t.Errorf("GET of %s: %v", origin, h)
		}
	}
	if _, body := r.ask("OPTIONS", "a.b", "/"); !strings.HasPrefix(body, "OPTIONS ") {
		t.Errorf("an OPTIONS that is no preflight: %s", body)
	}
}

func TestWhatAClientSaysOfItsCertificateIsNotBelieved(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	r.serve(service{rule: "Host:a.b", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		fmt.Fprint(w, len(q.Header["X-Forwarded-Tls-Client-Cert"])+len(q.Header["X-Forwarded-Tls-Client-Cert-Infos"])+len(q.Header["X_forwarded_tls_client_cert"]))
	})}, filters: []rules.Filter{rules.ClientCert{PEM: true}}})
	if _, body := r.ask("GET", "a.b", "/", with("X-Forwarded-Tls-Client-Cert", "mine"), with("X-Forwarded-Tls-Client-Cert-Infos", "mine"), with("X_forwarded_tls_client_cert", "mine")); body != "0" {
		t.Errorf("%s fields came through", body)
	}
}

func TestTypeIsGuessedWhereThereIsNoneAndTheStreamFlows(t *testing.T) {
	more := make(chan struct{})
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "Host:a.b", filters: []rules.Filter{rules.ContentType{}}, addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header()["Content-Type"] = nil
		io.WriteString(w, "<html>first")
		http.NewResponseController(w).Flush()
		<-more
		io.WriteString(w, " second")
	})}})
	q, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+r.addr+"/", nil)
	q.Host = "a.b"
	answer, err := r.http.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	first := make([]byte, len("<html>first"))
	_, err = io.ReadFull(answer.Body, first)
	close(more)
	rest, _ := io.ReadAll(answer.Body)
	if err != nil || answer.Header.Get("Content-Type") != "text/html; charset=utf-8" || string(first)+string(rest) != "<html>first second" {
		t.Errorf("%v %q %q %v", answer.Header, first, rest, err)
	}
}
