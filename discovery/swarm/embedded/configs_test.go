package embedded

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

func do(e *Engine, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

// The answers were compared with engine 20.10.24's, which writes Invalid filter with a capital.
func TestConfigsAreAnsweredForInTheEnginesWords(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	large := func(bytes int) string { // 4 characters are 3 bytes
		return `{"Name":"large","Data":"` + strings.Repeat("AAAA", bytes/3) + strings.Repeat("AA==", bytes%3) + `"}`
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/configs/create", `{"Name":"x-1","Labels":{"a":"b"},"Data":"aGVsbG8="}`, 201, `{"ID":"`},
		{"POST", "/configs/create", `{"Name":"x-1","Data":"aGVsbG8="}`, 409, "rpc error: code = AlreadyExists desc = config x-1 already exists"},
		{"POST", "/configs/create", `{"Name":"x-2"}`, 400, "rpc error: code = InvalidArgument desc = config data must be larger than 0 and less than 1024000 bytes"},
		{"POST", "/configs/create", large(1024000), 400, "rpc error: code = InvalidArgument desc = config data must be larger than 0 and less than 1024000 bytes"},
		{"POST", "/configs/create", large(1023999), 201, `{"ID":"`},
		{"POST", "/configs/create", `{"Name":"-x","Data":"aGVsbG8="}`, 400, "rpc error: code = InvalidArgument desc = invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]"},
		{"POST", "/configs/create", `{"Name":"` + strings.Repeat("x", 65) + `","Data":"aGVsbG8="}`, 400, "invalid name"},
		{"POST", "/configs/create", `{"Name":"","Data":"aGVsbG8="}`, 400, "rpc error: code = InvalidArgument desc = name must be provided"},
		{"POST", "/configs/create", `{"Name":"y","Data":"!!"}`, 400, "illegal base64 data at input byte 0"},
		{"POST", "/configs/create", `{`, 400, "unexpected EOF"},
		{"GET", "/configs/x-1", "", 200, `"Spec":{"Name":"x-1","Labels":{"a":"b"},"Data":"aGVsbG8="}}`},
		{"GET", "/configs/nope", "", 404, `config nope not found`},
		{"DELETE", "/configs/nope", "", 404, `config nope not found`},
		{"GET", "/configs?filters=" + url.QueryEscape(`{"bad":["x"]}`), "", 400, "invalid filter 'bad'"},
		{"POST", "/configs/x-1/update?version=1", `{}`, 404, "page not found"},
		{"DELETE", "/configs/x-1", "", 204, ""},
		{"GET", "/configs/x-1", "", 404, `config x-1 not found`},
	} {
		w := do(e, c.method, c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s %.60s: got %d %.200s", c.method, c.path, c.body, w.Code, w.Body)
		}
	}
}

func TestConfigsAreListedByLabelAndByTheBeginningOfTheirNames(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	for _, spec := range []string{
		`{"Name":"a-1","Labels":{"k":"v","l":"1"},"Data":"AA=="}`,
		`{"Name":"a-2","Labels":{"k":"w","l":"1"},"Data":"AA=="}`,
		`{"Name":"b-1","Data":"AA=="}`,
	} {
		if w := do(e, "POST", "/configs/create", spec); w.Code != 201 {
			t.Fatal(w.Body)
		}
	}
	for filter, want := range map[string][]string{
		`{}`:                                   {"a-1", "a-2", "b-1"},
		`{"label":["k"]}`:                      {"a-1", "a-2"},
		`{"label":["k=v"]}`:                    {"a-1"},
		`{"label":["k=w","l=1"]}`:              {"a-2"},
		`{"label":["k=v","l=2"]}`:              nil,
		`{"name":["a-"]}`:                      {"a-1", "a-2"},
		`{"name":["a-2","b"]}`:                 {"a-2", "b-1"},
		`{"name":["-1"]}`:                      nil,
		`{"name":["a-"],"label":["k=w"]}`:      {"a-2"},
		`{"id":["` + e.configs[2].ID + `"]}`:   {"b-1"},
		`{"id":["-"]}`:                         nil,
		`{"name":["a-1"],"id":["no such id"]}`: {"a-1"},
	} {
		var found []swarm.Config
		w := do(e, "GET", "/configs?filters="+url.QueryEscape(filter), "")
		if err := json.Unmarshal(w.Body.Bytes(), &found); err != nil || strings.TrimSpace(w.Body.String()) == "null" {
			t.Errorf("%s: %v %s", filter, err, w.Body)
		}
		var names []string
		for _, c := range found {
			names = append(names, c.Spec.Name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: got %v, want %v", filter, names, want)
		}
	}
}

func TestFaultsApplyToConfigs(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	e.Fault(NoLeader())
	for _, method := range []string{"GET", "DELETE"} {
		if w := do(e, method, "/configs/x", ""); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: got %d %s", method, w.Code, w.Body)
		}
	}
}
