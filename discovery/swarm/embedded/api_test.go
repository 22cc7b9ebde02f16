package embedded

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func get(t *testing.T, e *Engine, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestVersionsOutsideOfWhatItSpeaksAreRefusedInTheEnginesWords(t *testing.T) {
	e := New(Options{MinAPI: "1.44", MaxAPI: "1.55"})
	defer e.Close()
	for path, want := range map[string]string{
		"/v1.43/services": "client version 1.43 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version",
		"/v1.56/services": "client version 1.56 is too new. Maximum supported API version is 1.55",
	} {
		w := get(t, e, path)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
	if w := get(t, e, "/v1.44/services"); w.Code != http.StatusOK || w.Header().Get("Api-Version") != "1.55" {
		t.Errorf("got %d, %v", w.Code, w.Header())
	}
}

func TestFiltersAreHeeded(t *testing.T) {
	e := New(Options{Nodes: 2})
	defer e.Close()
	e.AddService(Spec{Name: "a", Replicas: 3}, Spec{Name: "b", Global: true, Labels: map[string]string{"k": "v"}})
	for path, want := range map[string]int{
		`/services`:                                     2,
		`/services?filters={"name":["a"]}`:              1,
		`/services?filters={"label":["k=v"]}`:           1,
		`/tasks?filters={"service":["b"]}`:              2,
		`/tasks?filters={"desired-state":["running"]}`:  5,
		`/tasks?filters={"desired-state":["shutdown"]}`: 0,
		`/tasks?filters={"service":{"a":true}}`:         3,
		`/networks?filters={"scope":["swarm"]}`:         1,
		`/networks?filters={"name":["bridge"]}`:         1,
		`/nodes`:                                        2,
	} {
		var list []json.RawMessage
		if err := json.Unmarshal(get(t, e, strings.ReplaceAll(path, `"`, "%22")).Body.Bytes(), &list); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if len(list) != want {
			t.Errorf("%s: got %d, want %d", path, len(list), want)
		}
	}
}

func TestWhatIsNotKnownIsNotFound(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	for path, want := range map[string]int{"/containers/0123456789ab/json": 404, "/images/json": 404, "/services?filters={": 400} {
		if w := get(t, e, path); w.Code != want {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	if e.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/services/create", nil)); w.Code != http.StatusNotImplemented {
		t.Errorf("POST: got %d", w.Code)
	}
}

func TestChangesOfWhatIsNotThereAreRefused(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	e.AddService(Spec{Name: "agent", Global: true})
	for what, err := range map[string]error{
		"label":        e.SetLabel("nobody", "a", "b"),
		"remove":       e.RemoveService("nobody"),
		"scale global": e.Scale("agent", 2),
		"kill":         e.KillTask("agent", 2),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestASocketInUseIsSaidToBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "docker.sock")
	for i, want := range []string{"", "exists"} {
		e := New(Options{})
		defer e.Close()
		endpoint, err := e.ListenUnix(path)
		if i == 0 && (err != nil || endpoint != "unix://"+path) || i == 1 && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d: got %s, %v", i, endpoint, err)
		}
	}
}
