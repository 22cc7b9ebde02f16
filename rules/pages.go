package rules

import (
	"fmt"
	"slices"
	"strings"
)

// resolvePages is a route's filters with the services of its error pages found. A page that nobody makes is left out: the
// route is served all the same.
func (c *compiler) resolvePages(r *Route) []Filter {
	filters := r.Filters
	for i := len(filters) - 1; i >= 0; i-- {
		page, ok := filters[i].(ErrorPage)
		if !ok || c.services[page.Service] != nil {
			continue
		}
		filters = slices.Clone(filters)
		if c.meantPage(&page) {
			filters[i] = page
			continue
		}
		filters = slices.Delete(filters, i, i+1)
		c.tell(r.Owner, Diagnostic{
			Label: page.Label, Value: page.Service, Code: UnknownPage, Severity: Error, Suggestion: c.nearestPage(page.Service),
			Message: fmt.Sprintf("%s is made by service %s, which nobody offers; there is no page", page.called(), page.Service) +
				inSegment(r.Segment, page.Label),
		})
	}
	return filters
}

// called is a page as its author knows it.
func (p ErrorPage) called() string { return strings.TrimSpace("error page " + p.Name) }

// meantPage finds a service whose name was written with its backend- where Traefik 1.x wants it without.
func (c *compiler) meantPage(page *ErrorPage) bool {
	const prefix = "backend-"
	name, ok := strings.CutPrefix(page.Service, prefix)
	if !ok || !strings.HasPrefix(name, prefix) || c.services[name] == nil {
		return false
	}
	page.Service = name
	return true
}

func (c *compiler) nearestPage(name string) string {
	return strings.TrimPrefix(c.nearestService(name), "backend-")
}
