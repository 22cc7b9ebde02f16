package labels

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

func TestEveryLabelOfTraefik3HasAStory(t *testing.T) {
	files, _ := filepath.Glob("testdata/v3-*.txtar")
	told := map[*row3]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			label, ok := strings.CutPrefix(line, "label ")
			name, _, _ := strings.Cut(label, "=")
			if family, _, option, known := cut3(name); ok && known {
				told[row3Of(family, option)] = true
			}
		}
	}
	for i := range rows3 {
		if !told[&rows3[i]] {
			t.Errorf("no file testdata/v3-*.txtar has %s", rows3[i].name)
		}
	}
}

func TestEveryKindOfMiddlewareHasRows(t *testing.T) {
	for kind := range kinds3 {
		found := false
		for _, r := range rows3 {
			found = found || strings.HasPrefix(strings.ToLower(r.name), "middlewares.<name>."+kind)
		}
		if !found {
			t.Errorf("the reference does not have %s", kind)
		}
	}
}

// withLock is a swarm of a service whose router uses a middleware of another one.
func withLock(lock string) (*Reader, func(lock string) ([]rules.Spec, []rules.Diagnostic)) {
	r := NewReader(exposed)
	read := func(lock string) ([]rules.Spec, []rules.Diagnostic) {
		s := oneTask("web", "traefik.http.services.web.loadbalancer.server.port=80", "traefik.http.routers.web.middlewares=lock@swarm")
		other := oneTask("locks").Services[0]
		if lock != "" {
			other.Labels = labelled("traefik.http.middlewares.lock." + lock)
		} else {
			other.Labels = labelled("traefik.enable=false")
		}
		s.Services = append(s.Services, other)
		return r.Read(s)
	}
	read(lock)
	return r, read
}

func TestARouterFollowsTheMiddlewareOfAnotherService(t *testing.T) {
	_, read := withLock("addprefix.prefix=/a")
	specs, _ := read("addprefix.prefix=/b")
	if got := rules.FilterText(specs[0].Routes[0].Filters[0]); !strings.Contains(got, "/b") {
		t.Errorf("the router still has %s", got)
	}
	specs, found := read("")
	if len(openRoutes(specs...)) != 0 || !strings.Contains(written(nil, found), NoMiddleware) {
		t.Errorf("the lock is gone, and the router is served: %s", written(specs, found))
	}
	if specs, _ = read("addprefix.prefix=/c"); len(specs[0].Routes) != 1 {
		t.Error("the lock is back, and the router is not")
	}
}

func TestAServiceIsReadAgainOnlyWhenSomethingItNamesChanges(t *testing.T) {
	r, read := withLock("addprefix.prefix=/a")
	before := r.kept[0].spec.Routes
	read("addprefix.prefix=/a")
	if &before[0] != &r.kept[0].spec.Routes[0] {
		t.Error("the service was read again")
	}
}

func TestTenThousandLabelsOnOneServiceAreRead(t *testing.T) {
	labels := []string{"traefik.http.services.web.loadbalancer.server.port=80"}
	for i := range 10_000 {
		labels = append(labels, fmt.Sprintf("traefik.http.routers.r%d.rule=Host(`h%d.a.b`)", i, i))
	}
	specs, _ := Read(oneTask("web", labels...), exposed)
	if len(specs[0].Routes) != 10_000 {
		t.Errorf("%d routes", len(specs[0].Routes))
	}
	for i := range labels {
		labels[i] = fmt.Sprintf("traefik.http.middlewares.m.nonsense%d=x", i)
	}
	if _, found := Read(oneTask("web", labels...), exposed); len(found) == 0 {
		t.Error("nothing is told of ten thousand wrong labels")
	}
}

func TestAValueOfOneMebibyteIsTold(t *testing.T) {
	long := strings.Repeat("(`a.b`)||;Host:", 1<<20/15)
	for _, label := range []string{
		"traefik.http.routers.web.rule", "traefik.frontend.rule", "traefik.http.routers.web.priority", "traefik.http.services.web.loadbalancer.server.port",
		"traefik.http.routers.web.middlewares", "traefik.http.middlewares.m.stripprefixregex.regex", "traefik.http.middlewares.m.ipallowlist.sourcerange",
		"traefik.http.services.web.weighted.services",
	} {
		specs, found := Read(oneTask("web", "traefik.port=80", label+"="+long), exposed)
		if len(found) == 0 {
			t.Errorf("%s: nothing is told", label)
		}
		for _, s := range specs {
			for _, r := range s.Routes {
				if r.Label == label {
					t.Errorf("%s: a route is served", label)
				}
			}
		}
	}
}

func TestMisspelledMiddlewaresLeaveNoRouterOpen(t *testing.T) {
	for _, label := range []string{
		"traefk.http.routers.web.middlewares=lock", " traefik.http.routers.web.middlewares=lock", "traefik.http.routers.web.middlewares: lock",
		"traefik.http.routers.web.middlewear=lock", "traefik.http.routers.web.middleware=lock", "Traefik.http.routers.web.middlewares: lock",
	} {
		specs, found := Read(oneTask("web", "traefik.http.services.web.loadbalancer.server.port=80", "traefik.http.routers.web.rule=Host(`a.b`)", label), exposed)
		if len(openRoutes(specs...)) != 0 || len(found) == 0 {
			t.Errorf("%s: %s", label, written(specs, found))
		}
	}
}

func TestMiddlewaresThatAreNamedAstrayLeaveNoRouterOpen(t *testing.T) {
	const swarm = "own public\nnetwork public\nservice web\ntask 1 public=10.0.1.2\nlabel traefik.http.routers.a.rule=Host(`a.b`)\n" +
		"label traefik.http.services.a.loadbalancer.server.port=80\nlabel traefik.http.middlewares.m.basicauth.users=ann:{SHA}2UFT/yQ0qY6H5vZzJ6k1nzHkEXk=\n"
	for label, routes := range map[string]int{
		"traefik.http.routers.a.middlewares=m": 1, "traefik.http.router.a.middlewares=m": 0, "traefik.htpp.routers.a.middlewares=m": 0,
		"traefik.http.routers.amiddlewares=m": 0, "traefik.http.routers.middlewares=m": 0, "traefik.routers.a.middlewares=m": 0,
	} {
		s, o := parseSwarm(t, swarm+"label "+label+"\n")
		specs, found := Read(s, o)
		if open := openRoutes(specs...); len(open) != routes {
			t.Errorf("%s: %d routes, %v", label, len(open), found)
		}
	}
}

func TestARouterAndItsMiddlewaresUnderTwoNamesAreNotServed(t *testing.T) {
	const lock = "traefik.http.middlewares.m.ipallowlist.sourcerange=10.0.0.0/8"
	for _, c := range []struct {
		labels string
		open   int
	}{
		{"web.rule=Host(`a.b`) wbe.middlewares=m", 0},
		{"web.rule=Host(`a.b`) Web.middlewares=m", 0},
		{"web.rule=Host(`a.b`) wbe.middleware=m", 0},
		{"web.rule=Host(`a.b`) wbe.middlewares[0]=m", 0},
		{"wbe.rule=Host(`a.b`) web.middlewares=m web.service=s", 0},
		{"web.rule=Host(`a.b`) shop.middlewares=m", 0},
		{"web.rule=Host(`a.b`) wbe.entrypoints=https", 0},
		{"web.rule=Host(`a.b`) web.middlewares=m wbe.middlewares=m", 0},
		{"web.rule=Host(`a.b`) api.rule=Host(`b.c`) wbe.middlewares=m", 1},
		{"web.rule=Host(`a.b`) api.rule=Host(`b.c`) shop.middlewares=m", 3},
		{"web.rule=Host(`a.b`) wbe.rule=Host(`b.c`) wbe.middlewares=m", 2},
		{"web.rule=Host(`a.b`) web.middlewares=m shop.middlewares=m", 2},
		{"web.rule=Host(`a.b`) shop.entrypoints=https", 2},
		{"web.middlewares=m", 1},
		{"web1.rule=Host(`a.b`) web1.middlewares=m web2.middlewares=m", 2},
	} {
		labels := []string{"traefik.http.services.s.loadbalancer.server.port=80", lock}
		for label := range strings.FieldsSeq(c.labels) {
			labels = append(labels, "traefik.http.routers."+label)
		}
		specs, found := Read(oneTask("svc", labels...), exposed)
		if open := openRoutes(specs...); len(open) != c.open || c.open == 0 && !strings.Contains(written(nil, found), BadMiddleware) {
			t.Errorf("%s: %s", c.labels, written(specs, found))
		}
	}
}

// A row's golden text has a service with a good value, of which nothing is told, and one with a bad value, of which something is.
func TestTheGoldenTextsOfTraefik3HaveAGoodAndABadValue(t *testing.T) {
	texts := map[string][]string{} // by label: the services and what they come to
	for _, file := range rowFiles(t) {
		sections := parseRows(t, file).Files
		for i, s := range sections[:len(sections)-1] {
			texts[s.Name] = []string{string(s.Data), string(sections[i+1].Data)}
		}
	}
	for _, r := range rows3 {
		got := texts["traefik.http."+r.name]
		if r.state != served || got == nil { // that there is one is another test's
			continue
		}
		if strings.Contains(got[1], " s1: ") {
			t.Errorf("%s: the good value is told of: %s", r.name, got[1])
		}
		harmless := r.bad == "any text will do" || strings.Contains(r.bad, "can't be read")
		if harmless != !strings.Contains(got[1], " s2: ") {
			t.Errorf("%s: %q, and its text says\n%s", r.name, r.bad, got[1])
		}
	}
}
