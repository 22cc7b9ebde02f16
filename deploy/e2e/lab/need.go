package lab

import (
	"os"
	"os/exec"
	"testing"
)

// Need skips a test that this machine cannot run. Where REQUIRE_ALL=1 says that nothing may be skipped, it fails.
func Need(t *testing.T) {
	t.Helper()
	why := missing()
	if why == "" {
		return
	}
	if os.Getenv("REQUIRE_ALL") == "1" {
		t.Fatal("REQUIRE_ALL=1 forbids to skip this: ", why)
	}
	t.Skip(why)
}

// missing says what this machine lacks for a Node; empty: nothing.
func missing() string {
	if os.Geteuid() != 0 {
		return "a docker engine needs root"
	}
	for _, tool := range []string{"dockerd", "docker", "containerd", "ip", "iptables", "unshare", "setpriv", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			return tool + " is not installed: run deploy/e2e/prepare"
		}
	}
	return ""
}
