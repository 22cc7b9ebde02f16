package lab_test

import (
	"os"
	"testing"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

func TestX(t *testing.T) {
	n, err := lab.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.InitSwarm(t.Context()); err != nil {
		t.Fatal(err)
	}
	m, err := lab.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.JoinSwarm(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	out, err := n.Docker(t.Context(), "node", "ls")
	t.Log(out, err)
	if os.Getenv("CRASH") != "" {
		os.Exit(3)
	}
}
