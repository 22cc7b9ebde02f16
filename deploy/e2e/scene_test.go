package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// command is that of deploy/stack.yml, over all of its lines.
var command = regexp.MustCompile(`(?m)^    command: .*\n(?:      .*\n)*`)

// spellings are the command in the forms that people write it in. The quotes are the user's.
var spellings = []struct{ name, text string }{
	{"a list, in which quotes are literal", `    command:
      - --web
      - --logLevel=DEBUG
      - --docker
      - --docker.swarmmode
      - --docker.watch
      - --docker.domain=litup.me
      - --defaultEntryPoints='http'
      - --entryPoints='Name:http Address::80 compress:true'
`},
	{"the article's, with a backslash at the end of lines", `    command:  --web  --logLevel=DEBUG  --docker   --docker.swarmmode  --docker.watch --docker.domain=litup.me \
              --defaultEntryPoints='http'  \
              --entryPoints='Name:http Address::80 compress:true'
              # --entryPoints='Name:https Address::443 TLS'
`},
	{"as it stands", ""},
}

func TestTheFlagsMeanTheSameInEachFormOfTheFile(t *testing.T) {
	swarm(t)
	deploy(t, deployed+"examples/blog.yml", "blog")
	original, err := os.ReadFile(deployed + "stack.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, spelling := range spellings {
		t.Run(spelling.name, func(t *testing.T) {
			text := string(original)
			if spelling.text != "" {
				text = command.ReplaceAllLiteralString(text, spelling.text)
			}
			if spelling.text != "" && text == string(original) {
				t.Fatal("there is no command in deploy/stack.yml to rewrite")
			}
			redeploy(t, text)
			served(t, "blog.litup.me", 2)
			compresses(t, "blog.litup.me")
		})
	}
}

// redeploy deploys Appia anew and waits until it is a container with the new command that runs.
func redeploy(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(world.Folder(), "stack.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	docker(t, "stack", "deploy", "-c", file, "appia")
	wanted := docker(t, "service", "inspect", "--format", "{{json .Spec.TaskTemplate.ContainerSpec.Args}}", router)
	eventually(t, "Appia runs with "+wanted, func() error {
		now := containers(t, router)
		if len(now) != 1 {
			return fmt.Errorf("containers %v", now)
		}
		if args := docker(t, "inspect", "--format", "{{json .Args}}", now[0]); args != wanted {
			return fmt.Errorf("it runs with %s", args)
		}
		return nil
	})
}

// compresses asks for a long answer: compress:true is the last word of the flags, and the first to get lost.
func compresses(t *testing.T, host string) {
	t.Helper()
	c := newClient()
	defer c.CloseIdleConnections()
	got, err := ask(c, front, host, "/", "Accept-Encoding", "gzip", "X-Long", strings.Repeat("x", 2000))
	if err != nil || got.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%v %+v, want a compressed answer", err, got.Header)
	}
}

func TestTheBlogAnswersFromBothReplicas(t *testing.T) {
	swarm(t)
	deploy(t, deployed+"examples/blog.yml", "blog")
	blog := served(t, "blog.litup.me", 2)
	got, err := blog.ask()
	if err != nil || got.from.Image != "ghost:5-alpine" || got.from.Host != "blog.litup.me" || got.from.URI != "/" {
		t.Errorf("%v, got %+v", err, got.from)
	}
}

// rows are those of table 0.3 in traefik-1x.md. An empty image is 404.
var rows = []struct{ host, uri, image, sees, prefix string }{
	{"api.mydomain.com", "/v3/user", v3, "/", "/v3/user"},
	{"api.mydomain.com", "/v3/user/", v3, "/", "/v3/user"},
	{"api.mydomain.com", "/v3/user/42?x=1", v3, "/42?x=1", "/v3/user"},
	{"api.mydomain.com", "/v3/user/my", my, "/", "/v3/user/my"},
	{"api.mydomain.com", "/v3/user/my/profile", my, "/profile", "/v3/user/my"},
	{"api.mydomain.com", "/v3/user/myprofile", my, "/profile", "/v3/user/my"},
	{"api.mydomain.com", "/v3/users", v3, "/s", "/v3/user"},
	{"api.mydomain.com", "/v2/user/my", v2, "/my", "/v2/user"},
	{"api.mydomain.com", "/v3/user/a%2Fb", v3, "/a%2Fb", "/v3/user"},
	{"api.mydomain.com", "/v3/user//x", v3, "//x", "/v3/user"},
	{"api.mydomain.com", "/v3/use", "", "", ""},
	{"api.mydomain.com", "/V3/user", "", "", ""},
	{"API.MyDomain.com:80", "/v3/user/42", v3, "/42", "/v3/user"},
	{"api.mydomain.com.", "/v3/user/42", "", "", ""},
}

const (
	v2 = "example/user-api:v2.5.9"
	v3 = "example/user-api:v3.0.1"
	my = "example/user-api-my:v3.0.1"
)

func TestEachRowOfTheUserAPITableIsTrue(t *testing.T) {
	swarm(t)
	deploy(t, deployed+"examples/user-api.yml", "user-api")
	c := newClient()
	defer c.CloseIdleConnections()
	eventually(t, "the three services answer", func() error {
		for _, part := range []string{"/v2/user", "/v3/user", "/v3/user/my"} {
			got, err := ask(c, front, "api.mydomain.com", part)
			if err != nil {
				return err
			}
			if got.StatusCode != http.StatusOK || got.from.Header.Get("X-Forwarded-Prefix") != part {
				return fmt.Errorf("%s: %s", part, got.Status)
			}
		}
		return nil
	})
	for _, row := range rows {
		got, err := ask(c, front, row.host, row.uri)
		if err != nil {
			t.Errorf("%s%s: %v", row.host, row.uri, err)
			continue
		}
		if row.image == "" {
			if got.StatusCode != http.StatusNotFound {
				t.Errorf("%s%s: %s, want 404", row.host, row.uri, got.Status)
			}
			continue
		}
		if got.from.Image != row.image || got.from.URI != row.sees || got.from.Header.Get("X-Forwarded-Prefix") != row.prefix {
			t.Errorf("%s%s: %s %+v, want %s to see %s behind %s", row.host, row.uri, got.Status, got.from, row.image, row.sees, row.prefix)
		}
		if got.from.Host != row.host {
			t.Errorf("%s%s: the service sees Host %s", row.host, row.uri, got.from.Host)
		}
	}
}
