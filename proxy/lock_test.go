package proxy

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// testUser is "test" with the password "test".
const testUser = "test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"

// echo is an endpoint that tells what it was asked.
func echo(t *testing.T) string {
	return endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %s body=%q", q.Method, q.RequestURI, body)
		for _, name := range []string{"Authorization", "X-User", "X_user", "X-Scope", "X-Forwarded-Prefix", "X-A", "X-B", "X-Forwarded-Proto"} {
			if values := q.Header[name]; len(values) > 0 {
				fmt.Fprintf(w, " %s=%s", name, strings.Join(values, "+"))
			}
		}
	})
}

func filtered(t *testing.T, entry EntryPointOptions, filters ...rules.Filter) *router {
	r := newRouter(t, entry)
	r.serve(service{rule: "Host:a.b", addrs: []string{echo(t)}, filters: filters},
		service{rule: "Host:a.b;PathPrefixStrip:/api", addrs: []string{echo(t)}, filters: filters})
	return r
}

func with(name, value string) func(*http.Request) {
	return func(q *http.Request) { q.Header[name] = append(q.Header[name], value) }
}

func login(name, password string) func(*http.Request) {
	return func(q *http.Request) { q.SetBasicAuth(name, password) }
}

func TestPasswordOpensARouteInEveryFormOfHtpasswd(t *testing.T) {
	r := filtered(t, EntryPointOptions{}, rules.BasicAuth{Users: []string{
		testUser,
		"sha:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=",
		"md5:$1$abcdefgh$eGpJ2HpSM/r3q2cNF2Kzp0",
		"cut:/",
	}})
	for _, row := range []struct {
		name, password string
		want           int
	}{
		{"test", "test", 200}, {"test", "test", 200}, {"test", "wrong", 401}, {"test", "", 401}, {"sha", "test", 200}, {"sha", "no", 401},
		{"nobody", "test", 401}, {"cut", "", 401}, {"cut", "/", 401}, {"", "", 401}, {"TEST", "test", 401}, {"test", "test:x", 401},
	} {
		if answer, _ := r.ask("GET", "a.b", "/", login(row.name, row.password)); answer.StatusCode != row.want {
			t.Errorf("%s:%s got %s", row.name, row.password, answer.Status)
		}
	}
}

func TestRefusalOfBasicAuthIsTraefiks(t *testing.T) {
	r := filtered(t, EntryPointOptions{}, rules.BasicAuth{Users: []string{testUser}})
	for _, target := range []string{"/", "/api/x"} {
		answer, body := r.ask("GET", "a.b", target)
		if answer.StatusCode != 401 || body != "401 Unauthorized\n" || answer.Header.Get("Content-Type") != "text/plain" ||
			answer.Header.Get("WWW-Authenticate") != `Basic realm="traefik"` {
			t.Errorf("%s: %s %q %v", target, answer.Status, body, answer.Header)
		}
	}
}

func TestGarbageForCredentialsIsRefused(t *testing.T) {
	r := filtered(t, EntryPointOptions{}, rules.BasicAuth{Users: []string{testUser}})
	for _, value := range []string{"", "Basic", "Basic ", "Basic %%%", "Basic dGVzdA==", "Bearer dGVzdDp0ZXN0", "dGVzdDp0ZXN0", "Basic dGVzdDp0ZXN0 x"} {
		if answer, _ := r.ask("GET", "a.b", "/", with("Authorization", value)); answer.StatusCode != 401 {
			t.Errorf("%q: %s", value, answer.Status)
		}
	}
}

func TestEndpointHearsWhoTheUserIsAndOnlyFromUs(t *testing.T) {
	r := filtered(t, EntryPointOptions{TrustAll: true}, rules.BasicAuth{Users: []string{testUser}, HeaderField: "X-User", RemoveHeader: true})
	answer, body := r.ask("GET", "a.b", "/", login("test", "test"), with("X-User", "admin"), with("x-uSER", "admin"), with("X_user", "admin"), with("X.User", "admin"), with("X~User", "admin"))
	if answer.StatusCode != 200 || !strings.Contains(body, " X-User=test") || strings.Contains(body, "admin") || strings.Contains(body, "Authorization") {
		t.Errorf("%s %s", answer.Status, body)
	}
	// A client that lists the field in Connection must not have it removed behind our back.
	got := r.raw("GET / HTTP/1.1\r\nHost: a.b\r\nAuthorization: Basic dGVzdDp0ZXN0\r\nConnection: close, X-User, X-Forwarded-Prefix\r\n\r\n")
	if !strings.Contains(got, " X-User=test") {
		t.Errorf("the field is gone: %s", got)
	}
}

func TestUsersOfAFileCountBeforeThoseOfTheLabel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(file, []byte("# people\n\ntest:{SHA}2UFT/yQ0qY6H5vZzJ6k1nzHkEXk=\nann:"+strings.TrimPrefix(testUser, "test:")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := filtered(t, EntryPointOptions{}, rules.BasicAuth{Users: []string{testUser}, UsersFile: file})
	for name, want := range map[string]int{"test": 401, "ann": 200} {
		if answer, _ := r.ask("GET", "a.b", "/", login(name, "test")); answer.StatusCode != want {
			t.Errorf("%s: %s", name, answer.Status)
		}
	}
}

func TestARouteWhoseUsersCannotBeReadIsClosed(t *testing.T) {
	for _, f := range []rules.Filter{
		rules.BasicAuth{UsersFile: "/nowhere/at/all"}, rules.BasicAuth{Users: []string{"a:b:c"}}, rules.DigestAuth{Users: []string{"a:b"}},
		rules.ForwardAuth{Address: "auth:80"}, rules.ForwardAuth{Address: "https://a", TLS: &rules.ClientTLS{CA: "/nowhere"}},
	} {
		if answer, _ := filtered(t, EntryPointOptions{}, f).ask("GET", "a.b", "/", login("test", "test")); answer.StatusCode != 503 {
			t.Errorf("%s: %s", rules.FilterText(f), answer.Status)
		}
	}
}

func TestNoUsersMeansNobody(t *testing.T) {
	r := filtered(t, EntryPointOptions{}, rules.BasicAuth{RemoveHeader: true})
	if answer, _ := r.ask("GET", "a.b", "/", login("", "")); answer.StatusCode != 401 {
		t.Error(answer.Status)
	}
}

func TestRefusedBodyIsNotReadAndTheConnectionTellsTheTruth(t *testing.T) {
	r := filtered(t, EntryPointOptions{}, rules.BasicAuth{Users: []string{testUser}})
	for _, framing := range []string{"Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "Content-Length: 100000000\r\n\r\nhello"} {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: a.b\r\n"+framing)
		in := bufio.NewReader(c)
		answer, err := http.ReadResponse(in, nil)
		if err != nil || answer.StatusCode != 401 {
			t.Fatalf("%q: %v %v", framing, answer, err)
		}
		io.Copy(io.Discard, answer.Body)
		c.Close()
	}
	answer, body := r.ask("HEAD", "a.b", "/")
	if answer.StatusCode != 401 || body != "" || answer.ContentLength != int64(len("401 Unauthorized\n")) {
		t.Errorf("HEAD: %s, %d bytes of %d", answer.Status, len(body), answer.ContentLength)
	}
	// What the refused client had sent does not become the next request of anybody.
	if answer, body := r.ask("POST", "a.b", "/", login("test", "test")); answer.StatusCode != 200 || !strings.HasPrefix(body, `POST / body=""`) {
		t.Errorf("%s %s", answer.Status, body)
	}
}

func TestWebsocketsNeedThePasswordToo(t *testing.T) {
	upgraded := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello "+q.Header.Get("X-User"))
	})
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "Host:a.b", addrs: []string{upgraded}, filters: []rules.Filter{rules.BasicAuth{Users: []string{testUser}, HeaderField: "X-User"}}})
	const head = "GET / HTTP/1.1\r\nHost: a.b\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
	if got := r.raw(head + "\r\n"); !strings.HasPrefix(got, "HTTP/1.1 401 ") {
		t.Errorf("without a password: %s", got)
	}
	if got := r.raw(head + "Authorization: Basic dGVzdDp0ZXN0\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 101 ") || !strings.HasSuffix(got, "hello test") {
		t.Errorf("with it: %s", got)
	}
}

// md5Hex is what digest authentication is made of.
func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

var digestUser = "test:traefik:" + md5Hex("test:traefik:test")

// answerDigest answers a challenge as a browser does.
func answerDigest(challenge, method, uri, password string, count int) string {
	nonce := regexp.MustCompile(`nonce="([^"]+)"`).FindStringSubmatch(challenge)[1]
	nc := fmt.Sprintf("%08x", count)
	response := md5Hex(md5Hex("test:traefik:"+password) + ":" + nonce + ":" + nc + ":c:auth:" + md5Hex(method+":"+uri))
	return fmt.Sprintf(`Digest username="test", realm="traefik", nonce="%s", uri="%s", algorithm=MD5, qop=auth, nc=%s, cnonce="c", response="%s"`,
		nonce, uri, nc, response)
}

func TestDigestIsAskedForAndBelievedOnce(t *testing.T) {
	r := filtered(t, EntryPointOptions{}, rules.DigestAuth{Users: []string{digestUser}, HeaderField: "X-User"})
	first, body := r.ask("GET", "a.b", "/api/x?y=1")
	challenge := first.Header.Get("WWW-Authenticate")
	if first.StatusCode != 401 || body != "401 Unauthorized\n" || !strings.HasPrefix(challenge, `Digest realm="traefik", nonce="`) || !strings.HasSuffix(challenge, `algorithm=MD5, qop="auth"`) {
		t.Fatalf("%s %s", first.Status, challenge)
	}
	for _, row := range []struct {
		what, method, target, uri, password string
		count, want                         int
		stale                               bool
	}{
		{"right", "GET", "/api/x?y=1", "/api/x?y=1", "test", 1, 200, false},
		{"played back", "GET", "/api/x?y=1", "/api/x?y=1", "test", 1, 401, true},
		{"later", "GET", "/api/x?y=1", "/api/x?y=1", "test", 5, 200, false},
		{"overtaken", "POST", "/other", "/other", "test", 3, 200, false},
		{"overtaken and played back", "POST", "/other", "/other", "test", 3, 401, true},
		{"of another target", "GET", "/secret", "/other", "test", 6, 401, false},
		{"of another method", "PUT", "/other", "/other", "test", 7, 200, false},
		{"wrong password", "GET", "/", "/", "wrong", 8, 401, false},
		{"count of nothing", "GET", "/", "/", "test", 0, 401, true},
	} {
		answer, got := r.ask(row.method, "a.b", row.target, with("Authorization", answerDigest(challenge, row.method, row.uri, row.password, row.count)))
		if answer.StatusCode != row.want || strings.Contains(answer.Header.Get("WWW-Authenticate"), "stale=true") != row.stale {
			t.Errorf("%s: %s %v %s", row.what, answer.Status, answer.Header, got)
		}
		if row.want == 200 && !strings.Contains(got, " X-User=test") {
			t.Errorf("%s: the endpoint does not hear of the user: %s", row.what, got)
		}
	}
}

func TestEveryRouterOfASwarmBelievesTheNoncesOfTheOthers(t *testing.T) {
	lock := rules.DigestAuth{Users: []string{digestUser}}
	a, b := filtered(t, EntryPointOptions{}, lock), filtered(t, EntryPointOptions{}, lock)
	asked, _ := a.ask("GET", "a.b", "/")
	answer, _ := b.ask("GET", "a.b", "/", with("Authorization", answerDigest(asked.Header.Get("WWW-Authenticate"), "GET", "/", "test", 1)))
	if answer.StatusCode != 200 {
		t.Error(answer.Status)
	}
	c := filtered(t, EntryPointOptions{}, rules.DigestAuth{Users: []string{digestUser, "eve:traefik:" + md5Hex("eve:traefik:x")}})
	answer, _ = c.ask("GET", "a.b", "/", with("Authorization", answerDigest(asked.Header.Get("WWW-Authenticate"), "GET", "/", "test", 2)))
	if answer.StatusCode != 401 || !strings.Contains(answer.Header.Get("WWW-Authenticate"), "stale=true") {
		t.Errorf("a nonce sealed by another key: %s %v", answer.Status, answer.Header)
	}
}

func TestFiltersKeepWhatTheyKnowWhileTablesAreSwapped(t *testing.T) {
	lock := []rules.Filter{rules.DigestAuth{Users: []string{digestUser}}}
	r := newRouter(t, EntryPointOptions{})
	one := service{rule: "Host:a.b", addrs: []string{echo(t)}, filters: lock}
	r.serve(one)
	asked, _ := r.ask("GET", "a.b", "/")
	authorization := with("Authorization", answerDigest(asked.Header.Get("WWW-Authenticate"), "GET", "/", "test", 1))
	if answer, _ := r.ask("GET", "a.b", "/", authorization); answer.StatusCode != 200 {
		t.Fatal(answer.Status)
	}
	r.serve(one, service{rule: "Host:c.d", addrs: []string{echo(t)}})
	if answer, _ := r.ask("GET", "a.b", "/", authorization); answer.StatusCode != 401 {
		t.Errorf("after a swap, a request that was played back got %s", answer.Status)
	}
}

func TestWhiteListLetsInWhomItNames(t *testing.T) {
	only := func(text string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(text)} }
	for _, row := range []struct {
		what  string
		list  rules.AllowList
		entry EntryPointOptions
		xff   string
		want  int
	}{
		{"the connection's address", rules.AllowList{Ranges: only("127.0.0.0/8")}, EntryPointOptions{TrustAll: true}, "", 200},
		{"another", rules.AllowList{Ranges: only("20.20.20.20/32")}, EntryPointOptions{TrustAll: true}, "", 403},
		{"X-Forwarded-For unasked", rules.AllowList{Ranges: only("20.20.20.20/32")}, EntryPointOptions{TrustAll: true}, "20.20.20.20", 403},
		{"any element", rules.AllowList{Ranges: only("30.30.30.30/32"), AnyForwarded: true}, EntryPointOptions{TrustAll: true}, "30.30.30.30, 40.40.40.40", 200},
		{"no element", rules.AllowList{Ranges: only("30.30.30.30/32"), AnyForwarded: true}, EntryPointOptions{TrustAll: true}, "30.30.30.31, 40.40.40.40", 403},
		{"the connection besides", rules.AllowList{Ranges: only("127.0.0.1/32"), AnyForwarded: true}, EntryPointOptions{TrustAll: true}, "1.1.1.1", 200},
		{"no address at all", rules.AllowList{Ranges: only("127.0.0.1/32"), AnyForwarded: true}, EntryPointOptions{TrustAll: true}, "evil", 403},
		{"an untrusted client's word", rules.AllowList{Ranges: only("30.30.30.30/32"), AnyForwarded: true}, EntryPointOptions{}, "30.30.30.30", 403},
		{"the second from the right", rules.AllowList{Ranges: only("10.0.0.1/32"), Depth: 2}, EntryPointOptions{TrustAll: true}, "9.9.9.9, 10.0.0.1, 8.8.8.8", 200},
		{"one too many", rules.AllowList{Ranges: only("10.0.0.1/32"), Depth: 2}, EntryPointOptions{TrustAll: true}, "10.0.0.1", 403},
		{"the first that is no proxy", rules.AllowList{Ranges: only("9.9.9.9/32"), Excluded: only("10.0.0.0/8")}, EntryPointOptions{TrustAll: true}, "1.1.1.1, 9.9.9.9, 10.0.0.1", 200},
		{"proxies alone", rules.AllowList{Ranges: only("9.9.9.9/32"), Excluded: only("10.0.0.0/8")}, EntryPointOptions{TrustAll: true}, "10.0.0.2, 10.0.0.1", 403},
		{"a status of its own", rules.AllowList{Ranges: only("9.9.9.9/32"), RejectStatus: 404}, EntryPointOptions{TrustAll: true}, "", 404},
	} {
		r := filtered(t, row.entry, row.list)
		answer, body := r.ask("GET", "a.b", "/api/x", func(q *http.Request) {
			if row.xff != "" {
				q.Header.Set("X-Forwarded-For", row.xff)
			}
		})
		if answer.StatusCode != row.want || row.want == 403 && body != "Forbidden" {
			t.Errorf("%s: %s %q", row.what, answer.Status, body)
		}
	}
}

func TestEntryPointsHaveLocksOfTheirOwn(t *testing.T) {
	r := filtered(t, EntryPointOptions{Compress: true, Filters: []rules.Filter{
		rules.AllowList{Ranges: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}, // runs last, whatever its place here
		rules.BasicAuth{Users: []string{testUser}, HeaderField: "X-User"},
	}})
	for _, host := range []string{"a.b", "unknown"} {
		if answer, body := r.ask("GET", host, "/"); answer.StatusCode != 401 || body != "401 Unauthorized\n" {
			t.Errorf("%s: %s %q", host, answer.Status, body)
		}
	}
	if answer, body := r.ask("GET", "a.b", "/api/x", login("test", "test")); answer.StatusCode != 200 || !strings.Contains(body, "GET /x") || !strings.Contains(body, " X-User=test") {
		t.Errorf("%s %s", answer.Status, body)
	}
	if answer, _ := r.ask("GET", "unknown", "/", login("test", "test")); answer.StatusCode != 404 {
		t.Error(answer.Status)
	}
}

func TestEntryPointWhoseFilterCannotBeMadeIsNotOpened(t *testing.T) {
	for want, f := range map[string]rules.Filter{
		"user 1 of 1: not of the form name:hash":         rules.BasicAuth{Users: []string{"a:b:c"}},
		`redirects to entry point "https", which does`:   rules.RedirectEntryPoint{Name: "https"},
		"entry point web: basic-auth: stat /nowhere: no": rules.BasicAuth{UsersFile: "/nowhere"},
	} {
		p := New(Options{EntryPoints: []EntryPointOptions{{Name: "web", Address: "127.0.0.1:0", Filters: []rules.Filter{f}}}})
		err := p.Listen(context.Background())
		p.Close()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// permission is a permission server that counts.
func permission(t *testing.T, h http.HandlerFunc) (address string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	return "http://" + endpointOf(t, "http", func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		h(w, q)
	}) + "/check", asked
}

func TestPermissionIsAskedForWithTheClientsFieldsAndGivesItsOwn(t *testing.T) {
	seen := make(chan *http.Request, 1)
	address, _ := permission(t, func(w http.ResponseWriter, q *http.Request) {
		seen <- q
		w.Header().Add("X-User", "ann")
		w.Header().Add("X-Scope", "read")
		w.Header().Add("X-Scope", "write")
		io.WriteString(w, "ignored")
	})
	r := filtered(t, EntryPointOptions{TrustAll: true}, rules.ForwardAuth{Address: address, ResponseHeaders: []string{"X-User", "X-Scope", "X-A"}})
	answer, body := r.ask("POST", "a.b", "/api/x?y=1", with("X-User", "admin"), with("X_user", "admin"), with("X-A", "forged"), with("Cookie", "c=1"),
		with("X-Forwarded-For", "1.1.1.1"), with("X-Forwarded-Uri", "/forged"), with("Connection", "X-Secret"), with("X-Secret", "1"))
	if answer.StatusCode != 200 || body != `POST /x?y=1 body="" X-User=ann X-Scope=read+write X-Forwarded-Prefix=/api X-Forwarded-Proto=http` {
		t.Errorf("%s %s", answer.Status, body)
	}
	q := <-seen
	if q.Method != "GET" || q.RequestURI != "/check" || q.Header.Get("Cookie") != "c=1" || q.Header.Get("X-Secret") != "" {
		t.Errorf("asked %s %s %v", q.Method, q.RequestURI, q.Header)
	}
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Method": "POST", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "a.b", "X-Forwarded-Uri": "/x?y=1",
	} {
		if got := q.Header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestTrustedClientsSpeakForThemselvesToThePermissionServer(t *testing.T) {
	seen := make(chan http.Header, 1)
	address, _ := permission(t, func(w http.ResponseWriter, q *http.Request) { seen <- q.Header })
	r := filtered(t, EntryPointOptions{TrustAll: true}, rules.ForwardAuth{Address: address, TrustForwardHeader: true})
	r.ask("GET", "a.b", "/", with("X-Forwarded-For", "1.1.1.1"), with("X-Forwarded-Uri", "/given"), with("X-Forwarded-Method", "PUT"), with("X-Forwarded-Proto", "https"))
	h := <-seen
	for name, want := range map[string]string{
		"X-Forwarded-For": "1.1.1.1, 127.0.0.1", "X-Forwarded-Uri": "/given", "X-Forwarded-Method": "PUT", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.b",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestDenialIsTheClientsAnswer(t *testing.T) {
	address, _ := permission(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Location", "/login")
		w.Header().Set("Set-Cookie", "state=1")
		w.Header().Set("Keep-Alive", "timeout=5")
		w.WriteHeader(302)
		io.WriteString(w, "go there")
	})
	r := filtered(t, EntryPointOptions{}, rules.ForwardAuth{Address: address})
	answer, body := r.ask("GET", "a.b", "/api/x")
	want := strings.TrimSuffix(address, "/check") + "/login"
	if answer.StatusCode != 302 || body != "go there" || answer.Header.Get("Location") != want || answer.Header.Get("Set-Cookie") != "state=1" || answer.Header.Get("Keep-Alive") != "" {
		t.Errorf("%s %q %v", answer.Status, body, answer.Header)
	}
	r = filtered(t, EntryPointOptions{}, rules.ForwardAuth{Address: address, PreserveLocation: true})
	if answer, _ := r.ask("GET", "a.b", "/"); answer.Header.Get("Location") != "/login" {
		t.Errorf("Location %s", answer.Header.Get("Location"))
	}
	if answer, body := r.ask("HEAD", "a.b", "/"); answer.StatusCode != 302 || body != "" {
		t.Errorf("HEAD: %s %q", answer.Status, body)
	}
}

func TestNoPermissionServerMeansNoPermission(t *testing.T) {
	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer garbage.Close()
	go func() {
		for {
			c, err := garbage.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "no HTTP at all\r\n\r\n")
			c.Close()
		}
	}()
	for _, address := range []string{"http://" + deadAddr(t), "http://" + garbage.Addr().String(), "https://" + garbage.Addr().String()} {
		r := filtered(t, EntryPointOptions{}, rules.ForwardAuth{Address: address})
		if answer, body := r.ask("GET", "a.b", "/"); answer.StatusCode != 500 || body != "" {
			t.Errorf("%s: %s %q", address, answer.Status, body)
		}
	}
}

func TestPermissionThatIsSlowIsLeftWhenTheClientIsGone(t *testing.T) {
	asked, left := make(chan struct{}), make(chan struct{})
	address, _ := permission(t, func(w http.ResponseWriter, q *http.Request) {
		close(asked)
		<-q.Context().Done()
		close(left)
	})
	r := filtered(t, EntryPointOptions{}, rules.ForwardAuth{Address: address})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	q, _ := http.NewRequestWithContext(ctx, "GET", "http://"+r.addr+"/", nil)
	q.Host = "a.b"
	if _, err := r.http.Do(q); err == nil {
		t.Error("the client got an answer")
	}
	<-left
}

func TestPermissionServerSeesTheBodyIfItIsTo(t *testing.T) {
	seen := make(chan string, 1)
	address, asked := permission(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "other", Value: "1"})
		seen <- q.Method + " " + string(body)
	})
	r := filtered(t, EntryPointOptions{}, rules.ForwardAuth{Address: address, ForwardBody: true, MaxBodySize: 5, PreserveMethod: true, AddCookies: []string{"session"}})
	post := func(text string) func(*http.Request) {
		return func(q *http.Request) {
			q.Body, q.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		}
	}
	answer, body := r.ask("POST", "a.b", "/", post("hello"))
	if answer.StatusCode != 200 || !strings.HasPrefix(body, `POST / body="hello"`) || strings.Join(answer.Header["Set-Cookie"], ";") != "session=1" {
		t.Errorf("%s %s %v", answer.Status, body, answer.Header)
	}
	if got := <-seen; got != "POST hello" {
		t.Errorf("the server saw %q", got)
	}
	if answer, _ := r.ask("POST", "a.b", "/", post("longer")); answer.StatusCode != 413 || asked.Load() != 1 {
		t.Errorf("too long: %s, asked %d times", answer.Status, asked.Load())
	}
}

func TestAClosedRouteAnswers503WhateverIsBehindIt(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "Host:a.b", filters: []rules.Filter{rules.Closed{}}, addrs: []string{endpoint(t, func(http.ResponseWriter, *http.Request) {
		t.Error("a request came through")
	})}})
	if answer, body := r.ask("GET", "a.b", "/"); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %s, %s", answer.Status, body)
	}
}
