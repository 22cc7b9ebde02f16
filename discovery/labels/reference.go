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
	page.WriteString(referenceHead3)
	writeRows3(&page)
	page.WriteString("\n## Misspelled protections: the route is not served\n\n" +
		"These are no labels, but their author meant to keep somebody out, and without them the route would be open to anybody. " +
		"So is any\nlabel taken that is nearest to one that protects, or has a word like `auth`, `whitelist`, `users` or `redirect` in its name, or a password's hash\nin its value. Hosts that are allowed, redirects and what is passed of a client's certificate count as protections too.\nThe route answers 503, lest a wider one take its requests; so does one whose protection can't be read. So does a route\nbeside a lock whose prefix is broken or missing, as `traefik_frontend_auth_basic_users` or `auth.basic.users` with a hash.\n\n")
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
= belongs, or at the container. It has no effect, as in Traefik 1.x, but its author hears of it; of more than a hundred
mistakes of one kind on a service, the others are only counted. The value of what may hold a password is never shown. [rules.md](rules.md) is about ` + "`traefik.frontend.rule`" + `.
`

const referenceHead3 = `
## Labels of Traefik 2 and 3

They may stand beside those above, at the same service even. Options are read in any case of letters, names of routers, services
and middlewares as they are written. A router may use a middleware, and lead to a service, that any service's labels declare;
` + "`name@swarm` and `name@docker`" + ` are the same as ` + "`name`" + `. Of two middlewares of one name the older service's counts, and both
authors are told; services of one name share their endpoints. A service without a router has one with the default rule; a
service with these labels and no port or rule of 1.x has no route of 1.x. Lists are ` + "`a,b`" + ` or ` + "`option[0]=a`, `option[1]=b`" + `.
A duration may also be a number of seconds.

A router whose middleware is missing, or has an option that is unknown or can't be used, is not served: what it keeps out must
not come in. It answers 503. So do a router with middlewares and no rule, and one with a rule beside it, when their names are nearly the
same or the second has no middlewares: a slip made two of one. Nor is a route open whose lock is in the other
dialect: routers beside a lock of 1.x that has no port or rule for a route of its own answer 503, and so do routes of 1.x beside
a router that has middlewares and leads to no service. ` + "`traefik.enable`, `traefik.tags`, `traefik.docker.network`" + ` and the labels of Appia count for both dialects;
` + "`traefik.swarm.network`" + ` is another spelling, and ` + "`traefik.swarm.lbswarm` (or `docker`)" + ` makes one endpoint of the service's
virtual address. ` + "`traefik.tcp.*`" + ` is about whole connections, see [tcp.md](tcp.md); ` + "`traefik.udp.*`" + ` and ` + "`traefik.tls.*`" + ` have no effect.

`

func writeRows3(page *strings.Builder) {
	page.WriteString("| label | value | meaning | default | bad value |\n|---|---|---|---|---|\n")
	rows := slices.Concat(rows3, rowsTCP)
	for _, r := range rows {
		if r.state == served {
			fmt.Fprintf(page, "| `%s` | %s | %s | %s | %s |\n", labelOf(r.name), r.kind, cell(r.help), cell(r.byDefault), cell(r.bad))
		}
	}
	page.WriteString("\nAccepted, and told:\n\n| label | what becomes of it |\n|---|---|\n")
	for _, r := range rows {
		if r.state != served {
			fmt.Fprintf(page, "| `%s` | %s |\n", labelOf(r.name), cell(r.told()))
		}
	}
}

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
