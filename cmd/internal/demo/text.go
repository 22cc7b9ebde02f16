package demo

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// lines aligns cells in columns, the last as long as it likes.
func lines(indent string, rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := indent
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-len(cell)+3)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// tableRows is a row a rule. Routes that ask for the same and lead to the same place, as the versions of a canary do, are one.
func tableRows(t *rules.Table, routes []*rules.Route) [][]string {
	rows := [][]string{{"RULE", "SERVICE", "ENDPOINTS"}}
	for _, r := range routes {
		rows = append(rows, []string{r.Rule.Text, r.Service.Name, shares(t, r.Service)})
	}
	return rows
}

func distinct(t *rules.Table) (routes []*rules.Route) {
	type claim struct {
		rule    string
		service *rules.Service
	}
	seen := map[claim]bool{}
	for _, r := range t.Routes {
		if c := (claim{r.Rule.Text, r.Service}); !seen[c] {
			seen[c] = true
			routes = append(routes, r)
		}
	}
	return routes
}

// behind are the services with endpoints that a service leads to: for most, itself. Copies for mirrors are not requests.
func behind(t *rules.Table, s *rules.Service) []*rules.Service {
	if !s.Leads() {
		return []*rules.Service{s}
	}
	var names []string
	for _, part := range s.Weighted {
		names = append(names, part.Service)
	}
	if s.Mirroring != nil {
		names = append(names, s.Mirroring.Service)
	}
	if s.Failover != nil {
		names = append(names, s.Failover.Main, s.Failover.Fallback)
	}
	var found []*rules.Service
	for _, name := range names {
		if part := t.Service(name); part != nil {
			found = append(found, behind(t, part)...)
		}
	}
	return found
}

// sources are the shares of owners in all that is behind a service.
func sources(t *rules.Table, s *rules.Service) (found []rules.Source) {
	for _, s := range behind(t, s) {
		found = append(found, s.Sources...)
	}
	return found
}

// shares says whose tasks a service consists of, or those of the services that it leads to, and what they weigh where that matters.
func shares(t *rules.Table, s *rules.Service) string {
	switch {
	case s == nil:
		return "nobody"
	case s.Mirroring != nil:
		text := shares(t, t.Service(s.Mirroring.Service))
		for _, m := range s.Mirroring.Mirrors {
			text += fmt.Sprintf(", %d%% copied to %s", m.Percent, m.Service)
		}
		return text
	case s.Failover != nil && s.Failover.Fallback == "":
		return shares(t, t.Service(s.Failover.Main))
	case s.Failover != nil:
		return shares(t, t.Service(s.Failover.Main)) + ", else " + shares(t, t.Service(s.Failover.Fallback))
	case s.Leads():
		return weighted(t, s.Weighted)
	}
	return owned(s)
}

func weighted(t *rules.Table, parts []rules.Part) string {
	var texts []string
	for _, p := range parts {
		part := t.Service(p.Service)
		text := shares(t, part)
		if part.Leads() || part != nil && len(part.Sources) > 1 {
			text = "(" + text + ")"
		}
		texts = append(texts, fmt.Sprintf("%s (weight %d)", text, p.Weight))
	}
	return few(texts, " + ")
}

func owned(s *rules.Service) string {
	var texts []string
	for _, source := range s.Sources {
		text := counted(len(source.Endpoints), "task") + " of " + source.Owner.Name
		switch {
		case len(source.Endpoints) == 1 && source.Endpoints[0].Task == source.Owner.ID:
			text = "virtual address of " + source.Owner.Name
		case len(s.Sources) > 1:
			text += " (weight " + strconv.Itoa(source.Weight) + ")"
		}
		texts = append(texts, text)
	}
	return few(texts, " + ")
}

// inARow is how many things are told on one line.
const inARow = 8

// few joins texts, the first of them if there are many.
func few(texts []string, between string) string {
	if more := len(texts) - inARow; more > 0 {
		return strings.Join(texts[:inARow], between) + between + strconv.Itoa(more) + " more"
	}
	return strings.Join(texts, between)
}

// counted is a number with its noun, "1 task".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// taskHash ends an endpoint's name, as in Traefik 1.x. It makes names unique and lines long.
var taskHash = regexp.MustCompile(`-[0-9a-f]{32}\b`)

func changeLine(since float64, c rules.Change) string {
	return fmt.Sprintf("   %5.2f s  %s\n", since, taskHash.ReplaceAllString(c.String(), ""))
}

// String is the tally for people: "204 requests, none failed: 90 ghost:5, 114 ghost:6".
func (t tally) String() string {
	text := counted(t.sent, "request") + ", none failed"
	if t.failed > 0 {
		text = fmt.Sprintf("%s, %d failed (%v)", counted(t.sent, "request"), t.failed, t.last)
	}
	if by := t.shares(); by != "" {
		text += ": " + by
	}
	return text
}

func (t tally) shares() string {
	var texts []string
	for _, image := range slices.Sorted(maps.Keys(t.by)) {
		if image != "" {
			texts = append(texts, fmt.Sprintf("%d by %s", t.by[image], image))
		}
	}
	return strings.Join(texts, ", ")
}

// String is the diagnostic for people, on up to two lines. Its code is what to look for elsewhere.
func (d diagnostic) String() string {
	text := d.Severity + " " + d.Code + ": " + d.Service
	if d.Label != "" {
		text += ": " + d.Label + "=" + d.Value
	}
	return text + "\n     " + d.Message
}
