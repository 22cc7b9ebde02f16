package swarm

import (
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testdata/20.10/watch.hex are messages of a real manager, one a line: a network and a service on it are created, the service
// gets a label, is updated start-first, scaled to nothing and removed, and the network after it. One of them, of many events, is
// mostly about services of others.
func TestWhatARealStoreToldIsUnderstood(t *testing.T) {
	folder := filepath.Join("testdata", "20.10")
	recorded, err := os.ReadFile(filepath.Join(folder, "watch.hex"))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	p := newPicture(nil, nil, nil)
	for line := range strings.Lines(string(recorded)) {
		message, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		changes, err := readWatchMessage(message)
		if err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		for i := range changes {
			fmt.Fprintln(&got, &changes[i])
			p.apply(&changes[i])
		}
		fmt.Fprintf(&got, "  = %s\n", p)
	}
	golden := filepath.Join(folder, "watch.golden")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("understood as\n%s\nwant\n%s", got.String(), want)
	}
}

func (c *change) String() string {
	how := ""
	if c.removed {
		how = " removed"
	}
	switch {
	case c.task != nil:
		return fmt.Sprintf("task %s%s version %d wanted %t running %t %+v", c.task.service, how, c.task.version, c.task.wanted, c.task.running, c.task.task)
	case c.service != nil:
		return fmt.Sprintf("service%s version %d job %t updating %t %+v", how, c.service.version, c.service.job, c.service.updating, c.service.service)
	case c.network:
		return "network"
	}
	return "nothing"
}

// String is which services there are, each with the tasks that run.
func (p *picture) String() string {
	var all []string
	for _, id := range slices.Sorted(maps.Keys(p.pieces)) {
		of, running := p.pieces[id], []string{}
		for _, task := range slices.Sorted(maps.Keys(of.tasks)) {
			if of.tasks[task].running {
				running = append(running, task)
			}
		}
		name := "(removed)"
		if of.service != nil {
			name = of.service.service.Name
		}
		all = append(all, fmt.Sprint(name, running))
	}
	return strings.Join(all, ", ")
}
