package stackfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func unset(string) (string, bool) { return "", false }

func parse(t *testing.T, text string) *File {
	t.Helper()
	f := Parse([]byte(text), unset)
	if mended, ok := f.Mended(); ok {
		var any map[string]any
		if err := yaml.Unmarshal(mended, &any); err != nil {
			t.Errorf("what is mended is no YAML: %v\n%s", err, mended)
		}
	}
	return f
}

func labelled(lines ...string) string {
	return "services:\n  web:\n    deploy:\n      labels:\n        " + strings.Join(lines, "\n        ") + "\n"
}

func TestLabelsAreFoundWithTheirPlaceInBothForms(t *testing.T) {
	for _, text := range []string{
		labelled(`- "a=1"`, `- b=x=y`),
		labelled(`a: 1`, `b: "x=y"`),
	} {
		s := parse(t, text).Service("web")
		a, _ := s.Label("a")
		b, _ := s.Label("b")
		if a.Value != "1" || a.Place.Line != 5 || b.Value != "x=y" || b.Place.Line != 6 {
			t.Errorf("%s: got %+v and %+v", text, a, b)
		}
	}
}

func TestALabelThatIsMergedInStandsWhereItsAnchorIs(t *testing.T) {
	f := parse(t, `
x-common: &common
  traefik.enable: "true"
  traefik.port: "80"
x-list: &list
  - traefik.port=81
services:
  web:
    deploy:
      labels:
        <<: *common
        traefik.port: "8000"
  api:
    deploy: {labels: *list}
`)
	enable, _ := f.Service("web").Label("traefik.enable")
	port, _ := f.Service("web").Label("traefik.port")
	if enable.Place.Line != 3 || port.Place.Line != 12 || port.Value != "8000" {
		t.Errorf("got %+v, %+v", enable, port)
	}
	if port, _ = f.Service("api").Label("traefik.port"); port.Place.Line != 6 {
		t.Errorf("got %+v", port)
	}
}

func TestAMistakeOfWritingIsToldAndMended(t *testing.T) {
	for _, c := range []struct {
		code string
		line string
		then string // the label as docker's loader gets it, "": not to be compared
	}{
		{QuoteInside, `- "a=Host:a.com";PathPrefixStrip:/v2"`, "Host:a.com;PathPrefixStrip:/v2"},
		{QuoteInside, `- "a=Host:a.com";PathPrefixStrip:/v2   # as in the article`, "Host:a.com;PathPrefixStrip:/v2"},
		{LabelIsMapping, `- a: 80`, "80"},
		{LabelIsMapping, `- a=Host: x`, "Host: x"},
		{LabelNotText, `a: true`, "true"},
		{LabelNotText, `a: [1, 2]`, ""},
		{SingleDollar, `- "a=me:$apr1$salt$hash/."`, "me:$$apr1$$salt$$hash/."},
		{SingleDollar, `- "a=me:$2y$10$abc"`, "me:$$2y$$10$$abc"},
		{SingleDollar, `- "a=[a-z]+$"`, "[a-z]+$$"},
		{UnsetVariable, `- "a=${NAME:?must be there}"`, "NAME"},
		{UnsetVariable, `- "a=$NAME"`, "$NAME"},
	} {
		f := parse(t, labelled(c.line))
		if len(f.Problems) != 1 || f.Problems[0].Code != c.code || f.Problems[0].Line != 5 {
			t.Errorf("%s: got %+v", c.line, f.Problems)
			continue
		}
		mended, ok := f.Mended()
		again := Parse(mended, unset)
		if a, _ := again.Service("web").Label("a"); !ok || c.then != "" && a.Value != c.then {
			t.Errorf("%s: mended to %q", c.line, a.Value)
		}
	}
}

func TestWhatIsRightIsLeftAlone(t *testing.T) {
	text := labelled(`- "a=Host:a.com;PathPrefixStrip:/v2" # a comment`, `- "b=me:$$apr1$$salt$$hash"`, `- "c=${NAME:-x}"`, `- 'd="quoted"'`)
	f := parse(t, text)
	if mended, ok := f.Mended(); len(f.Problems) > 0 || !ok || string(mended) != text {
		t.Errorf("got %+v and %s", f.Problems, mended)
	}
}

func TestAKeyThatIsThereTwiceIsToldAndTheLastOneCounts(t *testing.T) {
	f := parse(t, "services:\n  web:\n    image: a\n    image: b\n  web:\n    image: c\n")
	if len(f.Problems) != 2 || f.Problems[0].Code != TwiceThere || f.Service("web").Image != "c" || len(f.Services) != 1 {
		t.Errorf("got %+v", f.Problems)
	}
}

func TestTextThatIsNoYAMLIsToldWhereItsMistakeIs(t *testing.T) {
	for text, line := range map[string]int{
		"services:\n  web:\n\tlabels: x\n":                   3,
		labelled("- !Host(`a`)"):                             5,
		labelled(`- "a=1`, `- b=2`):                          5,
		"services:\n  web: x\n   y: z\n":                     3,
		"a: [1, 2\nb: 3\n":                                   1,
		"services:\n  web:\n    x: y: z\n    image: ghost\n": 3,
	} {
		f := parse(t, text)
		if _, ok := f.Mended(); ok || len(f.Problems) != 1 || f.Problems[0].Code != BrokenYAML {
			t.Errorf("%q: got %+v", text, f.Problems)
		} else if got := f.Problems[0].Line; got != line {
			t.Errorf("%q: line %d, want %d: %s", text, got, line, f.Problems[0].Message)
		}
	}
}

func TestAServiceCanBeTakenOut(t *testing.T) {
	f := parse(t, "services:\n  a: {image: x}\n  b: {image: y}\n")
	if !f.Without("services.a") || f.Without("services.c") {
		t.Error("the wrong ones are there")
	}
	if mended, _ := f.Mended(); strings.Contains(string(mended), "a:") || !strings.Contains(string(mended), "b:") {
		t.Errorf("left is %s", mended)
	}
}

func TestAPathIsFoundAsFarAsItGoes(t *testing.T) {
	f := parse(t, "services:\n  a.b:\n    deploy:\n      labels:\n        - x\n        - y\n")
	for path, line := range map[string]int{
		"services.a.b.deploy.replicas": 3, "services.a.b": 2, "services.a.b.deploy.labels.1": 6, "services": 1, "nothing": 0,
	} {
		if at, _ := f.Find(path); at.Line != line {
			t.Errorf("%s: line %d, want %d", path, at.Line, line)
		}
	}
}

func TestASecretIsNotInAProblem(t *testing.T) {
	f := parse(t, labelled(`- traefik.frontend.auth.basic.users: "me:$apr1$s3cret"`, `- "traefik.frontend.auth.basic.users=me:s3cret";x"`))
	if len(f.Problems) == 0 {
		t.Fatal("nothing is told")
	}
	for _, p := range f.Problems {
		if strings.Contains(p.String(), "s3cret") {
			t.Errorf("told is %s", p)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("../../../deploy/examples/*/*.yml")
	for _, path := range files {
		if text, err := os.ReadFile(path); err == nil {
			f.Add(text)
		}
	}
	f.Add([]byte("a: &a [*a]\nservices: *a\n"))
	f.Add([]byte("services: &s\n  <<: *s\n  a: {deploy: {labels: {<<: [*s, *s], x: $}}}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := Parse(text, unset)
		for _, p := range file.Problems {
			file.Line(p.Line)
		}
		if mended, ok := file.Mended(); ok {
			Parse(mended, unset)
		}
		file.Find("services.a.deploy.labels.0")
		file.Freeze(0)
		for _, s := range file.Services {
			_ = file.Relabel(s.Name, []string{"traefik.port=80"}) // an error is as good
			file.Without(s.Name)
		}
	})
}
