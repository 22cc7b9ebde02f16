package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

// crash in the environment makes this program start a node with a container, name its folder and wait to be killed.
const crash = "APPIA_E2E_CRASH"

func TestMain(m *testing.M) {
	if os.Getenv(crash) != "" {
		startAndHang()
	}
	os.Exit(m.Run())
}

func startAndHang() {
	n, err := lab.Start(context.Background())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(n.Folder())
	select {}
}

func TestNothingIsLeftOfANodeThatIsClosed(t *testing.T) {
	lab.Need(t)
	n, err := lab.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := left(n.Folder())
	n.Close()
	if len(before) < 3 {
		t.Errorf("of a running node only %q is found: the test looks at the wrong places", before)
	}
	if after := left(n.Folder()); len(after) > 0 {
		t.Errorf("left: %q", after)
	}
}

func TestNothingIsLeftOfANodeWhoseTestsAreKilled(t *testing.T) {
	lab.Need(t)
	tests := exec.Command(os.Args[0])
	tests.Env = append(os.Environ(), crash+"=1")
	out, err := tests.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tests.Start(); err != nil {
		t.Fatal(err)
	}
	folder, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	folder = strings.TrimSpace(folder)
	if before := left(folder); len(before) < 3 {
		t.Fatalf("it says %s, where only %q is found", folder, before)
	}
	if err := tests.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = tests.Wait()

	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for after := left(folder); len(after) > 0; after = left(folder) {
		if time.Now().After(deadline) {
			t.Fatalf("left: %q", after)
		}
		<-tick.C
	}
}

// left is what can be found of a node: its folder, processes that name it, and cgroups.
func left(folder string) (found []string) {
	if _, err := os.Stat(folder); err == nil {
		found = append(found, folder)
	}
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range processes {
		if line, err := os.ReadFile(p); err == nil && strings.Contains(string(line), folder) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == filepath.Base(folder) {
			found = append(found, path)
		}
		return nil
	})
	return found
}
