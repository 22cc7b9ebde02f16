package demo

import (
	"testing"

	"github.com/appia-edge/appia/rules"
)

func TestACurlLineIsOneThatItsRuleTakes(t *testing.T) {
	const base = "http://127.0.0.1:8000"
	for _, c := range []struct{ rule, want string }{
		{"Host:a.com", "curl -H 'Host: a.com' http://127.0.0.1:8000/"},
		{"Host:a.com,b.com;Path:/x y", "curl -H 'Host: a.com' http://127.0.0.1:8000/x%20y"},
		{"PathPrefix:/api", "curl http://127.0.0.1:8000/api/hello"},
		{"PathPrefixStrip:/api/", "curl http://127.0.0.1:8000/api/hello"},
		{"Path:/users/{id:[0-9]+}", "curl http://127.0.0.1:8000/users/1"},
		{"HostRegexp:{sub:[a-z]+}.a.com", "curl -H 'Host: any.a.com' http://127.0.0.1:8000/"},
		{"HostRegexp:{sub:(www|blog)}.a.com", "curl -H 'Host: www.a.com' http://127.0.0.1:8000/"},
		{"Host:a.com;Method:delete", "curl -X DELETE -H 'Host: a.com' http://127.0.0.1:8000/"},
		{"Host:a.com;Method:HEAD", "curl -I -H 'Host: a.com' http://127.0.0.1:8000/"},
		{"Host:a.com;Headers:X-It,it's", `curl -H 'Host: a.com' -H 'X-It: it'\''s' http://127.0.0.1:8000/`},
		{"Host:a.com;Query:a=b,c=d&e", "curl -H 'Host: a.com' 'http://127.0.0.1:8000/?a=b&c=d%26e'"},
		{"Host:a.com;PathPrefixStrip:/old;AddPrefix:/new", "curl -H 'Host: a.com' http://127.0.0.1:8000/old/hello"},
		{"HeadersRegexp:X-A,^q+$", ""},
	} {
		rule, _, ok := rules.ParseTraefik1(c.rule)
		if !ok {
			t.Fatalf("%s is no rule", c.rule)
		}
		table, _ := rules.Compile([]rules.Spec{{
			Owner:    rules.Owner{ID: "1", Name: "web"},
			Routes:   []rules.RouteSpec{{Name: "r", Rule: rule, Service: "s"}},
			Services: []rules.ServiceSpec{{Name: "s", Weight: 1}},
		}}, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
		got := ""
		if asked, ok := requestFor(table, table.Routes[0], "http", "127.0.0.1:8000"); ok {
			got = asked.curl(base)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.rule, got, c.want)
		}
	}
}

func TestAStackIsNamedAfterItsFile(t *testing.T) {
	for path, want := range map[string]string{
		"dir/blog.yml": "blog", "my stack.v2.yaml": "my-stack-v2", ".yml": "stack", "ü.yml": "stack", "-": "stack",
	} {
		if got := stackName(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
