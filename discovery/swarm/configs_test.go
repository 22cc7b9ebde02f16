package swarm_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

func create(t *testing.T, c *swarm.Client, name string, labels map[string]string, data string) (id string) {
	t.Helper()
	id, err := c.CreateConfig(within(t), name, labels, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func names(t *testing.T, c *swarm.Client, wanted swarm.ConfigFilter) string {
	t.Helper()
	list, err := c.ListConfigs(within(t), wanted)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, config := range list {
		names = append(names, config.Name)
	}
	return strings.Join(names, " ")
}

func TestAConfigIsFoundAsItWasMadeUntilItIsRemoved(t *testing.T) {
	_, c := start(t, embedded.Options{})
	id := create(t, c, "a-1", map[string]string{"k": "v"}, "\x00\xff")
	for _, name := range []string{"a-1", id} {
		got, err := c.InspectConfig(within(t), name)
		if err != nil || got.ID != id || got.Name != "a-1" || got.Labels["k"] != "v" || !bytes.Equal(got.Data, []byte("\x00\xff")) || got.Created.IsZero() {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if err := c.RemoveConfig(within(t), id); err != nil {
		t.Error(err)
	}
	if _, err := c.InspectConfig(within(t), id); !errors.Is(err, swarm.ErrNoConfig) {
		t.Errorf("got %v", err)
	}
	if err := c.RemoveConfig(within(t), id); !errors.Is(err, swarm.ErrNoConfig) || !strings.Contains(err.Error(), id) {
		t.Errorf("got %v", err)
	}
}

func TestAConfigsNameIsGivenOnce(t *testing.T) {
	_, c := start(t, embedded.Options{})
	create(t, c, "a-1", nil, "first")
	if _, err := c.CreateConfig(within(t), "a-1", nil, []byte("second")); !errors.Is(err, swarm.ErrConfigExists) || !strings.Contains(err.Error(), "a-1") {
		t.Errorf("got %v", err)
	}
	if got, err := c.InspectConfig(within(t), "a-1"); err != nil || string(got.Data) != "first" {
		t.Errorf("got %s, %v", got.Data, err)
	}
}

func TestWhatTheStoreDoesNotTakeIsSaidInItsWords(t *testing.T) {
	_, c := start(t, embedded.Options{})
	for name, data := range map[string]string{"-": "x", "empty": "", "large": strings.Repeat("x", 1000*1024)} {
		if _, err := c.CreateConfig(within(t), name, nil, []byte(data)); !errors.Is(err, swarm.ErrBadConfig) || !strings.Contains(err.Error(), "InvalidArgument") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestConfigsAreFilteredByTheEngine(t *testing.T) {
	_, c := start(t, embedded.Options{})
	create(t, c, "a-1", map[string]string{"k": "v"}, "x")
	create(t, c, "a-2", map[string]string{"k": "w"}, "x")
	create(t, c, "b-1", nil, "x")
	for _, f := range []struct {
		wanted swarm.ConfigFilter
		want   string
	}{
		{swarm.ConfigFilter{}, "a-1 a-2 b-1"},
		{swarm.ConfigFilter{Labels: map[string]string{"k": ""}}, "a-1 a-2"},
		{swarm.ConfigFilter{Labels: map[string]string{"k": "w"}}, "a-2"},
		{swarm.ConfigFilter{Prefixes: []string{"a-1", "b"}}, "a-1 b-1"},
		{swarm.ConfigFilter{Labels: map[string]string{"k": ""}, Prefixes: []string{"a-1", "b"}}, "a-1"},
		{swarm.ConfigFilter{Labels: map[string]string{"none": ""}}, ""},
	} {
		if got := names(t, c, f.wanted); got != f.want {
			t.Errorf("%v: got %q, want %q", f.wanted, got, f.want)
		}
	}
}

// Each question about configs meets each fault: none may be taken for an answer.
func TestEachFaultOfConfigsIsNamed(t *testing.T) {
	for _, f := range []struct {
		name  string
		fault embedded.Fault
		code  string
	}{
		{"worker", embedded.Worker(), swarm.NotManager},
		{"not initialised", embedded.NoSwarm(), swarm.NoSwarm},
		{"locked", embedded.Locked(), swarm.SwarmLocked},
		{"no quorum", embedded.NoLeader(), swarm.NoLeader},
		{"errors", embedded.Refuse("/configs", 500, "boom"), swarm.EngineError},
		{"forbidden", embedded.Refuse("/configs", 403, "no"), swarm.Forbidden},
		{"dropped", embedded.Drop("/configs"), swarm.BrokenAnswer},
		{"hangs", embedded.Hang("/configs"), swarm.NoAnswer},
	} {
		t.Run(f.name, func(t *testing.T) {
			e, endpoint := raise(t, embedded.Options{})
			var patience time.Duration
			if f.code == swarm.NoAnswer {
				patience = 50 * time.Millisecond
			}
			c := dial(t, swarm.Options{Endpoint: endpoint, Timeout: patience})
			e.Fault(f.fault)
			_, err := c.ListConfigs(within(t), swarm.ConfigFilter{})
			wantProblem(t, err, f.code)
			_, err = c.CreateConfig(within(t), "a", nil, []byte("x"))
			wantProblem(t, err, f.code)
			_, err = c.InspectConfig(within(t), "a")
			wantProblem(t, err, f.code)
			wantProblem(t, c.RemoveConfig(within(t), "a"), f.code)
			e.Fault()
			names(t, dial(t, swarm.Options{Endpoint: endpoint}), swarm.ConfigFilter{})
		})
	}
}

func TestAnAnswerThatIsNoListOfConfigsIsNotBelieved(t *testing.T) {
	for _, fault := range []embedded.Fault{embedded.Null("/configs"), embedded.Garble("/configs"), embedded.Halve("/configs"), embedded.Cut("/configs")} {
		e, c := start(t, embedded.Options{})
		create(t, c, "a", nil, "x")
		e.Fault(fault)
		_, err := c.ListConfigs(within(t), swarm.ConfigFilter{})
		wantProblem(t, err, swarm.BrokenAnswer)
	}
}

func TestRoutersOwnConfigsGiveNoHints(t *testing.T) {
	e, c := start(t, embedded.Options{})
	heard, end := hearing(t, c)
	create(t, c, swarm.OwnConfigs+"1", nil, "x")
	create(t, c, "somebodys", nil, "x")
	hear(t, heard, "another's config")
	e.DropEvents()
	<-end
	if len(heard) != 0 {
		t.Errorf("%d hints too many", len(heard))
	}
}
