package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

const examples = "../../deploy/examples"

func TestExplainPrintsTheWayOfARequest(t *testing.T) {
	out, complaints, code := appia(t, "", "explain", "GET", "https://api.mydomain.com/v3/user/7?x=1", "--stack", "../../deploy/stack.yml",
		"--stack", examples+"/blog.yml", "--stack", examples+"/user-api.yml")
	want, err := os.ReadFile("testdata/explain.txt")
	if os.Getenv("UPDATE") != "" {
		err = os.WriteFile("testdata/explain.txt", []byte(out), 0o600)
		want = []byte(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	if code != 0 || complaints != "" || out != string(want) {
		t.Errorf("code %d, complaints %q, output\n%s\nwant\n%s", code, complaints, out, want)
	}
}

func TestExplainAsksARouterWhereNoFileIsNamed(t *testing.T) {
	asked := ""
	router := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		w.Write([]byte(`{"method":"GET","url":"http://a.com/","entryPoint":"http","status":404}`)) //nolint:errcheck // the test would see
	}))
	defer router.Close()
	out, _, code := appia(t, "", "explain", "get", "a.com", "-H", "X-Foo: bar", "--client", "10.0.0.1", "--api", router.URL+"/admin/")
	if code != 0 || !strings.Contains(out, "404 Not Found: no route matches") ||
		asked != "/admin/api/explain?all=false&client=10.0.0.1&entryPoint=&header=X-Foo%3A+bar&method=GET&url=a.com" {
		t.Errorf("code %d, asked %s, output %s", code, asked, out)
	}
}

func TestExplainInJSON(t *testing.T) {
	out, _, code := appia(t, "", "explain", "GET", "blog.litup.me", "--json", "--stack", examples)
	var answer struct {
		Route    string
		Services []struct{ Next string }
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 || answer.Route == "" || answer.Services[0].Next == "" {
		t.Errorf("code %d, %v, %s", code, err, out)
	}
}

func TestAQuestionThatCannotBeAskedExitsWith2(t *testing.T) {
	for args, want := range map[string]string{
		"explain": "a method and a URL are needed",
		"explain GET ftp://a.b --stack " + examples: "no URL with a host",
		"explain a.b":                                          "appia explain GET a.b",
		"explain GET":                                          "a method and a URL are needed",
		"explain G(T a.b --stack " + examples:                  "is no method",
		"explain GET a.b:99999 --stack " + examples:            "no port from 1 to 65535",
		"explain GET a.b: --stack " + examples:                 "no port from 1 to 65535",
		"explain GET http://:80/ --stack " + examples:          "no URL with a host",
		"explain GET a.b b.c":                                  "a method and a URL are needed",
		"explain GET me:pw@a.b --stack " + examples:            "not in the URL",
		"explain GET a.b -H X(:1 --stack " + examples:          "is no name of a field",
		"explain GET a.b -H Host:a/b --stack " + examples:      "a request has one Host",
		"explain GET a.b -H nonsense":                          `-H "nonsense"`,
		"explain GET a.b --client me":                          "--client me",
		"explain GET a.b --api http://127.0.0.1:1":             "no router answers at http://127.0.0.1:1",
		"explain GET a.b --stack nowhere.yml":                  "nowhere.yml: no such file",
		"explain GET a.b --stack x.yml --api http://x":         "either --api or files",
		"explain GET a.b --entryPoint web --stack " + examples: `there is no entry point "web"; there are http`,
		"explain GET a.b --stak x":                             "did you mean --stack?",
	} {
		out, complaints, code := appia(t, "", strings.Fields(args)...)
		if code != 2 || out != "" || !strings.Contains(complaints, want) {
			t.Errorf("%s: code %d, output %q, complaints %q", args, code, out, complaints)
		}
	}
}
