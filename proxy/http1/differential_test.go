package http1_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// A server is somebody else's, and its opinion on what it was asked. It answers "METHOD target length-of-body".
type server struct {
	name            string
	network, target string
	merges          bool // it takes several slashes in front of a path for one, which is its own affair and no other request
}

func goServer(t testing.TB) server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		n, err := io.Copy(io.Discard, q.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // half a request is none
		}
		fmt.Fprintf(w, "%s %s %d", q.Method, q.RequestURI, n)
	}))
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	return server{name: "net/http", network: "tcp", target: s.Listener.Addr().String()}
}

// nginxConf reads a request whole before it asks a second server, which says what it was.
const nginxConf = `daemon off; master_process off; pid %[1]s/pid; error_log /dev/null;
events { worker_connections 512; }
http {
	access_log off; client_max_body_size 0; large_client_header_buffers 8 128k; underscores_in_headers on; default_type text/plain;
	client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
	server { listen unix:%[1]s/socket; location / { proxy_pass http://unix:%[1]s/inner:; proxy_http_version 1.1; } }
	server { listen unix:%[1]s/inner; location / { return 200 "$request_method $request_uri $content_length"; } }
}
`

func nginx(t testing.TB) server {
	dir := scratch(t)
	conf := filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, server{name: "nginx", network: "unix", target: filepath.Join(dir, "socket")}, "-c", conf, "-p", dir)
}

// apacheConf is as lax as Apache can be: what a strict reader refuses tells nothing. The request goes on to a second server,
// which says what it was.
const apacheConf = `ServerName x
Listen %[2]s
PidFile %[1]s/pid
ErrorLog /dev/null
Mutex pthread
LoadModule mpm_event_module %[4]s/mod_mpm_event.so
LoadModule authz_core_module %[4]s/mod_authz_core.so
LoadModule proxy_module %[4]s/mod_proxy.so
LoadModule proxy_http_module %[4]s/mod_proxy_http.so
User nobody
Group nogroup
HttpProtocolOptions Unsafe LenientMethods
AllowEncodedSlashes NoDecode
LimitRequestFieldSize 131072
LimitRequestLine 131072
LimitRequestFields 0
KeepAliveTimeout 100
ProxyPass / http://%[3]s/ nocanon
`

// apacheModules is where Debian puts them.
const apacheModules = "/usr/lib/apache2/modules"

func apache(t testing.TB) server {
	dir, addr := scratch(t), proxytest.FreeAddress(t)
	conf := filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, apacheConf, dir, addr, goServer(t).target, apacheModules), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, server{name: "apache2", network: "tcp", target: addr, merges: true}, "-X", "-d", dir, "-f", conf)
}

// lighttpdConf is as lax as lighttpd can be, and asks a second server too.
const lighttpdConf = `server.document-root = "%[1]s"
server.bind = "%[1]s/socket"
server.modules = ("mod_proxy")
server.errorlog = "/dev/null"
server.upload-dirs = ("%[1]s")
server.max-request-field-size = 131072
server.max-keep-alive-idle = 100
server.http-parseopts = ("header-strict" => "disable", "host-strict" => "disable", "host-normalize" => "disable", "url-normalize" => "disable")
proxy.server = ("" => (("host" => "%[2]s", "port" => %[3]s)))
`

func lighttpd(t testing.TB) server {
	dir := scratch(t)
	conf := filepath.Join(dir, "conf")
	host, port, _ := net.SplitHostPort(goServer(t).target)
	if err := os.WriteFile(conf, fmt.Appendf(nil, lighttpdConf, dir, host, port), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, server{name: "lighttpd", network: "unix", target: filepath.Join(dir, "socket")}, "-D", "-f", conf)
}

func node(t testing.TB) server {
	dir := scratch(t)
	socket := filepath.Join(dir, "socket")
	return run(t, server{name: "node", network: "unix", target: socket}, "testdata/echo.js", socket)
}

// scratch is a directory whose name is short enough for a socket's.
func scratch(t testing.TB) string {
	dir, err := os.MkdirTemp("", "appia")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// run starts a server and waits until it listens.
func run(t testing.TB, s server, args ...string) server {
	t.Helper()
	path, err := exec.LookPath(s.name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + s.name)
	}
	switch {
	case err != nil && os.Getenv("REQUIRE_ALL") == "1":
		t.Fatal("REQUIRE_ALL=1, and this cannot be run: ", err, "; proxy/http1/prepare installs it")
	case err != nil:
		t.Skip(err)
	}
	c := exec.Command(path, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	eventually(t, func() error {
		conn, err := net.Dial(s.network, s.target)
		if err == nil {
			conn.Close()
		}
		return err
	})
	return s
}

// A comparison is a router in front of a server, with everything between them on record. No connection serves twice, so that
// what a server makes of one exchange cannot hide in the next.
type comparison struct {
	server server
	router *router
	relay  *proxytest.Relay
}

func compareWith(t testing.TB, s server) *comparison {
	relay := proxytest.StartRelay(t, s.network, s.target)
	return &comparison{s, startKeeping(t, relay.Addr(), 0), relay}
}

// try sends bytes through and holds both opinions against each other. It returns the number of requests.
func (d *comparison) try(t testing.TB, text string) int {
	t.Helper()
	d.send(t, text)
	all, ended := d.relay.Take()
	if !ended {
		t.Errorf("%s, %.2000q: a connection does not end", d.server.name, text)
	}
	total := 0
	for _, both := range all {
		n, problem := d.opinions(both)
		if problem != "" {
			t.Errorf("%.2000q\nwas forwarded to %s as\n%.2000q\nwhich answered\n%.1000q\n%s", text, d.server.name, both.Asked, both.Answered, problem)
		}
		total += n
	}
	return total
}

func (d *comparison) send(t testing.TB, text string) {
	c := proxytest.Dial(t, d.router.addr)
	defer c.Close()
	defer c.SetLinger(0) // thousands of these must not use up the ports
	enough := d.router.pass()
	defer enough()
	_, _ = io.WriteString(c, text) // it may be refused before its end
	_ = c.CloseWrite()
	_, _ = c.Rest()
}

// opinions counts the requests that we read in what was forwarded and compares them with the answers.
func (d *comparison) opinions(both *proxytest.Relayed) (n int, problem string) {
	asked, answered := both.Asked, both.Answered
	for ; ; n++ {
		q, size := proxytest.ReadRequest(asked)
		if q != nil && len(q.Faults) > 0 {
			return n, strings.Join(q.Faults, "; ")
		}
		if size == 0 {
			break
		}
		asked = asked[size:]
		var a *proxytest.Message
		for a == nil || a.Status() < 200 {
			if a, size = proxytest.ReadResponse(answered, q.Method() == "HEAD", true); size == 0 {
				return n, fmt.Sprintf("no answer to request %d", n+1)
			}
			answered = answered[size:]
		}
		if said := string(a.Body); a.Status() == 200 && q.Method() != "HEAD" && !d.sameOpinion(said, q) {
			return n, fmt.Sprintf("request %d was %s %s with %d bytes, and the server took it for %q", n+1, q.Method(), q.Target(), len(q.Body), said)
		}
	}
	// To half a request a server may say that it is none.
	if a, _ := proxytest.ReadResponse(answered, false, true); a != nil && (len(asked) == 0 || a.Status() < 400 && a.Status() >= 200) {
		return n, fmt.Sprintf("%d requests, and one more answer: %s", n, a.Line)
	}
	if n > 1 {
		return n, "several requests on a connection for one"
	}
	return n, ""
}

func (d *comparison) sameOpinion(said string, q *proxytest.Message) bool {
	length, target := fmt.Sprint(len(q.Body)), q.Target()
	for d.server.merges && strings.HasPrefix(target, "//") {
		target = target[1:]
	}
	said = strings.TrimSuffix(said, " ")                                                  // nginx has nothing to say of no body
	if len(q.Body) == 0 && said == q.Method()+" "+target || said == "" && target == "*" { // net/http answers that itself
		return true
	}
	return said == q.Method()+" "+target+" "+length
}

// corpus is what the clients of the wire files send.
func corpus(t testing.TB) (all []string) {
	files, err := filepath.Glob("testdata/wire/*.http")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if name := filepath.Base(file); strings.HasPrefix(name, "response") || name == "interim.http" {
			continue
		}
		for _, w := range parseWire(t, file) {
			text := ""
			for _, step := range w.steps {
				text += step.send
			}
			all = append(all, text)
		}
	}
	return all
}

// spoils are bytes that some readers skip, trim, or take for others.
var spoils = []string{"\r\n", "\n", "\r", " ", "\t", "\x00", "\v", "\f", "\x85", "\xa0", ":", ",", ";", "0", "\x7f", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
	"\r\n\r\n", "0\r\n\r\n", "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", "Connection: Content-Length\r\n", "Expect: 100-continue\r\n", "HTTP/1.0"}

// spoilt changes a good text in a place or two: a byte more, a byte less, a piece of another.
func spoilt(r *rand.Rand, good, all []string) string {
	text := good[r.IntN(len(good))]
	for range 1 + r.IntN(2) {
		at := r.IntN(min(len(text), 400) + 1)
		switch r.IntN(4) {
		case 0, 1:
			text = text[:at] + spoils[r.IntN(len(spoils))] + text[at:]
		case 2:
			text = text[:at] + text[min(len(text), at+1+r.IntN(3)):]
		default:
			other := all[r.IntN(len(all))]
			text = text[:at] + other[r.IntN(len(other)+1):]
		}
	}
	return text
}

func TestServersAgreeOnHowManyRequestsThereWere(t *testing.T) {
	for name, start := range map[string]func(testing.TB) server{"go": goServer, "nginx": nginx, "node": node, "apache": apache, "lighttpd": lighttpd} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := compareWith(t, start(t))
			all := corpus(t)
			var good []string
			requests := 0
			for _, text := range all {
				if n := d.try(t, text); n > 0 {
					good, requests = append(good, text), requests+n
				}
			}
			r := rand.New(rand.NewPCG(1, 2))
			for range 2000 {
				requests += d.try(t, spoilt(r, good, all))
			}
			if requests < 500 {
				t.Errorf("only %d requests came through: nothing was compared", requests)
			}
		})
	}
}

func FuzzServersAgree(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add([]byte(text))
		}
	}
	servers := []*comparison{compareWith(f, goServer(f)), compareWith(f, nginx(f))}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, d := range servers {
			d.try(t, string(text))
		}
	})
}
