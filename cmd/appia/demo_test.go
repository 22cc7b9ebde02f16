package main

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain lets a test run this program as a process.
func TestMain(m *testing.M) {
	if os.Getenv("BE_APPIA") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestADemoWhoseOutputIsClosedEndsQuietlyAndLeavesNothingBehind(t *testing.T) {
	root, err := os.MkdirTemp("", "demo") // t.TempDir's path may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	process := exec.CommandContext(t.Context(), os.Args[0], "demo", "--addr=127.0.0.1:0", "--admin=127.0.0.1:0")
	process.Env = append(os.Environ(), "BE_APPIA=1", "TMPDIR="+root)
	var complaints strings.Builder
	process.Stderr = &complaints
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "docker.sock"); {
	}
	out.Close()
	if err := process.Wait(); err != nil || complaints.Len() > 0 {
		t.Errorf("it ended with %v and %q", err, complaints.String())
	}
	left, err := os.ReadDir(root)
	if err != nil || len(left) > 0 {
		t.Errorf("it left %v behind, %v", left, err)
	}
}

func TestAMistakeOnTheDemosCommandLineIsAnsweredWithWhatWasMeant(t *testing.T) {
	for line, want := range map[string]string{
		"demo --fro 5s":           "demo: unknown flag --fro; did you mean --for?",
		"demo -stack blog.yml":    "demo: unknown flag -stack; did you mean --stack?",
		"demo --loglevel=DEBUG":   "demo: unknown flag --loglevel; did you mean --logLevel?",
		"demo --docker.domain=me": "demo: unknown flag --docker.domain; flags of the router stand behind a --, as in appia demo -- --docker.domain",
		"demo --nonsense":         "demo: unknown flag --nonsense; appia demo --help lists them",
		"demo --for soon":         `demo: invalid argument "soon" for "--for" flag: write it as in 30s or 1m30s`,
		"demo --for":              "demo: flag needs an argument: --for",
		"demo blog.yml":           `demo: the word "blog.yml" belongs to no flag; a stack file is given as --stack blog.yml`,
		"demo x.yml -- --web":     `demo: the word "x.yml" belongs to no flag; a stack file is given as --stack x.yml`,
		"demo -- --docker.domian": "unknown flag --docker.domian; did you mean --docker.domain?",
	} {
		args := strings.Fields(line)
		if strings.Contains(line, " -- --docker") {
			args = []string{"demo", "--addr=127.0.0.1:0", "--admin=127.0.0.1:0", "--", "--docker.domian"}
		}
		if err := run(t.Context(), args); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", line, err, want)
		}
	}
}

func TestABareNumberIsATimeInSeconds(t *testing.T) {
	for text, want := range map[string]string{"5": "5s", "90": "1m30s", "1500ms": "1.5s", "0": ""} {
		var s span
		if err := s.Set(text); err != nil || s.String() != want {
			t.Errorf("%s: got %s, %v", text, s.String(), err)
		}
	}
}
