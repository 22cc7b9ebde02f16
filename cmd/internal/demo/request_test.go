package demo

import (
	"net"
	"strings"
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
		{"HostRegexp:{sub:[a-z]+}.a.com", "curl -H 'Host: a.a.com' http://127.0.0.1:8000/"},
		{"HostRegexp:{sub:(www|blog)}.a.com", "curl -H 'Host: www.a.com' http://127.0.0.1:8000/"},
		{"Host:a.com;Method:delete", "curl -X DELETE -H 'Host: a.com' http://127.0.0.1:8000/"},
		{"Host:a.com;Method:HEAD", "curl -I -H 'Host: a.com' http://127.0.0.1:8000/"},
		{"Host:a.com;Headers:X-It,it's", `curl -H 'Host: a.com' -H 'X-It: it'\''s' http://127.0.0.1:8000/`},
		{"Host:a.com;Query:a=b,c=d&e", "curl -H 'Host: a.com' 'http://127.0.0.1:8000/?a=b&c=d%26e'"},
		{"Host:a.com;PathPrefixStrip:/old;AddPrefix:/new", "curl -H 'Host: a.com' http://127.0.0.1:8000/old/hello"},
		{"HeadersRegexp:X-A,^q+$", "curl -H 'X-A: q' http://127.0.0.1:8000/"},
		{"", "curl http://127.0.0.1:8000/"},

		{"Host(`a.com`) && PathPrefix(`/api`)", "curl -H 'Host: a.com' http://127.0.0.1:8000/api/hello"},
		{"Host(`a.com`) && (Path(`/x`) || Path(`/y`))", "curl -H 'Host: a.com' http://127.0.0.1:8000/x"},
		{"Host(`a.com`) || Host(`b.com`) && Method(`POST`)", "curl -X POST -H 'Host: a.com' http://127.0.0.1:8000/"},
		{"!Host(`a.com`) && !(Path(`/x`) || Method(`PUT`))", "curl http://127.0.0.1:8000/"},
		{"HostRegexp(`^(www|blog)\\.a\\.com$`)", "curl -H 'Host: www.a.com' http://127.0.0.1:8000/"},
		{"HostRegexp(`(?i)^.+\\.A\\.com$`)", "curl -H 'Host: a.a.com' http://127.0.0.1:8000/"},
		{"PathRegexp(`^/users/[0-9]{3}$`)", "curl http://127.0.0.1:8000/users/111"},
		{"Host(`a.com`) && Header(`X-It`, `(b)`)", "curl -H 'Host: a.com' -H 'X-It: (b)' http://127.0.0.1:8000/"},
		{"HeaderRegexp(`X-It`, `^v\\d`)", "curl -H 'X-It: v1' http://127.0.0.1:8000/"},
		{"Query(`a`, `b`) && QueryRegexp(`c`, `^[d-f]+$`)", "curl 'http://127.0.0.1:8000/?a=b&c=d'"},
		{"Path(\"/a`b\")", "curl http://127.0.0.1:8000/a%60b"},
		{"HeaderRegexp(`X-It`, `\x01`)", ""},
		{"ClientIP(`10.0.0.0/8`)", ""},
	} {
		rule, _, ok := rules.ParseTraefik1(c.rule)
		if strings.Contains(c.rule, "(`") || strings.Contains(c.rule, "(\"") {
			rule, _, ok = rules.ParseTraefik3(c.rule, rules.V3)
		}
		if c.rule == "" {
			rule, ok = rules.Rule{}, true
		}
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

func TestTheDemosSocketsAreEachForOneAddress(t *testing.T) {
	ctx := t.Context()
	s := &stage{}
	if err := s.listen(ctx, Options{Addr: "127.0.0.1:0", Admin: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	defer s.close()
	c, _, err := configure([]string{"--docker", "--docker.swarmmode", "--entryPoints=Name:http Address:" + s.entry.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	s.messagesAt(c)
	if s.messages != "127.0.0.1:10101" {
		t.Errorf("messages come to %s", s.messages)
	}
	for address, want := range map[string]net.Listener{s.admin.Addr().String(): s.admin, s.entry.Addr().String(): s.entry} {
		if l, err := s.opened(ctx, "tcp", address); err != nil || l != want {
			t.Errorf("%s: %v %v", address, l, err)
		}
	}
	other, err := s.opened(ctx, "tcp", "127.0.0.1:0")
	if err != nil || other == s.entry || other == s.admin {
		t.Fatal("a third address has a socket that is another's", err)
	}
	other.Close()
}
