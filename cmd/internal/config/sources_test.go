package config

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/rules"
)

// around is a world of files and variables.
func around(files map[string]string, variables ...string) Surroundings {
	return Surroundings{
		Environ: variables, Places: []string{"/etc/traefik/traefik.toml", "traefik.toml"},
		ReadFile: func(path string) ([]byte, error) {
			text, ok := files[path]
			if !ok {
				return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
			}
			return []byte(text), nil
		},
	}
}

func file(text string) map[string]string { return map[string]string{"traefik.toml": text} }

func TestCommandLineWinsOverEnvironmentOverFileOverDefaults(t *testing.T) {
	toml := file("logLevel = \"INFO\"\ndefaultEntryPoints = [\"a\", \"b\"]\n[entryPoints.a]\naddress = \":1\"\n[entryPoints.b]\naddress = \":2\"\ncompress = true\n" +
		"[docker]\ndomain = \"file\"\nnetwork = \"file\"\nconstraints = [\"tag==a\", \"tag==b\"]\n[lifeCycle]\ngraceTimeOut = 3\n")
	s := around(toml, "APPIA_DOCKER_NETWORK=environment", "APPIA_LOGLEVEL=ERROR", "TRAEFIK_LOGLEVEL=DEBUG", "TRAEFIK_DOCKER_CONSTRAINTS=tag==c", "TRAEFIK_SERVICE_HOST=10.0.0.1")
	c, warnings, err := load(s, swarmMode, "--logLevel=WARN", "--entryPoints=Name:b Address::3", "--defaultEntryPoints=b")
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, warnings %q", err, warnings)
	}
	if c.Labels.Domain != "file" || c.Labels.Network != "environment" || c.LogLevel != 1 && c.LogLevel.String() != "warn" || c.Grace != 3*time.Second || len(c.Labels.Constraints) != 1 {
		t.Errorf("%+v", c)
	}
	want := []proxy.EntryPointOptions{{Name: "a", Address: ":1", TrustAll: true}, {Name: "b", Address: ":3", TrustAll: true}}
	if !reflect.DeepEqual(c.EntryPoints, want) || !slices.Equal(c.Default, []string{"b"}) {
		t.Errorf("entry points %+v, default %q", c.EntryPoints, c.Default)
	}
}

func TestFileOfTraefikIsRead(t *testing.T) {
	c, warnings, err := load(around(file(`
debug = true
LogLevel = "WARN"
defaultEntryPoints = ["http", "internal"]

[entryPoints]
  [entryPoints.http]
  address = ":80"
  compress = true
    [entryPoints.http.redirect]
    regex = "^http://a/(.*)"
    replacement = "http://b/$1"
    permanent = true
    [entryPoints.http.auth]
    headerField = "X-User"
      [entryPoints.http.auth.basic]
      users = ["me:$apr1$NZxNxBH2$RUIwed7V5rDlciFu3wnRN.", "you:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs="]
      usersFile = "/users"
      removeHeader = true
    [entryPoints.http.whiteList]
    sourceRange = ["10.0.0.0/8", "192.168.0.1"]
    useXForwardedFor = true
    [entryPoints.http.proxyProtocol]
    trustedIPs = ["10.0.0.0/8"]
    [entryPoints.http.forwardedHeaders]
    trustedIPs = ["10.0.0.0/8"]
  [entryPoints.internal]
  address = ":81"
  whitelistSourceRange = ["10.0.0.0/8"]
    [entryPoints.internal.forwardedHeaders]
[docker]
endpoint = "unix:///x.sock"
swarmMode = true
exposedByDefault = false
[api]
entryPoint = "internal"
[api.statistics]
recentErrors = 5
[ping]
[metrics.prometheus]
buckets = [0.1, 1.0, 3]
[respondingTimeouts]
readTimeout = "5s"
idleTimeout = 60
[accessLog]
format = "json"
[accessLog.filters]
statusCodes = ["200", "300-302"]
[accessLog.fields.names]
"ClientUsername" = "drop"
[accessLog.fields.headers]
defaultMode = "redact"
[accessLog.fields.headers.names]
"User-Agent" = "keep"
`)))
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, warnings %q", err, warnings)
	}
	var filters []string
	for _, f := range c.EntryPoints[0].Filters {
		filters = append(filters, rules.FilterKey(f))
	}
	want := []string{
		`redirect regexp=^http://a/(.*) replacement="http://b/$1" permanent=true`,
		`basic-auth users=["me:$apr1$NZxNxBH2$RUIwed7V5rDlciFu3wnRN." "you:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs="] usersFile="/users" removeHeader=true headerField="X-User"`,
		`allow-list ranges=[10.0.0.0/8 192.168.0.1/32] anyForwarded=true`,
	}
	if !slices.Equal(filters, want) {
		t.Errorf("filters %q", filters)
	}
	http, internal := c.EntryPoints[0], c.EntryPoints[1]
	if http.Name != "http" || !http.Compress || http.TrustAll || len(http.TrustedIPs) != 1 || http.ProxyProtocol == nil || len(http.ProxyProtocol.TrustedIPs) != 1 {
		t.Errorf("http: %+v", http)
	}
	if internal.TrustAll || len(internal.Filters) != 1 || !slices.Equal(c.Default, []string{"http", "internal"}) {
		t.Errorf("internal: %+v, default %q", internal, c.Default)
	}
	if !c.SwarmMode || c.Labels.ExposedByDefault || c.Engine.Endpoint != "unix:///x.sock" || c.LogLevel.String() != "warn" || !c.Debug {
		t.Errorf("%+v", c)
	}
	if c.Shared["internal"] != (Pages{API: true}) || c.WebPages != (Pages{Ping: true, Metrics: true}) || c.RecentErrors != 5 || len(c.Buckets) != 3 {
		t.Errorf("pages %+v and %+v, %d errors, buckets %v", c.Shared, c.WebPages, c.RecentErrors, c.Buckets)
	}
	if c.ReadTimeout != 5*time.Second || c.IdleTimeout != time.Minute {
		t.Errorf("timeouts %v %v", c.ReadTimeout, c.IdleTimeout)
	}
	a := c.AccessLog
	if a == nil || a.Format.String() != "json" || len(a.Filter.Status) != 2 || len(a.Fields.Names) != 1 || a.Headers.Default.String() != "redact" || len(a.Headers.Names) != 1 {
		t.Errorf("access log %+v", a)
	}
}

func TestFileThatIsWrongIsExplainedWithItsLine(t *testing.T) {
	for _, row := range []struct{ toml, want string }{
		{"[docker\n", "traefik.toml:1: "},
		{"a = 1\n\nb = = 2", "traefik.toml:3: "},
		{"[docker]\nwatch = \"often\"", `traefik.toml:2: docker.watch: "often" is neither true nor false`},
		{"[docker]\ndomain = 1979-05-27", "traefik.toml:2: docker.domain: the value is neither text"},
		{"[entryPoints.http]\n[entryPoints.http.tls]\n", "give a port"},
		{"[entryPoints.http]\naddress = \":80\"\n[entryPoints.http.tls.defaultCertificate]\ncertFile = \"a\"", "a Cert and a Key"},
		{"[[tls]]\nentryPoints = [\"https\"]\n", "traefik.toml:1: [[tls]] has a table [tls.certificate]"},
		{"[entryPoints.http]\naddress = \":80\"\n[[entryPoints.http.tls.certificates]]\ncertFile = \"a\"\n", "a comma between them"},
		{"[entryPoints.http]\naddress = \":80\"\n[entryPoints.http.proxyProtocol]\n", "trusts nobody"},
		{"[entryPoints.http]\naddress = \":80\"\n[entryPoints.http.auth]\n", "neither Basic nor Digest"},
		{"[entryPoints.http]\naddress = \":80\"\n[entryPoints.http.auth.basc]\nusers = [\"a:b\"]", "traefik.toml:3: auth.basc is not known"},
		{"[entryPoints.http]\naddress = \":80\"\n[entryPoints.http.whiteList]\nsourceRange = []", "has no SourceRange"},
		{"[web.auth.forward]\naddress = \"http://a/\"", "would open the admin page"},
		{"[web.auht.basic]\nusers = [\"a:b\"]", "looks like one that closes the admin page"},
		{"[api]\n[web.auth.basic]\nusers = [\"a:b\"]", "would be open"},
	} {
		_, _, err := load(around(file(row.toml)), swarmMode)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%q: got %v, want %q", row.toml, err, row.want)
		}
	}
}

func TestAVariableThatWasToCloseTheAdminPageAndIsNoneStopsTheRouter(t *testing.T) {
	for _, name := range []string{"APPIA_WEB_AUTH_BASIC_USER", "APPIA_WEB_AUHT_BASIC_USERS", "TRAEFIK_WEB_AUTH_BASIC_USERS_FIL", "TRAEFIK_WEB_AUHT_BASIC_USERS"} {
		if _, _, err := load(Surroundings{Environ: []string{name + "=a:b"}}, swarmMode); err == nil || !strings.Contains(err.Error(), name+" is no option, but looks like") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysThatAreNotKnownAreToldWithTheNearest(t *testing.T) {
	for _, row := range []struct{ toml, want string }{
		{"\n[docker]\ndomian = \"x\"", "traefik.toml:3: docker.domian is not known and has no effect; did you mean docker.domain?"},
		{"[dokcer]\ndomain = \"x\"\nwatch = true", "traefik.toml:1: dokcer is not known and has no effect; did you mean docker?"},
		{"[consul]\nendpoint = \"x\"\n[consul.tls]", "traefik.toml:1: consul is known to Traefik 1.x and has no effect: "},
		{"[frontends.a]\nbackend = \"x\"", "traefik.toml:1: frontends is known to Traefik 1.x and has no effect: "},
		{"[entryPoints.http]\naddress = \":80\"\ncompres = true", `entry point "http": traefik.toml:3: compres is not known; did you mean compress?`},
		{"configFile = \"other.toml\"", "a file cannot name another one"},
	} {
		_, warnings, err := load(around(file(row.toml)), swarmMode)
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], row.want) {
			t.Errorf("%q: %v, got %q, want %q", row.toml, err, warnings, row.want)
		}
	}
}

func TestFileIsFoundWhereTraefikLooks(t *testing.T) {
	files := map[string]string{"/etc/traefik/traefik.toml": "[docker]\ndomain = \"etc\"", "traefik.toml": "[docker]\ndomain = \"here\"", "/my-conf.toml": "[docker]\ndomain = \"mine\""}
	for _, row := range []struct {
		args []string
		env  string
		want string
	}{
		{nil, "", "etc"}, {[]string{"-c", "/my-conf.toml"}, "", "mine"}, {[]string{"--configFile=/my-conf.toml"}, "", "mine"}, {nil, "APPIA_CONFIGFILE=/my-conf.toml", "mine"},
	} {
		c, _, err := load(around(files, row.env), append(row.args, swarmMode)...)
		if err != nil || c.Labels.Domain != row.want {
			t.Errorf("%q %s: %v, domain %q", row.args, row.env, err, c.Labels.Domain)
		}
	}
	if _, _, err := load(around(nil), swarmMode, "--configFile=/gone.toml"); err == nil || !strings.Contains(err.Error(), "/gone.toml") {
		t.Errorf("a file that was asked for and is not there went unnoticed: %v", err)
	}
	if _, _, err := load(around(nil), swarmMode); err != nil {
		t.Errorf("without any file: %v", err)
	}
	locked := Surroundings{Places: []string{"x"}, ReadFile: func(string) ([]byte, error) { return nil, fs.ErrPermission }}
	if _, _, err := load(locked, swarmMode); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a file that cannot be read went unnoticed: %v", err)
	}
}

func TestBareSectionKeepsWhatTheFileSaysAndTells(t *testing.T) {
	toml := file("[docker]\ndomain = \"a\"\n")
	c, warnings, err := load(around(toml), swarmMode, "--docker")
	if err != nil || c.Labels.Domain != "a" || len(warnings) != 1 || !strings.Contains(warnings[0], "--docker: Traefik 1.x would forget what traefik.toml says below [docker]") {
		t.Errorf("%v, domain %q, warnings %q", err, c.Labels.Domain, warnings)
	}
	if c, warnings, err := load(around(toml), swarmMode, "--docker.watch"); err != nil || c.Labels.Domain != "a" || len(warnings) > 0 {
		t.Errorf("%v, domain %q, warnings %q", err, c.Labels.Domain, warnings)
	}
}

func TestVariablesMayNameFilesAndAreTold(t *testing.T) {
	files := map[string]string{"/run/secrets/key": "s3cret\n"}
	c, warnings, err := load(around(files, "APPIA_STICKY_KEY_FILE=/run/secrets/key", "appia_entrypoints=Name:a Address::1\nName:http Address::2", "APPIA_DOCKER_DOMIAN=x", "APPIA_DOCKER_DOMIAN_FILE=x"), swarmMode)
	if err != nil || c.StickyKey != "s3cret" || len(c.EntryPoints) != 2 {
		t.Errorf("%v: %+v", err, c)
	}
	if len(warnings) != 2 || !strings.Contains(warnings[0], "APPIA_DOCKER_DOMIAN is no option and has no effect; did you mean APPIA_DOCKER_DOMAIN?") {
		t.Errorf("warnings %q", warnings)
	}
	if _, _, err := load(around(nil, "APPIA_STICKY_KEY_FILE=/gone"), swarmMode); err == nil || !strings.Contains(err.Error(), "APPIA_STICKY_KEY_FILE") {
		t.Errorf("a secret that is not there went unnoticed: %v", err)
	}
	if _, _, err := load(around(nil, "APPIA_DOCKER_WATCH=often"), swarmMode); err == nil || !strings.Contains(err.Error(), "APPIA_DOCKER_WATCH") {
		t.Errorf("got %v", err)
	}
}

func TestNamesOfVariablesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for i := range options {
		name := environmentName(options[i].name)
		for _, n := range []string{name, name + fromFile} {
			if seen[n] != "" {
				t.Errorf("%s is both %s and %s", n, seen[n], options[i].name)
			}
			seen[n] = options[i].name
		}
	}
}

func FuzzTOML(f *testing.F) {
	for _, seed := range []string{
		"[docker]\ndomain = \"x\"", "[entryPoints.http]\naddress = \":80\"\n[[entryPoints.http.tls.certificates]]\ncertFile = 1", "docker = 1", "entryPoints = []",
		"[entryPoints]\nhttp = 3", "[docker.tls]\na.b.c = {d = [1, [2]]}", "\"a.b\" = 1\n[a]\nb = 2", "[accessLog.fields.names]\nx = \"drop\"", "a = 1979-05-27T07:32:00Z", "[[docker]]\n[[docker]]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one, first, err := load(around(file(text)), swarmMode)
		two, second, again := load(around(file(text)), swarmMode)
		if fmt.Sprint(err) != fmt.Sprint(again) || !slices.Equal(first, second) {
			t.Errorf("%q: %v, %q, and again %v, %q", text, err, first, again, second)
		}
		if err == nil && fmt.Sprint(one.EntryPoints) != fmt.Sprint(two.EntryPoints) {
			t.Errorf("%q: %v and %v", text, one.EntryPoints, two.EntryPoints)
		}
	})
}

func TestVariablesOfTraefikThatAreNoOptionsAreToldButForBorrowedOnes(t *testing.T) {
	for variable, want := range map[string]string{
		"TRAEFIK_LOGLEVLE=INFO": "did you mean APPIA_LOGLEVEL?", "TRAEFIK_PROVIDERS_SWARM=true": "has no effect", "traefik_docker_domian=x": "did you mean APPIA_DOCKER_DOMAIN?",
		"TRAEFIK_SERVICE_HOST=10.0.0.1": "", "TRAEFIK_SERVICE_PORT_WEB=80": "", "TRAEFIK_PORT=tcp://10.0.0.1:80": "", "TRAEFIK_PORT_80_TCP_ADDR=10.0.0.1": "", "TRAEFIK_NAME=/x/traefik": "",
		"TRAEFIK_ENV_PATH=/bin": "", "TRAEFIK_WEB_UI_SERVICE_HOST=10.0.0.1": "", "TRAEFIK_VERSION=1.7": "", "TRAEFIK_LOGLEVEL=INFO": "",
	} {
		_, warnings, err := load(around(nil, variable), swarmMode)
		if text := strings.Join(warnings, "\n"); err != nil || want == "" && text != "" || !strings.Contains(text, want) {
			t.Errorf("%s: %q, %v", variable, text, err)
		}
	}
}
