package labels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// Reference is docs/labels.md: the rows of the dialects, as markdown.
func Reference() string {
	var page strings.Builder
	page.WriteString(referenceHead)
	page.WriteString("\n## Labels of Traefik 1.x\n\n")
	writeServed(&page, &traefik1)
	page.WriteString("\n## Labels of Appia\n\nWhat Traefik has no word for. They add to the labels above.\n\n")
	writeServed(&page, &appia)
	page.WriteString("\n## Misspelled protections: the route is not served\n\n" +
		"These are no labels, but their author meant to keep somebody out, and without them the route would be open to anybody. " +
		"So is any\nlabel taken that is nearest to one that protects, or has a word like `auth` or `whitelist` in its name.\n\n")
	writeUnserved(&page, lock)
	page.WriteString("\n## Not served yet: no effect\n\n")
	writeUnserved(&page, lacking)
	page.WriteString("\n## No effect in Traefik 1.x either\n\n")
	writeUnserved(&page, idle)
	page.WriteString("\n## Diagnostics\n\nOf labels first, then of rules, then of all routes together.\n\n| code | meaning |\n|---|---|\n")
	for _, c := range slices.Concat(Codes(), rules.Codes()) {
		fmt.Fprintf(&page, "| `%s` | %s |\n", c.Code, cell(c.Doc))
	}
	return page.String()
}

const referenceHead = `# Labels

*Made from the tables in discovery/labels by ` + "`go test ./discovery/labels -update`" + `; edit those.*

Labels stand at the service (` + "`deploy.labels`" + ` of a stack file), not at the container. Names are case-sensitive. Those
marked * may also stand in a segment, ` + "`traefik.<segment>.*`" + `, which has a route of its own: a service with segments has
one route for each, and its other labels are their defaults.

A boolean is one of 1 t T TRUE true True 0 f F FALSE false False. A list is separated by commas. A duration has its unit:
10s, 1m30s, 100ms. An empty text is none. A text may have the escapes of a TOML string (a backslash twice for one); where
that makes no sense it is taken as it is written. Quotes around a value are removed, with a warning.

A label that can't be used harms its own setting or route and is told as a diagnostic; all others are served. So is one
whose name is nearly one of these: in another case, with a space at an end, with a typing mistake, with a colon where the
= belongs, or at the container. It has no effect, as in Traefik 1.x, but its author hears of it. The value of what may
hold a password is never shown. [rules.md](rules.md) is about ` + "`traefik.frontend.rule`" + `.
`

func writeServed(page *strings.Builder, d *dialect) {
	page.WriteString("| label | value | meaning | default | bad value |\n|---|---|---|---|---|\n")
	for _, r := range d.rows {
		if r.state == served {
			fmt.Fprintf(page, "| %s | %s | %s | %s | %s |\n", r.title(d), r.set.kind, cell(r.help), cell(r.byDefault), cell(r.bad))
		}
	}
}

func writeUnserved(page *strings.Builder, s state) {
	page.WriteString("| label | meaning |\n|---|---|\n")
	for _, r := range traefik1.rows {
		if r.state == s {
			fmt.Fprintf(page, "| %s | %s |\n", r.title(&traefik1), cell(r.help))
		}
	}
}

// title is a row's label as the reference shows it.
func (r *row) title(d *dialect) string {
	switch r.scope {
	case inside:
		return "`" + d.prefix + "<segment>." + r.name + "`"
	case anywhere:
		return "`" + d.prefix + r.name + "` *"
	}
	return "`" + d.prefix + r.name + "`"
}

// cell keeps a text from ending a table's cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
