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
func tableRows(t *rules.Table) [][]string {
	rows := [][]string{{"RULE", "SERVICE", "ENDPOINTS"}}
	for _, r := range distinct(t) {
		rows = append(rows, []string{r.Rule.Text, r.Service.Name, shares(r.Service)})
	}
	return rows
}

func distinct(t *rules.Table) (routes []*rules.Route) {
	for _, r := range t.Routes {
		if !slices.ContainsFunc(routes, func(o *rules.Route) bool { return o.Rule.Text == r.Rule.Text && o.Service == r.Service }) {
			routes = append(routes, r)
		}
	}
	return routes
}

// shares says whose tasks a service consists of, and what they weigh where that matters.
func shares(s *rules.Service) string {
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
	return strings.Join(texts, " + ")
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
