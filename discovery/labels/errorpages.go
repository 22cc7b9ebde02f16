package labels

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// Error pages are sets of three labels. A set that makes no page is told and left out; its route is served, without the page.

// A pageSet is the labels of one page.
type pageSet struct {
	name                   string
	status, backend, query entry
}

// pagePart is a setter of one of a page's labels, which make sense together only.
func pagePart(at func(*pageSet) *entry) setter {
	return text(func(d *draft, e entry) {
		name := word(e)
		if d.pages == nil {
			d.pages = map[string]*pageSet{}
		}
		if d.pages[name] == nil {
			d.pages[name] = &pageSet{name: name}
		}
		*at(d.pages[name]) = e
	})
}

// errorPages adds the filters. Where two pages are for one status, the first by name counts: it is the last filter, which is
// the first to see an answer.
func (d *draft) errorPages() {
	names := slices.Sorted(maps.Keys(d.pages))
	slices.Reverse(names)
	for _, name := range names {
		if page, ok := d.errorPage(d.pages[name]); ok {
			d.addFilter(rankErrors, page)
		}
	}
}

func (d *draft) errorPage(s *pageSet) (page rules.ErrorPage, ok bool) {
	for _, part := range []struct {
		label string
		entry entry
	}{{"status", s.status}, {"backend", s.backend}} {
		if part.entry.value == "" {
			d.warn(firstOf(s.status, s.backend, s.query), WithoutEffect, "there is no page without its "+part.label,
				"traefik.frontend.errors."+s.name+"."+part.label)
			return page, false
		}
	}
	page = rules.ErrorPage{Name: s.name, Query: s.query.value, Label: s.backend.name, Service: "backend-" + rules.Normalize(s.backend.value)}
	if page.Query == "" {
		page.Query = "/"
	}
	d.tellPageService(s.backend)
	var statusOK bool
	page.Status, statusOK = d.statuses(s.status)
	return page, d.checkQuery(s.query) && statusOK
}

func firstOf(entries ...entry) entry {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.name != "" })
	return entries[max(i, 0)]
}

// tellPageService: Traefik 1.x finds a service under its normalised name only, which is hard to guess.
func (d *draft) tellPageService(e entry) {
	if meant := rules.Normalize(e.value); meant != e.value {
		d.tell(rules.Diagnostic{Label: e.name, Value: e.shown(), Code: NotNormalised, Severity: rules.Info, Suggestion: meant,
			Message: "Traefik 1.x would find no service by this name, which it writes as " + meant + "; it is found here"})
	}
}

// statuses reads "404" and "500-599", separated by commas.
func (d *draft) statuses(e entry) (all []rules.StatusRange, ok bool) {
	for item := range strings.SplitSeq(e.value, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(strings.TrimSpace(first))
		to, err2 := strconv.Atoi(strings.TrimSpace(last))
		if err != nil || err2 != nil || from < 100 || to > 999 || from > to {
			d.warn(e, BadStatus, fmt.Sprintf("%q is no status, such as 404, nor a range, such as 500-599; there is no page", item), meantStatuses(e.value))
			return nil, false
		}
		all = append(all, rules.StatusRange{First: from, Last: to})
	}
	if len(all) == 0 {
		d.warn(e, BadStatus, "no status, such as 404, is given; there is no page", "")
	}
	return all, len(all) > 0
}

// meantStatuses writes 5xx as the range that it means.
func meantStatuses(value string) string {
	items := strings.Split(value, ",")
	for i, item := range items {
		item = strings.ToLower(strings.TrimSpace(item))
		if len(item) == 3 && item[1:] == "xx" && '1' <= item[0] && item[0] <= '9' {
			items[i] = item[:1] + "00-" + item[:1] + "99"
		}
	}
	meant := strings.Join(items, ",")
	if meant == value {
		return ""
	}
	return meant
}

// checkQuery refuses what cannot be asked for.
func (d *draft) checkQuery(e entry) bool {
	strange := func(c rune) bool { return c <= ' ' || c > '~' || c == '#' }
	_, err := url.ParseRequestURI("/" + strings.NewReplacer("{status}", "404", "{url}", "").Replace(strings.TrimPrefix(e.value, "/")))
	if err == nil && !strings.ContainsFunc(e.value, strange) {
		return true
	}
	d.warn(e, BadPath, "not a path that can be asked for; there is no page", "")
	return false
}
