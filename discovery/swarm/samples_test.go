package swarm_test

import (
	"encoding/json"
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/appia-edge/appia/discovery/swarm"
)

var update = flag.Bool("update", false, "write the golden files anew")

// replay answers, on a unix socket, what a real engine once answered. The files are in testdata, by the engine's version.
func replay(t *testing.T, version string) (endpoint string) {
	t.Helper()
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join("testdata", version, name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var spoken struct{ APIVersion string }
	if err := json.Unmarshal(read("version.json"), &spoken); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"/_ping": read("_ping.json"), "/events": read("events.ndjson")}
	for _, name := range []string{"info", "services", "tasks", "networks"} {
		files["/"+name] = read(name + ".json")
	}
	prefix := regexp.MustCompile(`^/v[0-9.]+`)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", spoken.APIVersion)
		w.Write(files[prefix.ReplaceAllString(r.URL.Path, "")])
	})}
	path := filepath.Join(t.TempDir(), "docker.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Close()
		<-served
	})
	return "unix://" + path
}

func TestRealAnswersOfBothEnginesAreUnderstood(t *testing.T) {
	for version, container := range map[string]string{"20.10": "", "29.7.2": "6e85f1068be4"} {
		t.Run(version, func(t *testing.T) {
			c := dial(t, swarm.Options{Endpoint: replay(t, version), Self: func() []string {
				if container == "" {
					return nil
				}
				return []string{container}
			}})
			got, golden := asJSON(t, look(t, c)), filepath.Join("testdata", version, "snapshot.golden.json")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestRealEventsOfBothEnginesGiveHints(t *testing.T) {
	for version, want := range map[string]int{"20.10": 1 + 12, "29.7.2": 1 + 15} {
		t.Run(version, func(t *testing.T) {
			hints := 0
			c := dial(t, swarm.Options{Endpoint: replay(t, version)})
			err := c.Hints(within(t), func() { hints++ })
			wantProblem(t, err, swarm.StreamEnded)
			if hints != want {
				t.Errorf("%d hints, want %d", hints, want)
			}
		})
	}
}
