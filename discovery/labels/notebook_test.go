package labels

import (
	"fmt"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// many is enough to be far too many. TestTenThousandMisspelledLabelsAreRead has more.
const many = 1_000

// wrong are many labels of a form.
func wrong(form string) (labels []string) {
	for i := range many {
		labels = append(labels, fmt.Sprintf(form, i))
	}
	return labels
}

// forms are mistakes that can be made many times on one service.
var forms = []struct{ form, code string }{
	{"traefik.frontend.entryPonts%d=x", UnknownLabel},
	{"traefik.s%d.prot=x", UnknownLabel},
	{"Traefik.nothing%d=x", UnknownLabel},
	{"traefik.frontend.auht.basic%d=x", ProtectionNotServed},
	{"traefik.s%d.port=x", BadPort},
	{"traefik.http.ruters.r%d.rule=x", UnknownLabel},
	{"traefik.http.routers.r%d.rul=x", UnknownLabel},
	{"traefik.http.middlewares.m%d.basicauht.users=x", UnknownLabel},
	{"traefik.http.middlewares.m.basicauht%d=x", UnknownLabel},
	{"traefik.udp.routers.r%d.rule=x", LabelNotServed},
	{"traefik.tcp.routers.r%d.rul=x", UnknownLabel},
}

func TestTenThousandMisspelledLabelsAreRead(t *testing.T) {
	labels := map[string]string{"traefik.port": "80", "traefik.frontend.rule": "Host:a.b"}
	for i := range 10_000 {
		labels[fmt.Sprint("traefik.frontend.entryPonts", i)] = "http"
	}
	s := oneTask("svc")
	s.Services[0].Labels = labels
	specs, found := Read(s, exposed)
	if len(specs[0].Routes) != 1 || len(found) != mostTold+1 || !strings.Contains(found[mostTold].Message, " 9900 more ") {
		t.Errorf("%d routes, %d diagnostics, the last %s", len(specs[0].Routes), len(found), found[len(found)-1])
	}
}

func TestOfManyMistakesTheFirstAreToldAndTheOthersCounted(t *testing.T) {
	for _, c := range forms {
		_, found := readOne(wrong(c.form)...)
		told, rest := 0, ""
		for _, d := range found {
			switch {
			case d.Code != c.code:
			case d.Label != "":
				told++
			default:
				rest = d.Message
			}
		}
		if told != mostTold || !strings.Contains(rest, fmt.Sprint(many-mostTold, " more")) || len(found) > 5*mostTold {
			t.Errorf("%s: %d of %d are of its kind, and %q", c.form, told, len(found), rest)
		}
	}
}

func TestOfManyNamesAHundredAreGuessed(t *testing.T) {
	for _, c := range forms {
		if strings.Contains(c.form, ".http.") || strings.Contains(c.form, ".tcp.") || strings.Contains(c.form, ".udp.") || c.code == BadPort {
			continue
		}
		notes := &notebook{}
		split(labelled(wrong(c.form)...), notes)
		if notes.guesses != mostGuessed {
			t.Errorf("%s: %d guesses", c.form, notes.guesses)
		}
	}
}

func TestALockThatIsMisspelledBehindManyMistakesClosesItsRoute(t *testing.T) {
	for _, lock := range []string{
		"traefik.frontend.whitelst.sourcerange=10.0.0.0/8", "traefik.frontend.auht.basic=a:b", "traefik.frontend.zauth=a:b",
		"traefik.frontend.auhht.bsic.users=a:b", "traefik.frontend.auth.bsic: a:b",
	} {
		spec, found := readOne(append(wrong("traefik.again%d=x"), lock)...)
		if len(openRoutes(spec)) > 0 || !strings.Contains(codes(found), ProtectionNotServed) {
			t.Errorf("%s: %d routes, %s", lock, len(spec.Routes), codes(found))
		}
	}
	spec, _ := readOne(append(wrong("traefik.again%d=x"), "traefik.open.port=80", "traefik.shut.port=80", "traefik.shut.frontend.auht.basic=a:b")...)
	if open := openRoutes(spec); len(open) != 1 || open[0].Segment != "open" {
		t.Errorf("got %+v, want the segment that has no lock", spec.Routes)
	}
	spec, _ = readOne(append(wrong("traefik.http.routers.r%d.rul=x"), "traefik.http.services.s.loadbalancer.server.port=80",
		"traefik.http.routers.web.rule=Host(`a.b`)", "traefik.http.routers.web.midlewares=lock")...)
	for _, r := range openRoutes(spec) {
		if r.Name == "web" {
			t.Error("a router of Traefik 3 whose middlewares are misspelled is served")
		}
	}
}

func TestOfManyMisspelledLocksEachSegmentInheritsSome(t *testing.T) {
	all := append(wrong("traefik.frontend.auht.basic%d=x"), "traefik.a.port=80", "traefik.b.port=80")
	notes := &notebook{}
	segments, _ := split(labelled(all...), notes)
	for _, s := range segments {
		if len(s.labels) > 2*mostTold {
			t.Errorf("segment %s has %d labels", s.name, len(s.labels))
		}
	}
	if left := notes.tally(ProtectionNotServed); left.more != many-mostTold || left.severity != rules.Error {
		t.Errorf("of those left out is noted %+v", *left)
	}
}

func TestAMistakeOfThousandsOfSegmentsNamesSomeOfThem(t *testing.T) {
	labels := []string{"traefik.frontend.entryPoint=x", "traefik.frontend.priority=high", "traefik.s.port=80", "traefik.s.frontend.priority=1"}
	for i := range 5_000 {
		labels = append(labels, fmt.Sprintf("traefik.s%d.port=80", i))
	}
	_, found := readOne(labels...)
	for _, d := range found {
		if d.Code == BadNumber && (len(d.Message) > 500 || !strings.Contains(d.Message, "(segment s0, s1, ") || !strings.Contains(d.Message, " and 4980 more)")) {
			t.Errorf("got %s", d)
		}
		if len(d.Message) > 1000 {
			t.Errorf("a message has %d letters", len(d.Message))
		}
	}
	if !strings.Contains(codes(found), BadNumber) {
		t.Errorf("got %s", codes(found))
	}
}

func TestOfTenThousandContainerLabelsSomeAreNamed(t *testing.T) {
	s := oneTask("svc", "traefik.port=80", "traefik.frontend.rule=Host:a.b")
	for i := range 10_000 {
		s.Services[0].ContainerLabels = append(s.Services[0].ContainerLabels, fmt.Sprint("traefik.prot", i))
	}
	_, found := Read(s, exposed)
	if codes(found) != LabelsOnContainer || len(found[0].Message) > 1000 || !strings.Contains(found[0].Message, " and 9980 more;") {
		t.Errorf("got %v", found)
	}
}

func TestThousandsOfSegmentsInheritThousandsOfLabelsUpToABound(t *testing.T) {
	s := oneTask("web")
	labels := map[string]string{"traefik.port": "80"}
	for i := range 1250 {
		labels[fmt.Sprintf("traefik.s%04d.frontend.rule", i)] = fmt.Sprintf("Host:s%d.com", i)
	}
	for i := range 1249 {
		labels[fmt.Sprintf("traefik.frontend.errors.p%d.status", i)] = "500"
	}
	s.Services[0].Labels = labels
	specs, found := Read(s, exposed)
	if n := len(specs[0].Routes); n != mostInherited/1250 {
		t.Errorf("%d segments are served", n)
	}
	told := 0
	for _, d := range found {
		if d.Code == TooManyLabels {
			told++
			if d.Severity != rules.Error || !strings.Contains(d.Message, "1250 labels count for each of 1250 segments") || !strings.Contains(d.Message, ": s0040, s0041, ") || !strings.Contains(d.Message, "s0059 and 1190 more") {
				t.Errorf("told %v", d)
			}
		}
	}
	if told != 1 {
		t.Errorf("it is told %d times", told)
	}
}
