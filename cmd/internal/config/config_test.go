package config

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/appia-edge/appia/proxy"
)

var update = flag.Bool("update", false, "write the generated documentation")

// parse reads a command line to the end.
func parse(args ...string) (*Config, []string, error) {
	c := Default()
	clean, warnings, err := Normalize(args)
	if err != nil {
		return nil, warnings, err
	}
	if err := Flags(c).Parse(clean); err != nil {
		return nil, warnings, err
	}
	more, err := c.Finish()
	return c, append(warnings, more...), err
}

const swarmMode = "--docker.swarmmode"

// The flags of the user's own file, as the two forms of YAML and a folded string with backslashes hand them over.
func TestFlagsOfTheUsersFileWorkInEveryForm(t *testing.T) {
	for form, args := range map[string][]string{
		"string": {"--web", "--logLevel=DEBUG", "--docker", "--docker.swarmmode", "--docker.watch", "--docker.domain=litup.me",
			"--defaultEntryPoints=http", "--entryPoints=Name:http Address::80 compress:true"},
		"list": {"--web", "--logLevel=DEBUG", "--docker", "--docker.swarmmode", "--docker.watch", "--docker.domain=litup.me",
			"--defaultEntryPoints='http'", "--entryPoints='Name:http Address::80 compress:true'"},
		"folded": {"--web", "--logLevel=DEBUG", "--docker", "--docker.swarmmode", "--docker.watch", "--docker.domain=litup.me", " --defaultEntryPoints=http",
			" ", " --entryPoints=Name:http Address::80 compress:true", `\`},
		"apart": {"--WEB", "--loglevel", "debug", "--docker", "--DOCKER.SwarmMode=true", "--docker.domain", "litup.me",
			"--defaultentrypoints", "http", "--entrypoints", "Name:http Address::80 compress:true"},
	} {
		c, warnings, err := parse(args...)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v, warnings %q", form, err, warnings)
			continue
		}
		want := proxy.EntryPointOptions{Name: "http", Address: ":80", Compress: true, TrustAll: true}
		if len(c.EntryPoints) != 1 || c.EntryPoints[0].Name != want.Name || c.EntryPoints[0].Address != want.Address ||
			!c.EntryPoints[0].Compress || !c.EntryPoints[0].TrustAll || !slices.Equal(c.Default, []string{"http"}) {
			t.Errorf("%s: entry points %+v, default %q", form, c.EntryPoints, c.Default)
		}
		if !c.Web || !c.Docker || !c.SwarmMode || !c.Watch || c.Labels.Domain != "litup.me" || c.LogLevel != zapcore.DebugLevel || !c.Labels.ExposedByDefault {
			t.Errorf("%s: %+v", form, c)
		}
	}
}

func TestFlagsMeanWhatTheyMeantToTraefik(t *testing.T) {
	for _, row := range []struct {
		name  string
		args  []string
		check func(*Config) bool
	}{
		{"no entry point: http on 80", nil, func(c *Config) bool {
			return len(c.EntryPoints) == 1 && c.EntryPoints[0].Address == ":80" && c.Default[0] == "http"
		}},
		{"two entry points", []string{"--entryPoints=Name:http Address::80", "--entryPoints=Name:int Address:127.0.0.1:81", "--defaultEntryPoints=http,int"},
			func(c *Config) bool {
				return len(c.EntryPoints) == 2 && slices.Equal(c.Default, []string{"http", "int"})
			}},
		{"trusted ranges", []string{"--entryPoints=name:http ADDRESS::80 ForwardedHeaders.TrustedIPs:10.0.0.3/24,20.0.0.3"}, func(c *Config) bool {
			e := c.EntryPoints[0]
			return !e.TrustAll && len(e.TrustedIPs) == 2 && e.TrustedIPs[0].String() == "10.0.0.0/24" && e.TrustedIPs[1].String() == "20.0.0.3/32"
		}},
		{"trust nobody", []string{"--entryPoints=Name:http Address::80 ForwardedHeaders.Insecure:false"}, func(c *Config) bool { return !c.EntryPoints[0].TrustAll }},
		{"level beats debug", []string{"--debug", "--logLevel=warn"}, func(c *Config) bool { return c.LogLevel == zapcore.WarnLevel }},
		{"debug alone", []string{"-d"}, func(c *Config) bool { return c.LogLevel == zapcore.DebugLevel }},
		{"short with value", []string{"-l", "INFO", "-g", "7"}, func(c *Config) bool { return c.LogLevel == zapcore.InfoLevel && c.Grace == 7*time.Second }},
		{"seconds and durations", []string{"--lifeCycle.graceTimeOut=30", "--lifeCycle.requestAcceptGraceTimeout=1m30s", "--docker.swarmModeRefreshSeconds=5"},
			func(c *Config) bool {
				return c.Grace == 30*time.Second && c.AcceptGrace == 90*time.Second && c.Refresh == 5*time.Second
			}},
		{"watch off", []string{"--docker.watch=false"}, func(c *Config) bool { return !c.Watch }},
		{"constraints add up", []string{"--constraints=tag==api", "--docker.constraints=tag!=us-*"}, func(c *Config) bool { return len(c.Labels.Constraints) == 2 }},
		{"engine over TLS", []string{"--docker.endpoint=tcp://10.0.0.1:2376", "--docker.tls.ca=ca.pem", "--docker.tls.cert=cert.pem", "--docker.tls.key=key.pem"},
			func(c *Config) bool {
				return c.Engine.TLS != nil && c.Engine.TLS.Key == "key.pem" && c.Engine.Endpoint == "tcp://10.0.0.1:2376"
			}},
		{"web address alone switches web on", []string{"--web.address=:9090"}, func(c *Config) bool { return c.Web && c.WebAddress == ":9090" }},
		{"no web", nil, func(c *Config) bool { return !c.Web }},
	} {
		c, warnings, err := parse(append(row.args, swarmMode)...)
		if err != nil || len(warnings) > 0 || !row.check(c) {
			t.Errorf("%s: %v, warnings %q, %+v", row.name, err, warnings, c)
		}
	}
}

func TestWhatCannotBeMeantIsAnErrorThatHelps(t *testing.T) {
	for _, row := range []struct{ arg, want string }{
		{"--docker.swarmod", "did you mean --docker.swarmMode?"},
		{"--xyzzy", "appia --help lists them"},
		{"--docker.domain", "needs a value: --docker.domain=<domain>"},
		{"--docker.watch=yes", "neither true nor false"},
		{"--logLevel=loud", "DEBUG, INFO, WARN"},
		{"--lifeCycle.graceTimeOut=soon", "write 10s or 1m30s"},
		{"--entryPoints=Address::80", "has no name"},
		{"--entryPoints=Name:http Adress::9000", "did you mean Address?"},
		{"--entryPoints=Name:http Address::80000", "they go from 1 to 65535"},
		{"--entryPoints=Name:http", "give a port, as in Address::80"},
		{"--entryPoints=Name:http Address::80 ForwardedHeaders.TrustedIPs:all", "neither an address nor a range"},
		{"--entryPoints=Name:https Address::443 TLS.DefaultCertificate.Cert:a", "a Cert and a Key"},
		{"--entryPoints=Name:http Address::80 Redirect.EntryPoint:https", "there is no entry point \"https\""},
		{"--entryPoints=Name:http Address::80 Auth.HeaderField:X-User", "neither Basic nor Digest nor Forward"},
		{"--entryPoints=Name:http Address::80 Auth.Basic.User:a:b", "did you mean Auth.Basic.Users?"},
		{"--defaultEntryPoints=htp", "did you mean http?"},
		{"--docker.constraints=tag = api", "tag=="},
		{"--web.certFile=cert.pem", "would open the admin page"},
		{"--web.auth.forward.address=http://a/", "would open the admin page"},
	} {
		args := []string{swarmMode, row.arg}
		if strings.HasPrefix(row.arg, "--defaultEntryPoints") {
			args = append(args, "--entryPoints=Name:http Address::80")
		}
		if _, _, err := parse(args...); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.arg, err, row.want)
		}
	}
	if clean, _, err := Normalize([]string{"--consul"}); err != nil || clean == nil {
		t.Errorf("cobra would read the process's own arguments: %v %v", clean, err)
	}
	if _, _, err := parse(); err == nil || !strings.Contains(err.Error(), "--docker --docker.swarmMode") {
		t.Errorf("no flags: %v", err)
	}
	if _, _, err := parse("--docker"); err == nil || !strings.Contains(err.Error(), "add --docker.swarmMode") {
		t.Errorf("plain docker: %v", err)
	}
}

func TestWhatIsHarmlessIsAWarning(t *testing.T) {
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"--tracing.serviceName", "/log", "--consul"}, "--tracing.serviceName is known to Traefik 1.x"},
		{[]string{"--consul.endpoint=x:8500"}, "--consul.endpoint is known"},
		{[]string{"--docker.swarmModeRefreshSeconds=0"}, "means the default, 15"},
		{[]string{"--entryPoints=Name:http Address::80", "--entryPoints=Name:http Address::81"}, "the last one counts"},
		{[]string{"--docker.watch", "false"}, `"false" belongs to no flag`},
		{[]string{"--entryPoints=Name:http Address::80 Compres:true"}, "did you mean Compress?"},
	} {
		c, warnings, err := parse(append([]string{swarmMode}, row.args...)...)
		if err != nil || !strings.Contains(strings.Join(warnings, "\n"), row.want) {
			t.Errorf("%q: %v, warnings %q", row.args, err, warnings)
		}
		if c != nil && !c.Watch {
			t.Errorf("%q switched watching off", row.args)
		}
	}
}

func TestStickySecretComesFromFlagOrFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ arg, want string }{{"--sticky.key=abc", "abc"}, {"--sticky.keyFile=" + file, "s3cret"}, {"--web", ""}} {
		c, _, err := parse(swarmMode, row.arg)
		if err != nil {
			t.Fatal(err)
		}
		if key, err := c.StickySecret(); err != nil || string(key) != row.want {
			t.Errorf("%s: %q %v", row.arg, key, err)
		}
	}
	c, _, _ := parse(swarmMode, "--sticky.keyFile="+file+".none")
	if _, err := c.StickySecret(); err == nil {
		t.Error("a key file that was asked for and is not there went unnoticed")
	}
}

func TestReferenceOfFlagsIsFresh(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "flags.md")
	if *update {
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != Reference() {
		t.Errorf("docs/flags.md is stale: run make docs (%v)", err)
	}
}

func TestEveryFlagIsDescribedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range options {
		if seen[strings.ToLower(o.name)] || o.help == "" || o.set == nil {
			t.Errorf("--%s is twice there, or lacks help or setter", o.name)
		}
		seen[strings.ToLower(o.name)] = true
	}
	for _, k := range knownNames() {
		if seen[strings.ToLower(k)] {
			t.Errorf("--%s is both served and not", k)
		}
	}
}

func TestRetryBoundsTheTries(t *testing.T) {
	for text, want := range map[string]int{"": -1, "--retry": 0, "--retry.attempts=3": 3, "--retry --retry.attempts=2": 2, "--retry.attempts=2 --retry": 2, "--retry.attempts=2 --retry=false": -1} {
		c, warnings, err := parse(append(strings.Fields(text), "--docker", swarmMode)...)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%s: %v, warnings %q", text, err, warnings)
		}
		got := -1
		if c.Retry != nil {
			got = c.Retry.Attempts
		}
		if got != want {
			t.Errorf("%s: %d attempts, want %d", text, got, want)
		}
	}
	for _, bad := range []string{"--retry.attempts=-1", "--retry.attempts=few", "--limits.ipv6Prefix=0", "--limits.ipv6Prefix=129"} {
		if _, _, err := parse(bad, "--docker", swarmMode); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
