package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

func TestSnapshotPrintsNoSecrets(t *testing.T) {
	e := embedded.New(embedded.Options{})
	t.Cleanup(e.Close)
	endpoint, err := e.ListenUnix(filepath.Join(t.TempDir(), "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	e.AddService(embedded.Spec{Name: "web", Replicas: 1, Labels: map[string]string{
		"traefik.port": "80", "traefik.frontend.auth.basic.users": "me:$apr1$s3cret",
	}})
	var out bytes.Buffer
	cmd := newRoot()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"snapshot", "--docker.endpoint=" + endpoint})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "s3cret") || !strings.Contains(text, "traefik.frontend.auth.basic.users") {
		t.Errorf("printed %s", text)
	}
}
