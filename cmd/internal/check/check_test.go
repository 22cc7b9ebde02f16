package check

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

const brokenStacks = "../../../deploy/examples/broken"

func read(t *testing.T, o Options) *World {
	t.Helper()
	if o.Lookup == nil {
		o.Lookup = func(string) (string, bool) { return "", false }
	}
	w, err := Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func printed(t *testing.T, w *World, style Style) string {
	t.Helper()
	var out bytes.Buffer
	if err := w.Print(&out, style); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), brokenStacks+"/", "")
}

// marks are new in every process.
var marks = regexp.MustCompile(`\(not shown\)#[0-9a-f]+`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = marks.ReplaceAllString(got, "(not shown)")
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestEveryBrokenStackIsToldWithItsLine(t *testing.T) {
	files, err := filepath.Glob(brokenStacks + "/*.yml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".yml")
		if name == "edge" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := read(t, Options{Paths: []string{brokenStacks + "/edge.yml", path}})
			golden(t, "broken/"+name+".txt", printed(t, w, Style{Quiet: true}))
			if w.Count(rules.Error) == 0 {
				t.Error("it has no error")
			}
		})
	}
}

func TestABrokenFileHidesNothingOfTheOthers(t *testing.T) {
	w := read(t, Options{Paths: []string{brokenStacks}})
	for _, code := range []string{"broken-yaml", "quote-inside-value", "label-is-mapping", "no-port", "hidden-route", "labels-on-container"} {
		if !has(w, code) {
			t.Errorf("%s is not told", code)
		}
	}
	if len(w.Table.Routes) == 0 {
		t.Error("no route is left")
	}
}

func has(w *World, code string) bool {
	for _, f := range w.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

func TestTheExamplesHaveNoMistakes(t *testing.T) {
	w := read(t, Options{Paths: []string{"../../../deploy/stack.yml", "../../../deploy/examples"}, Lookup: os.LookupEnv})
	if n := w.Count(rules.Error); n > 0 {
		t.Errorf("%d errors: %s", n, printed(t, w, Style{}))
	}
	golden(t, "examples.txt", strings.ReplaceAll(printed(t, w, Style{}), "../../../deploy/", ""))
}

const blog = `
services:
  ghost:
    image: ghost:5
    networks: [%s]
    deploy:
      labels:
        - "traefik.port=2368"
        - "traefik.frontend.rule=Host:blog.litup.me"
networks: {%s: {external: true}}
`

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func on(network string) string { return strings.ReplaceAll(blog, "%s", network) }

func TestTheRoutersNetworksAreThoseGivenElseItsStacksElseAssumed(t *testing.T) {
	elsewhere := file(t, "blog.yml", on("elsewhere"))
	if w := read(t, Options{Paths: []string{elsewhere}}); w.Count(rules.Error) > 0 || !strings.Contains(strings.Join(w.Remarks, "\n"), "assumed to be on elsewhere") {
		t.Errorf("alone: %s", printed(t, w, Style{}))
	}
	if w := read(t, Options{Paths: []string{elsewhere, brokenStacks + "/edge.yml"}}); !has(w, "no-common-network") {
		t.Errorf("beside a router on traefik_public: %s", printed(t, w, Style{}))
	}
	if w := read(t, Options{Paths: []string{elsewhere, brokenStacks + "/edge.yml"}, Networks: []string{"elsewhere"}}); has(w, "no-common-network") {
		t.Errorf("with --network: %s", printed(t, w, Style{}))
	}
	_, err := Read(t.Context(), Options{Paths: []string{elsewhere}, Networks: []string{"elsewere"}, Lookup: os.LookupEnv})
	if err == nil || !strings.Contains(err.Error(), "did you mean elsewhere?") {
		t.Errorf("a misspelled network: %v", err)
	}
}

func TestTheRoutersFlagsAreThoseGivenElseItsStacks(t *testing.T) {
	web := file(t, "web.yml", "services:\n  web:\n    image: x\n    networks: [traefik_public]\n    deploy:\n      labels: [traefik.port=80]\nnetworks: {traefik_public: {external: true}}\n")
	if w := read(t, Options{Paths: []string{web}}); !has(w, "no-rule") {
		t.Errorf("without a domain: %s", printed(t, w, Style{}))
	}
	if w := read(t, Options{Paths: []string{web, brokenStacks + "/edge.yml"}}); len(w.Table.Routes) != 1 || w.Table.Routes[0].Rule.Text != "Host:web-web.litup.me" {
		t.Errorf("beside a router: %s", printed(t, w, Style{}))
	}
	w := read(t, Options{Paths: []string{web, brokenStacks + "/edge.yml"}, Router: []string{"--docker.domain=example.com"}})
	if len(w.Table.Routes) != 1 || w.Table.Routes[0].Rule.Text != "Host:web-web.example.com" {
		t.Errorf("with flags: %s", printed(t, w, Style{}))
	}
	if _, err := Read(t.Context(), Options{Paths: []string{web}, Router: []string{"--docker.domian=x"}, Lookup: os.LookupEnv}); err == nil {
		t.Error("a misspelled flag is accepted")
	}
}

func TestAMistakeInTheRoutersOwnCommandIsToldAtItsLine(t *testing.T) {
	router := file(t, "edge.yml", "services:\n  edge:\n    image: registry.example.com:5000/traefik:1.7@sha256:00\n    command: --docker --docker.domian=x\n")
	w := read(t, Options{Paths: []string{router}})
	if len(w.Findings) != 1 || w.Findings[0].Code != BadFlag || w.Findings[0].Line != 4 {
		t.Errorf("got %s", printed(t, w, Style{}))
	}
}

func TestFlagsOfALaterTraefikAreNotTakenForThoseOfOurs(t *testing.T) {
	router := file(t, "edge.yml", "services:\n  edge:\n    image: traefik:v3.1\n    command: --providers.swarm=true --entryPoints.web.address=:80\n")
	if w := read(t, Options{Paths: []string{router}}); len(w.Findings) > 0 || w.router.service != nil {
		t.Errorf("got %s", printed(t, w, Style{}))
	}
}

func TestARecordingIsReadAndItsHiddenValuesAreNotTakenForWrong(t *testing.T) {
	recording := `{"cluster":"c","own":["n1"],"networks":[{"id":"n1","name":"traefik_public"}],"services":[
		{"id":"s1","name":"blog_ghost","created":"2020-01-01T00:00:00Z","wanted":1,
		 "labels":{"traefik.port":"2368","traefik.frontend.rule":"Host:blog.litup.me","traefik.backend.healthcheck.path":"/","traefik.backend.healthcheck.headers":"(not shown)"},
		 "tasks":[{"id":"t1","slot":1,"addresses":[{"network":"n1","ip":"10.0.0.2"}]}]}]}`
	path := file(t, "now.json", recording)
	w := read(t, Options{Paths: []string{path}})
	if len(w.Findings) > 0 || len(w.Table.Routes) != 1 || !strings.Contains(strings.Join(w.Remarks, "\n"), "values of 1 label") {
		t.Errorf("got %s", printed(t, w, Style{}))
	}

	// Deployed beside it, a stack that claims the same rule is the younger.
	w = read(t, Options{Paths: []string{path, file(t, "new.yml", on("traefik_public"))}})
	if len(w.Findings) != 2 || w.Findings[1].Service != "new_ghost" || w.Findings[1].Severity != rules.Error || w.Findings[0].File != path {
		t.Errorf("got %s", printed(t, w, Style{}))
	}
	// And one that changes a recorded service keeps its age.
	w = read(t, Options{Paths: []string{path, "blog=" + file(t, "new.yml", on("traefik_public"))}})
	if len(w.Findings) != 0 || len(w.Swarm.Services) != 1 || w.Swarm.Services[0].ID != "s1" {
		t.Errorf("got %s", printed(t, w, Style{}))
	}
}

func TestAStackIsCalledAfterItsFileOrItsFolder(t *testing.T) {
	for path, want := range map[string]string{
		"a/blog.yml": "blog", "shop/stack.yml": "shop", "shop/docker-compose.yaml": "shop", "x/my stack.prod.yml": "my-stack-prod",
	} {
		if got := nameOf(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestStandardInputIsAFile(t *testing.T) {
	w := read(t, Options{Paths: []string{"-"}, Stdin: strings.NewReader("services:\n  a:\n    image: x\n    deploy:\n      labels: [traefik.prot=80, 'traefik.frontend.rule=Host:a.b']\n")})
	if len(w.Findings) != 2 || w.Findings[1].File != stdin || w.Findings[1].Line != 5 || w.Findings[1].Column != 16 {
		t.Errorf("got %s", printed(t, w, Style{}))
	}
}

func TestWhatCannotBeLookedAtIsAnError(t *testing.T) {
	for _, paths := range [][]string{{"testdata/nowhere.yml"}, {t.TempDir()}, {brokenStacks + "/edge.yml", brokenStacks + "/edge.yml"}} {
		if _, err := Read(t.Context(), Options{Paths: paths, Lookup: os.LookupEnv}); err == nil {
			t.Errorf("%v: no error", paths)
		}
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	const secret = "H6uskkkW"
	w := read(t, Options{Paths: []string{brokenStacks}})
	var out bytes.Buffer
	if err := w.JSON(&out); err != nil {
		t.Fatal(err)
	}
	if text := printed(t, w, Style{}) + out.String(); strings.Contains(text, secret) {
		t.Error("a hash is shown")
	}
}

func TestJSONHasWhatTheTextHas(t *testing.T) {
	w := read(t, Options{Paths: []string{brokenStacks + "/edge.yml", brokenStacks + "/never-wins.yml"}})
	var out bytes.Buffer
	if err := w.JSON(&out); err != nil {
		t.Fatal(err)
	}
	golden(t, "never-wins.json", strings.ReplaceAll(out.String(), brokenStacks+"/", ""))
	var back struct {
		Errors   int
		Findings []struct {
			File, Code, Severity string
			Line                 int
		}
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Errors != len(back.Findings) || back.Findings[0].Line != 19 {
		t.Errorf("got %+v, %v", back, err)
	}
}

func TestColourIsOnSeveritiesAlone(t *testing.T) {
	w := read(t, Options{Paths: []string{brokenStacks + "/no-port.yml"}})
	if text := printed(t, w, Style{Colour: true}); !strings.Contains(text, "\x1b[1;31merror\x1b[0m") {
		t.Errorf("got %s", text)
	}
}

func TestARoutersOptionsAreReadFromItsEnvironmentAndFromFilesBesideTheStack(t *testing.T) {
	const web = "  web:\n    image: x\n    deploy:\n      labels: [traefik.port=80, traefik.enable=true]\n"
	const toml = "[docker]\ndomain = \"toml.example\"\nexposedbydefault = false\n[entryPoints]\n  [entryPoints.http]\n  address = \":81\"\n"
	for name, c := range map[string]struct{ router, rest, want, note string }{
		"environment":    {"    environment: [APPIA_DOCKER_DOMAIN=env.example]\n", "", "env.example", "with its environment"},
		"map":            {"    environment:\n      TRAEFIK_DOCKER_DOMAIN: env.example\n", "", "env.example", "with its environment"},
		"config":         {"    configs: [{source: t, target: /etc/traefik/traefik.toml}]\n", "configs: {t: {file: ./conf/traefik.toml}}\n", "toml.example", "with conf/traefik.toml"},
		"named config":   {"    command: --configFile=/opt.toml\n    configs: [{source: t, target: opt.toml}]\n", "configs: {t: {file: ./conf/traefik.toml}}\n", "toml.example", "with conf/traefik.toml"},
		"bind":           {"    volumes: ['./conf/traefik.toml:/traefik.toml:ro']\n", "", "toml.example", "with conf/traefik.toml"},
		"folder":         {"    volumes: ['./conf:/etc/traefik']\n", "", "toml.example", "with conf/traefik.toml"},
		"flag first":     {"    command: --docker.domain=flag.example\n    volumes: ['./conf:/etc/traefik']\n", "", "flag.example", "with conf/traefik.toml"},
		"entrypoint":     {"    entrypoint: [/traefik, --docker.domain=flag.example]\n", "", "flag.example", ""},
		"program":        {"    command: [traefik, --docker.domain=flag.example]\n", "", "flag.example", ""},
		"value in file":  {"    environment: [APPIA_DOCKER_DOMAIN_FILE=/run/secrets/d]\n    secrets: [d]\n", "secrets: {d: {file: ./domain}}\n", "secret.example", "with domain"},
		"not here":       {"    command: --docker.domain=flag.example --configFile=/x.toml\n", "", "flag.example", "the router reads /x.toml"},
		"somebody's":     {"    command: --docker.domain=flag.example\n    configs: [{source: t, target: /etc/traefik/traefik.toml}]\n", "configs: {t: {external: true}}\n", "flag.example", "the router reads /etc/traefik/traefik.toml"},
		"another folder": {"    command: --docker.domain=flag.example\n    volumes: ['../traefik.toml:/traefik.toml']\n", "", "flag.example", "the router reads /traefik.toml"},
	} {
		folder := t.TempDir()
		if err := os.Mkdir(filepath.Join(folder, "conf"), 0o700); err != nil {
			t.Fatal(err)
		}
		stack := "services:\n  edge:\n    image: traefik:1.7\n" + c.router + web + c.rest
		for path, text := range map[string]string{"s.yml": stack, "conf/traefik.toml": toml, "domain": "secret.example\n"} {
			if err := os.WriteFile(filepath.Join(folder, path), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w := read(t, Options{Paths: []string{filepath.Join(folder, "s.yml")}})
		if w.Count(rules.Error) > 0 || len(w.Table.Routes) != 1 || w.Table.Routes[0].Rule.Text != "Host:s-web."+c.want {
			t.Errorf("%s: %s", name, printed(t, w, Style{}))
		}
		if !strings.Contains(strings.Join(w.Remarks, "\n"), c.note) {
			t.Errorf("%s: %q is not in %q", name, c.note, w.Remarks)
		}
	}
}

func TestAFileOfOptionsThatIsWrongIsToldAtTheRouter(t *testing.T) {
	folder := t.TempDir()
	stack := "services:\n  edge:\n    image: traefik:1.7\n    volumes: ['./traefik.toml:/traefik.toml']\n"
	for path, text := range map[string]string{"s.yml": stack, "traefik.toml": "[docker]\ndomian = 1\n[[["} {
		if err := os.WriteFile(filepath.Join(folder, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := read(t, Options{Paths: []string{filepath.Join(folder, "s.yml")}})
	if len(w.Findings) != 1 || w.Findings[0].Code != BadFlag || w.Findings[0].Line != 2 || !strings.Contains(w.Findings[0].Message, "traefik.toml") {
		t.Errorf("got %s", printed(t, w, Style{}))
	}
}

func TestALaterTraefikIsKnownByItsImage(t *testing.T) {
	for image, later := range map[string]bool{"traefik:v3.1": true, "traefik:2": true, "traefik:v2.11-alpine": true, "traefik:1.7": false, "traefik:v1.7.34": false, "traefik": false, "appia:2": false} {
		w := read(t, Options{Paths: []string{file(t, "edge.yml", "services:\n  edge:\n    image: "+image+"\n")}})
		if (w.router.service == nil) != later {
			t.Errorf("%s: %v", image, w.Remarks)
		}
	}
}
