package rules

import "testing"

func TestNearestIsTheWordThatWasMeant(t *testing.T) {
	known := []string{"frontend.rule", "frontend.priority", "backend", "port", "weight", "http", "https"}
	for word, want := range map[string]string{
		"frontend.Rule": "frontend.rule", "frontend.rul": "frontend.rule", "frontned.rule": "frontend.rule", "prot": "port", "wieght": "weight",
		"HTTP": "http", "htps": "https", "zzz": "", "": "", "x": "", "frontend.entryPoints": "",
	} {
		if got, ok := Nearest(word, known); got != want || ok != (want != "") {
			t.Errorf("nearest of %q is %q, want %q", word, got, want)
		}
	}
}

func TestNormalizeKeepsLettersAndDigitsOnly(t *testing.T) {
	for s, want := range map[string]string{
		"Host:blog.litup.me-0": "Host-blog-litup-me-0", "my_stack_web": "my-stack-web", "/foo/": "foo",
		"Headers:User-Agent,bat/0.1.0-0": "Headers-User-Agent-bat-0-1-0-0", "grün٣": "grün٣", "": "", "--": "",
	} {
		if got := Normalize(s); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", s, got, want)
		}
	}
}
