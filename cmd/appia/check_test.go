package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const brokenStacks = "../../deploy/examples/broken/"

// appia runs this program as a process.
func appia(t *testing.T, stdin string, args ...string) (out, complaints string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	process := exec.CommandContext(t.Context(), os.Args[0], args...)
	process.Env = append(os.Environ(), "BE_APPIA=1")
	process.Stdin, process.Stdout, process.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := process.Run(); err != nil && process.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), process.ProcessState.ExitCode()
}

func TestACheckExitsWith1OnErrorsWith2OnUnusableArgumentsAndElseWith0(t *testing.T) {
	clean := "services:\n  a:\n    image: x\n    deploy:\n      labels: [traefik.port=80, 'traefik.frontend.rule=Host:a.b']\n"
	for _, c := range []struct {
		stdin string
		args  string
		code  int
		out   string // is somewhere in the output
		err   string // is on standard error
	}{
		{clean, "check -", 0, "No mistakes", ""},
		{strings.Replace(clean, "port", "prot", 1), "check - -q", 1, "<stdin>:5:16: error:", ""},
		{"", "check " + brokenStacks, 1, "single-dollar", ""},
		{"", "check --json " + brokenStacks + "edge.yml " + brokenStacks + "no-port.yml", 1, `"line": 9`, ""},
		{clean, "check - -- --docker.exposedByDefault=false", 0, "No route is served", ""},
		{"", "check nowhere.yml", 2, "", "appia: check: nowhere.yml: no such file or directory\n"},
		{"", "check --jsn", 2, "", "appia: check: unknown flag --jsn; did you mean --json?\n"},
		{"", "check --docker.domain=x", 2, "", "appia: check: unknown flag --docker.domain; flags of the router stand behind a --, as in appia check -- --docker.domain\n"},
		{clean, "check - -- --docker.domian=x", 2, "", "appia: check: unknown flag --docker.domian; did you mean --docker.domain?\n"},
		{"", "check -- --docker.endpoint=unix:///nowhere/docker.sock", 2, "", "/nowhere/docker.sock"},
		{"", "chek", 1, "", "did you mean check?"},
	} {
		out, complaints, code := appia(t, c.stdin, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(complaints, c.err) || c.err == "" && complaints != "" {
			t.Errorf("%s: code %d, output %q, complaints %q", c.args, code, out, complaints)
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s: colour in what is no terminal", c.args)
		}
	}
}

func TestCheckOfEachFileExitsWith1IfOneHasErrors(t *testing.T) {
	out, _, code := appia(t, "", "check", "--each", "-q", examples+"/broken")
	if code != 1 || strings.Count(out, "in 2 services.")+strings.Count(out, "services.") < 10 {
		t.Errorf("code %d, %s", code, out)
	}
	out, _, code = appia(t, "", "check", "--each", "--json", examples+"/broken")
	var reports []struct{ Errors int }
	if err := json.Unmarshal([]byte(out), &reports); err != nil || code != 1 || len(reports) < 10 {
		t.Errorf("code %d, %v, %d reports", code, err, len(reports))
	}
	if _, complaints, code := appia(t, "", "check", "--each"); code != 2 || !strings.Contains(complaints, "name the files") {
		t.Errorf("without a file: code %d, %s", code, complaints)
	}
}
