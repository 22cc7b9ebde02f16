package labels

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
	"golang.org/x/tools/txtar"
)

// Each file in testdata is a story: the text before the first file tells it, "swarm" is what there is, "want" what
// Read makes of it. go test -update writes "want" anew.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { tell(t, file) })
	}
}

func tell(t *testing.T, file string) {
	story, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, o := parseSwarm(t, string(story.Files[0].Data))
	got := written(Read(s, o))
	if *update {
		story.Files = append(story.Files[:1], txtar.File{Name: "want", Data: []byte(got)})
		if err := os.WriteFile(file, txtar.Format(story), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(story.Files[1].Data); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// parseSwarm reads lines of a word and its argument. Networks and services have their names as ids; services are
// created a day apart, in order.
func parseSwarm(t *testing.T, text string) (*snapshot.Swarm, Options) {
	s, o := &snapshot.Swarm{}, Options{ExposedByDefault: true, Domain: "litup.me"}
	for line := range strings.Lines(text) {
		word, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
		if err := parseLine(s, &o, word, argument); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	return s, o
}

func parseLine(s *snapshot.Swarm, o *Options, word, argument string) (err error) {
	switch word {
	case "":
	case "domain":
		o.Domain = argument
	case "hidden-by-default":
		o.ExposedByDefault = false
	case "default-network":
		o.Network = argument
	case "constraint":
		o.Constraints, err = ParseConstraints([]string{argument})
	case "own":
		s.Own = strings.Fields(argument)
	case "network":
		s.Networks = append(s.Networks, snapshot.Network{ID: argument, Name: argument, Ingress: argument == "ingress"})
	case "service":
		created := time.Date(2026, 1, 1+len(s.Services), 0, 0, 0, 0, time.UTC)
		s.Services = append(s.Services, snapshot.Service{ID: "id-" + argument, Name: argument, Created: created, Labels: map[string]string{}})
	default:
		return parseServiceLine(&s.Services[len(s.Services)-1], word, argument)
	}
	return err
}

func parseServiceLine(s *snapshot.Service, word, argument string) error {
	switch word {
	case "label":
		if quoted, err := strconv.Unquote(argument); err == nil { // a name with spaces around it
			argument = quoted
		}
		name, value, _ := strings.Cut(argument, "=")
		s.Labels[name] = value
	case "container":
		s.ContainerLabels = append(s.ContainerLabels, argument)
	case "global":
		s.Global = true
	case "dnsrr":
		s.DNSRR = true
	case "vip":
		s.VIPs = parseAddresses(argument)
	case "task":
		slot, places, _ := strings.Cut(argument, " ")
		task := snapshot.Task{ID: "task-" + slot, Addresses: parseAddresses(places)}
		task.Slot, _ = strconv.Atoi(slot)
		s.Tasks = append(s.Tasks, task)
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

func parseAddresses(text string) (all []snapshot.Address) {
	for place := range strings.FieldsSeq(text) {
		network, ip, _ := strings.Cut(place, "=")
		all = append(all, snapshot.Address{Network: network, IP: netip.MustParseAddr(ip)})
	}
	return all
}

// written is what Read made, as text.
func written(specs []rules.Spec, found []rules.Diagnostic) string {
	var text strings.Builder
	for _, spec := range specs {
		if len(spec.Routes)+len(spec.Services) == 0 {
			continue // what it holds beside is told by diagnostics
		}
		fmt.Fprintf(&text, "spec %s\n", spec.Owner.Name)
		for _, r := range spec.Routes {
			fmt.Fprintf(&text, "  route %s: %q -> %s", r.Name, r.Rule.Text, r.Service)
			fmt.Fprintf(&text, " priority=%d entrypoints=%v passhost=%t\n", r.Priority, r.EntryPoints, r.PassHost)
			for _, f := range r.Filters {
				fmt.Fprintf(&text, "    %s\n", rules.FilterText(f))
			}
		}
		for _, s := range spec.Services {
			fmt.Fprintf(&text, "  service %s weight=%d perservice=%t balance=%d", s.Name, s.Weight, s.PerService, s.Balance)
			fmt.Fprintf(&text, "%s%s%s\n", setting(" sticky", s.Sticky), setting(" check", s.Check), setting(" maxconn", s.MaxConn))
			for _, part := range s.Weighted {
				fmt.Fprintf(&text, "    %d to %s\n", part.Weight, part.Service)
			}
			if s.Mirroring != nil || s.Failover != nil {
				fmt.Fprintf(&text, "   %s%s\n", setting(" mirroring", s.Mirroring), setting(" failover", s.Failover))
			}
			for _, e := range s.Endpoints {
				fmt.Fprintf(&text, "    %s %s (%s)\n", e.URL(), e.Name, e.Task)
			}
		}
	}
	for _, d := range found {
		fmt.Fprintln(&text, d)
	}
	return marks.ReplaceAllString(text.String(), rules.NotShown)
}

// marks are new in each process.
var marks = regexp.MustCompile(regexp.QuoteMeta(rules.NotShown) + "#[0-9a-f]{8}")

func setting[T any](name string, s *T) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%s=%+v", name, *s)
}
