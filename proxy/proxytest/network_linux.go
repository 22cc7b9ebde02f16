package proxytest

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// ownNetwork names the test that runs in a network of its own.
const ownNetwork = "PROXYTEST_NETWORK"

// InOwnNetwork runs the test once more, in a process with a network of its own in which there is the loopback and nothing
// else, and tells whether it is that process that asks. The other one has nothing more to do: it has failed if that failed.
// It takes root; the test is skipped where it cannot be.
func InOwnNetwork(t *testing.T, env ...string) bool {
	t.Helper()
	if os.Getenv(ownNetwork) == t.Name() {
		command(t, "ip", "link", "set", "lo", "up")
		return true
	}
	for _, program := range []string{"ip", "iptables"} {
		if _, err := exec.LookPath(program); err != nil || os.Geteuid() != 0 {
			t.Skip("it takes root, ip and iptables to break a network")
		}
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=2m")
	again.Env = append(append(os.Environ(), ownNetwork+"="+t.Name()), env...)
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// Firewall adds a rule for what comes in, in iptables' words; only in a network of one's own.
func Firewall(t *testing.T, rule string) {
	t.Helper()
	command(t, "iptables", append([]string{"-w", "-A", "INPUT"}, strings.Fields(rule)...)...)
}

// Unplug makes a port vanish as a machine does whose power fails: whatever is sent from it or to it is lost without a word.
func Unplug(t *testing.T, addr string) {
	t.Helper()
	port := addr[strings.LastIndexByte(addr, ':')+1:]
	Firewall(t, "-p tcp --dport "+port+" -j DROP")
	Firewall(t, "-p tcp --sport "+port+" -j DROP")
}

// Plug takes back every rule.
func Plug(t *testing.T) {
	t.Helper()
	command(t, "iptables", "-w", "-F")
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}
