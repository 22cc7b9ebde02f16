package main

import (
	"strings"
	"testing"
)

func TestMigratePrintsLabelsOfTheOtherDialect(t *testing.T) {
	const text = "services:\n  a:\n    image: x\n    deploy:\n      labels: [traefik.port=80, 'traefik.frontend.rule=Host:a.b']\n"
	const newer = "services:\n  a:\n    image: x\n    deploy:\n      labels: ['traefik.http.routers.a.rule=Host(`a.b`)', traefik.http.services.a.loadbalancer.server.port=80]\n"
	for _, c := range []struct{ args, text, want string }{
		{"migrate -", text, "rule=Host(`a.b`)"},
		{"migrate --to v1 -", newer, "frontend.rule=Host:a.b"},
	} {
		if out, complaints, code := appia(t, c.text, strings.Fields(c.args)...); code != 0 || complaints != "" || !strings.Contains(out, c.want) {
			t.Errorf("%s: code %d, %s%s", c.args, code, complaints, out)
		}
	}
	for args, same := range map[string]string{"migrate -": newer, "migrate --to v1 -": text} {
		if out, complaints, code := appia(t, same, strings.Fields(args)...); code != 0 || complaints != "" || strings.Contains(out, "\nlabels:") || !strings.Contains(out, "left as it is: its labels are of that dialect already") {
			t.Errorf("%s of labels that are so already: code %d, %s%s", args, code, complaints, out)
		}
	}
	wrong := strings.Replace(newer, "labels: [", "labels: [traefik.http.routers.a.middlewares=nobody, ", 1)
	if out, _, code := appia(t, wrong, "migrate", "--to", "v1", "-"); code != 1 || strings.Contains(out, "labels:") || !strings.Contains(out, "left as it is") {
		t.Errorf("of a router that is not served: code %d, %s", code, out)
	}
	twice := strings.Replace(text, "image: x", "image: x\n    image: y", 1)
	if out, _, code := appia(t, twice, "migrate", "-"); code != 1 || !strings.Contains(out, "# error: <stdin>:4") {
		t.Errorf("of a file that docker refuses: code %d, %s", code, out)
	}
	for args, want := range map[string]string{
		"migrate": "name a stack file", "migrate --to v2 -": "it is v3 or v1", "migrate nowhere.yml": "no such file", "migrate --too": "did you mean --to?",
	} {
		if _, complaints, code := appia(t, text, strings.Fields(args)...); code != 2 || !strings.Contains(complaints, want) {
			t.Errorf("%s: code %d, %s", args, code, complaints)
		}
	}
}
