package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// codesAt are the findings as "code:line".
func codesAt(w *World) string {
	var list []string
	for _, f := range w.Findings {
		if f.Severity == rules.Error {
			list = append(list, fmt.Sprintf("%s:%d", f.Code, f.Line))
		}
	}
	return strings.Join(list, " ")
}

const labelsOf = "services:\n  a:\n    image: x\n    deploy:\n      labels:\n        - traefik.port=80\n"

func TestWhatPeopleWriteIsToldWithItsLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an anchor":              {"x-l: &l\n  traefik.prot: '80'\nservices:\n  a:\n    image: x\n    deploy:\n      labels:\n        <<: *l\n        traefik.port: 80\n        traefik.frontend.rule: Host:a.b\n", "unknown-label:2"},
		"a merged service":       {"x-d: &d\n  deploy:\n    labels: [traefik.port=80, 'traefik.frontend.rule=Hots:a.b']\nservices:\n  a:\n    <<: *d\n    image: x\n", "unknown-matcher:3"},
		"extends":                {"services:\n  a:\n    image: x\n    extends: {service: b}\n    deploy: {labels: [traefik.prot=80]}\n  b: {image: x}\n", "stack-refused:4 no-port:5 unknown-label:5"},
		"an env_file":            {"services:\n  a:\n    image: x\n    env_file: [nowhere.env]\n    deploy: {labels: [traefik.prot=80]}\n", "stack-refused:4 no-port:5 unknown-label:5"},
		"a refused key":          {"services:\n  a:\n    image: x\n    deploy:\n      replicas: two\n      labels: [traefik.port=80, 'traefik.frontend.rule=Hots:a.b']\n", "stack-refused:5 unknown-matcher:6"},
		"version 2":              {"version: '2'\n" + strings.Replace(labelsOf, "port", "prot", 1), "stack-refused:1 no-port:6 unknown-label:7"},
		"no services:":           {"a:\n  image: x\n", "stack-refused:1"},
		"CRLF":                   {strings.ReplaceAll(strings.Replace(labelsOf, "port", "prot", 1), "\n", "\r\n"), "no-port:5 unknown-label:6"},
		"a BOM":                  {"\ufeff" + strings.Replace(labelsOf, "port", "prot", 1), "no-port:5 unknown-label:6"},
		"a tab":                  {"services:\n  a:\n\timage: x\n", "broken-yaml:3"},
		"a tab behind a dash":    {strings.Replace(labelsOf, "- ", "-\t", 1), "broken-yaml:6"},
		"nothing":                {"", "stack-refused:0"},
		"a comment":              {"# nothing\n", "stack-refused:0"},
		"bytes":                  {"\x00\x01\xfe\xff services", "broken-yaml:0"},
		"a list":                 {"- a\n", "stack-refused:0"},
		"two documents":          {labelsOf + "        - traefik.frontend.rule=Host:a.b\n---\nservices: {}\n", "more-documents:9"},
		"two documents, one nil": {labelsOf + "        - traefik.frontend.rule=Host:a.b\n---\n", ""},
		"the misquoted rule":     {labelsOf + "        - \"traefik.frontend.rule=Host:a.b\";PathPrefixStrip:/v2/user\"\n", "quote-inside-value:7"},
		"in single quotes":       {labelsOf + "        - 'traefik.frontend.rule=Host:a.b';PathPrefixStrip:/v2/user'\n", "quote-inside-value:7"},
		"in a mapping":           {"services:\n  a:\n    image: x\n    deploy:\n      labels:\n        traefik.port: 80\n        traefik.frontend.rule: \"Host:a.b\";PathPrefixStrip:/v2\"\n", "quote-inside-value:7"},
		"a single dollar":        {labelsOf + "        - traefik.frontend.rule=Host:a.b\n        - traefik.frontend.auth.basic.users=me:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/\n", "single-dollar:8"},
		"a default":              {labelsOf + "        - traefik.frontend.rule=Host:${NAME:-a.b}\n", ""},
		"a default that is bad":  {strings.Replace(labelsOf, "80", "${PORT:-eighty}", 1) + "        - traefik.frontend.rule=Host:a.b\n", "bad-port:6"},
		"a required variable":    {labelsOf + "        - traefik.frontend.rule=Host:${NAME:?which}\n", "unset-variable:7"},
		"labels at the side":     {"services:\n  a:\n    image: x\n    labels: [traefik.port=80]\n", "labels-on-container:4"},
		"a key twice":            {"services:\n  a: {image: x}\n  a: {image: y}\n", "key-twice:3"},
		"a service of nothing":   {"services:\n  a:\n", "stack-refused:2"},
		"merging itself":         {"services: &s\n  a:\n    image: x\n    <<: *s\n", "stack-refused:0"},
	} {
		w := read(t, Options{Paths: []string{file(t, "s.yml", c.text)}})
		if got := codesAt(w); got != c.want {
			t.Errorf("%s: got %q, want %q\n%s", name, got, c.want, printed(t, w, Style{Quiet: true}))
		}
		if text := printed(t, w, Style{}); strings.ContainsAny(text, "\x00\x01\r") || strings.Contains(text, "\ufeff") {
			t.Errorf("%s: printed is %q", name, text)
		}
	}
}

func TestAClashOfTwoFilesNamesBothPlaces(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"one.yml", "two.yml"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(labelsOf+"        - traefik.frontend.rule=Host:a.b\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := read(t, Options{Paths: []string{folder}})
	if len(w.Findings) != 2 {
		t.Fatal(printed(t, w, Style{}))
	}
	for i, other := range []string{"two.yml", "one.yml"} {
		f := w.Findings[i]
		if len(f.Others) != 1 || filepath.Base(f.Others[0].File) != other || f.Others[0].Line != 7 || f.Line != 7 {
			t.Errorf("got %+v", f)
		}
	}
	text := printed(t, w, Style{Quiet: true})
	for _, want := range []string{"see " + filepath.Join(folder, "one.yml") + ":7:11: one_a", filepath.Join(folder, "two.yml") + ": 1 error and 0 warnings\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestAFileIsReadOnceHoweverItIsWritten(t *testing.T) {
	path := file(t, "s.yml", labelsOf)
	folder, name := filepath.Split(path)
	for _, paths := range [][]string{{path, folder + "./" + name}, {"-", "-"}, {path, folder}} {
		if _, err := Read(t.Context(), Options{Paths: paths, Stdin: strings.NewReader(labelsOf), Lookup: os.LookupEnv}); err == nil || !strings.Contains(err.Error(), "given twice") {
			t.Errorf("%v: %v", paths, err)
		}
	}
}

func TestFilesThatAreNotDeployedTogetherAreCheckedOneByOne(t *testing.T) {
	all, err := Each(t.Context(), Options{Paths: []string{brokenStacks}, Lookup: func(string) (string, bool) { return "", false }})
	if err != nil || len(all) < 10 {
		t.Fatal(len(all), err)
	}
	for i, w := range all {
		alone := map[string]bool{}
		for _, f := range w.Findings {
			alone[f.File] = true
		}
		if len(alone) > 1 || i > 0 && (len(alone) != 1 || w.router.service == nil) {
			t.Errorf("the findings are of %v", alone)
		}
		golden := "broken/" + strings.TrimSuffix(filepath.Base(firstFile(w)), ".yml") + ".txt"
		if want, err := os.ReadFile(filepath.Join("testdata", golden)); i > 0 && (err != nil || string(want) != printed(t, w, Style{Quiet: true})) {
			t.Errorf("%s: got\n%s\nwant\n%s%v", golden, printed(t, w, Style{Quiet: true}), want, err)
		}
	}
}

func firstFile(w *World) string {
	for _, f := range w.Findings {
		return f.File
	}
	return ""
}
