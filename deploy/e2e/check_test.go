package e2e_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// verdict runs appia check and returns what it says and its exit code.
func verdict(t *testing.T, args ...string) (said string, code int) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t), append([]string{"check"}, args...)...).CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if failed != nil {
		code = failed.ExitCode()
	}
	return string(out), code
}

// broken are mistakes in deploy/examples/broken: where they are, and their codes.
var broken = []struct{ place, code string }{
	{"bad-values.yml:10:9", "bad-port"},
	{"colons.yml:10:11", "label-is-mapping"},
	{"labels-in-the-wrong-place.yml:9:9", "labels-on-container"},
	{"misquoted.yml:11:56", "quote-inside-value"},
	{"misspelled.yml:10:11", "unknown-label"},
	{"misspelled.yml:14:11", "protection-not-served"},
	{"never-wins.yml:26:11", "hidden-route"},
	{"no-port.yml:9:7", "no-port"},
	{"other-network.yml:5:3", "no-common-network"},
	{"refused.yml:7:5", "stack-refused"},
	{"rules.yml:25:11", "unknown-matcher"},
	{"single-dollars.yml:13:11", "single-dollar"},
	{"tab.yml:9:1", "broken-yaml"},
}

func TestCheckTellsEachMistakeOfAFolderWithItsLineAndFails(t *testing.T) {
	swarm(t) // builds the program
	said, code := verdict(t, "--quiet", deployed+"examples/broken")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, b := range broken {
		if !hasLine(said, "/"+b.place+": error: ", "["+b.code+"]") {
			t.Errorf("%s is not told at %s", b.code, b.place)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}

func hasLine(text string, parts ...string) bool {
	for line := range strings.Lines(text) {
		found := 0
		for _, part := range parts {
			if strings.Contains(line, part) {
				found++
			}
		}
		if found == len(parts) {
			return true
		}
	}
	return false
}

func TestCheckHasNothingToMendInTheExamples(t *testing.T) {
	swarm(t)
	if said, code := verdict(t, deployed+"stack.yml", deployed+"examples"); code != 0 || !strings.Contains(said, "\n0 errors") {
		t.Errorf("exit code %d\n%s", code, said)
	}
}

func TestCheckLooksAtTheRunningSwarm(t *testing.T) {
	swarm(t)
	create(t, "portless", append(labels("traefik.prot=8000", "traefik.frontend.rule=Host:portless.test"), "example/shop:1")...)
	endpoint := "--docker.endpoint=unix://" + world.Socket()
	said, code := verdict(t, "--network", "traefik_public", "--", endpoint)
	if code != 1 || !hasLine(said, "portless: ", "[no-port]") || !hasLine(said, "did you mean traefik.port") {
		t.Errorf("exit code %d\n%s", code, said)
	}
	docker(t, "service", "update", "--detach", "--label-rm", "traefik.prot", "--label-add", "traefik.port=8000", "portless")
	served(t, "portless.test", 1)
	if said, code := verdict(t, "--network", "traefik_public", "--", endpoint); code != 0 {
		t.Errorf("it is mended, and the exit code %d\n%s", code, said)
	}
}
