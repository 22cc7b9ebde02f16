package main

import (
	"strings"
	"testing"
)

func TestMigratePrintsLabelsOfTheOtherDialect(t *testing.T) {
	const text = "services:\n  a:\n    image: x\n    deploy:\n      labels: [traefik.port=80, 'traefik.frontend.rule=Host:a.b']\n"
	for args, want := range map[string]string{
		"migrate -":         "rule=Host(`a.b`)",
		"migrate --to v1 -": "frontend.rule=Host:a.b",
	} {
		if out, complaints, code := appia(t, text, strings.Fields(args)...); code != 0 || complaints != "" || !strings.Contains(out, want) {
			t.Errorf("%s: code %d, %s%s", args, code, complaints, out)
		}
	}
	for args, want := range map[string]string{
		"migrate": "name a stack file", "migrate --to v2 -": "it is v3 or v1", "migrate nowhere.yml": "no such file", "migrate --too": "did you mean --to?",
	} {
		if _, complaints, code := appia(t, text, strings.Fields(args)...); code != 2 || !strings.Contains(complaints, want) {
			t.Errorf("%s: code %d, %s", args, code, complaints)
		}
	}
}
