package rules

import (
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"
	"unicode"
)

// String is the table as text: a line a route in the order they are tried, those of connections last, then a block a service.
func (t *Table) String() string {
	var b strings.Builder
	for _, r := range t.Routes {
		b.WriteString(r.String())
		b.WriteByte('\n')
	}
	for _, r := range t.TCP {
		b.WriteString(r.String())
		b.WriteByte('\n')
	}
	for _, s := range t.Services {
		b.WriteString("\n" + s.String() + "\n")
		for _, source := range s.Sources {
			if s.Leads() { // its weight is of no use
				b.WriteString("  " + source.Owner.Name + "\n")
				continue
			}
			b.WriteString("  " + source.String() + "\n")
			for _, e := range source.Endpoints {
				b.WriteString("    " + e.String() + "\n")
			}
		}
	}
	return b.String()
}

// String is the route as one line: what it weighs, where, what it asks for, where it leads and whose it is.
func (r *Route) String() string { return r.describe(r.Name + " of ") }

// what is the route without its name.
func (r *Route) what() string { return r.describe("of ") }

func (r *Route) describe(name string) string {
	text := strconv.Itoa(r.Priority) + " " + strings.Join(r.EntryPoints, ",") + r.TCP.text() + " " + plain(r.Rule.Text) +
		" -> " + r.Service.Name + " (" + name + r.Owner.Name + ")"
	if r.Given {
		text += " given-priority"
	}
	if !r.PassHost {
		text += " own-host"
	}
	if r.Shadowed {
		text += " shadowed"
	}
	for _, f := range r.leading {
		text += " | " + FilterText(f)
	}
	return text + filtersText(r.Filters)
}

// plain is text that stays on its line.
func plain(text string) string {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return strconv.Quote(text)
	}
	return text
}

// String is the service with its settings, as one line.
func (s *Service) String() string {
	return "service " + s.Name + s.settings()
}

// settingsText is what a share would have its service be. It is for sorting and never shown: with the headers' values,
// so that every router comes to the same order.
func settingsText(s ServiceSpec) string {
	return spell(s.Balance, s.Sticky, s.Check, s.MaxConn, plain) + s.Presence.String() + s.Transport.String() + spellParts(s.Weighted, s.Mirroring, s.Failover)
}

// settings is the settings as they are shown.
func (s *Service) settings() string {
	return spell(s.Balance, s.Sticky, s.Check, s.MaxConn, hide) + s.Presence.String() + s.Transport.String() + spellParts(s.Weighted, s.Mirroring, s.Failover)
}

func spell(b Balance, sticky *Sticky, check *Check, limit *MaxConn, secret func(string) string) string {
	text := " " + b.String()
	if sticky != nil {
		text += " sticky=" + sticky.String()
	}
	if check != nil {
		text += " check=" + check.spell(secret)
	}
	if limit != nil {
		text += fmt.Sprintf(" maxconn=%d/%s", limit.Amount, limit.Extractor)
	}
	return text
}

// String is " hold=10s slowstart=30s paused", each only where it is said.
func (p Presence) String() string {
	text := ""
	if p.Hold != 0 {
		text += " hold=" + max(p.Hold, 0).String()
	}
	if p.SlowStart > 0 {
		text += " slowstart=" + p.SlowStart.String()
	}
	if p.Paused {
		text += " paused"
	}
	return text
}

// String is "wrr" or "drr".
func (b Balance) String() string {
	if b == DRR {
		return "drr"
	}
	return "wrr"
}

// String is the cookie's name with its attributes.
func (s Sticky) String() string {
	text := s.Cookie
	if s.Secure {
		text += ";secure"
	}
	if s.HTTPOnly {
		text += ";httponly"
	}
	if s.SameSite != "" {
		text += ";samesite=" + s.SameSite
	}
	return text
}

// NotShown stands for a value that may be a password or a token: tables go to logs and to a page that anybody on the
// network may read.
const NotShown = "(not shown)"

// marks is new in every process: a mark that were not could be compared with those of guessed values.
var marks = maphash.MakeSeed()

// hide puts a mark in a value's place, another one for another value, so that a change is still seen to be one. Marks of
// two processes, or of the same after a restart, cannot be compared.
func hide(value string) string {
	return fmt.Sprintf("%s#%08x", NotShown, uint32(maphash.String(marks, value)))
}

// String is the check's address, period and thresholds, without its query and the values of its headers.
func (c Check) String() string { return c.spell(hide) }

func (c Check) spell(secret func(string) string) string {
	text := hideQuery(c.Path, secret)
	if c.Message {
		text += ";ping"
	}
	if c.Scheme != "" {
		text += ";scheme=" + c.Scheme
	}
	if c.Port != 0 {
		text += ";port=" + strconv.Itoa(c.Port)
	}
	if c.Host != "" {
		text += ";host=" + c.Host
	}
	for _, h := range c.Headers {
		text += ";" + h.Name + ":" + secret(h.Value)
	}
	return text + fmt.Sprintf(";every=%s;timeout=%s;rise=%d;fall=%d", c.Interval, c.Timeout, c.Rise, c.Fall)
}

// String is the extractor as a label spells it.
func (e Extractor) String() string {
	switch e.Kind {
	case ByHost:
		return "request.host"
	case ByHeader:
		return "request.header." + e.Header
	}
	text := "client.ip"
	if e.Depth > 0 {
		text += fmt.Sprintf(";depth=%d", e.Depth)
	}
	for _, network := range e.Excluded {
		text += ";not=" + network.String()
	}
	return text
}

// counted is a number with its noun, "1 task".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// String is whose share it is and what it weighs.
func (s Source) String() string { return s.Owner.Name + " " + s.weight() }

func (s Source) weight() string {
	if s.PerService {
		return fmt.Sprintf("weight %d in all", s.Weight)
	}
	return fmt.Sprintf("weight %d a task", s.Weight)
}

// String is the endpoint's address and name.
func (e Endpoint) String() string { return e.URL() + " " + e.Name }
