package labels

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A teller tells about an option.
type teller func(e entry, severity rules.Severity, code, message, suggestion string)

// options3 are the options of one element of Traefik 3, asked by their names in lower case. Options of a middleware are
// strict: one that cannot be read spoils it, for a lock half closed is open.
type options3 struct {
	tell    teller
	at      string // the label's name before the option's
	options map[string]entry
	strict  bool
	spoiled bool
}

func (o *options3) bad(e entry, code, message, suggestion string) {
	if o.strict {
		o.spoiled = true
		o.tell(e, rules.Error, code, message+", so the middleware can't be used", suggestion)
		return
	}
	o.tell(e, rules.Warning, code, message+", so the default holds", suggestion)
}

func (o *options3) has(name string) bool { _, ok := o.options[name]; return ok }

// under says whether any option's name begins so.
func (o *options3) under(start string) bool {
	for name := range o.options {
		if name == strings.TrimSuffix(start, ".") || strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}

// beneath tells whether there is an option that begins like this.
func (o *options3) beneath(start string) bool {
	for name := range o.options {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}

func (o *options3) text(name string) string { return o.options[name].value }

func (o *options3) boolean(name string, usual bool) bool {
	e, ok := o.options[name]
	if !ok {
		return usual
	}
	value, err := strconv.ParseBool(e.value)
	if err != nil {
		o.bad(e, BadBoolean, "not a boolean", meantBool(e.value))
		return usual
	}
	return value
}

// number is a whole number in a range.
func (o *options3) number(name string, usual, least, most int64) int64 {
	e, ok := o.options[name]
	if !ok {
		return usual
	}
	value, err := strconv.ParseInt(e.value, 10, 64)
	if err != nil || value < least || value > most {
		o.bad(e, BadNumber, fmt.Sprintf("not a whole number from %d to %d", least, most), meantNumber(e.value))
		return usual
	}
	return value
}

// period is a duration with its unit, or seconds.
func (o *options3) period(name string, usual time.Duration) time.Duration {
	e, ok := o.options[name]
	if !ok {
		return usual
	}
	value, err := time.ParseDuration(e.value)
	if seconds, whole := strconv.ParseInt(e.value, 10, 32); whole == nil {
		value, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || value < 0 {
		o.bad(e, BadDuration, "not a duration", meantDuration(e.value))
		return usual
	}
	return value
}

// list is a text with commas, or options with numbers in brackets.
func (o *options3) list(name string) (items []string) {
	for item := range strings.SplitSeq(o.text(name), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	for _, n := range o.indexes(name) {
		if item := o.text(fmt.Sprintf("%s[%d]", name, n)); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// indexes are the numbers in brackets behind a name, in order.
func (o *options3) indexes(name string) (numbers []int) {
	for option := range o.options {
		rest, ok := strings.CutPrefix(option, name+"[")
		number, _, closed := strings.Cut(rest, "]")
		n, err := strconv.Atoi(number)
		if ok && closed && err == nil && n >= 0 && strconv.Itoa(n) == number && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// table is the options below a name, by their last word.
func (o *options3) table(name string) (pairs []rules.Pair) {
	for option, e := range o.options {
		if key, ok := strings.CutPrefix(option, name+"."); ok {
			written := e.name[len(e.name)-len(key):]
			pairs = append(pairs, rules.Pair{Name: written, Value: e.value})
		}
	}
	slices.SortFunc(pairs, func(a, b rules.Pair) int { return strings.Compare(a.Name, b.Name) })
	return pairs
}

func (o *options3) regexp(name string) *regexp.Regexp {
	e, ok := o.options[name]
	if !ok || e.value == "" {
		return nil
	}
	re, err := rules.CompileRegexp(e.value)
	if err != nil {
		o.bad(e, rules.BadRegexp, err.Error(), "")
	}
	return re
}

func (o *options3) networks(name string) (all []netip.Prefix) {
	for _, item := range o.list(name) {
		prefix, err := netip.ParsePrefix(item)
		if addr, single := netip.ParseAddr(item); single == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			o.bad(o.first(name), rules.BadClientIP, fmt.Sprintf("%q is neither an address nor a network", item), "")
			continue
		}
		all = append(all, prefix.Masked())
	}
	return all
}

// first is the option of a name, or the first of its numbered ones.
func (o *options3) first(name string) entry {
	if e, ok := o.options[name]; ok {
		return e
	}
	for _, n := range o.indexes(name) {
		if e, ok := o.options[fmt.Sprintf("%s[%d]", name, n)]; ok {
			return e
		}
	}
	return entry{name: o.at + name}
}

// checkNames tells of options that have no row, and of those that are read by nobody.
func (o *options3) checkNames(family string, spent *guesses) {
	for _, name := range slices.Sorted(maps.Keys(o.options)) {
		e := o.options[name]
		if e.value != e.written {
			o.tell(e, rules.Warning, rules.StrayQuotes, "quotes around the value are not part of it and were removed", "")
		}
		row := row3Of(family, name)
		switch {
		case row == nil:
			o.unknown(e, family, name, spent)
		case row.state == lock:
			o.bad(e, LabelNotServed, row.help+", which is not served", "")
		case row.state == idle:
			o.tell(e, rules.Info, IdleLabel, row.help, "")
		case row.state == lacking:
			o.tell(e, rules.Warning, LabelNotServed, row.told(), "")
		}
	}
}

func (o *options3) unknown(e entry, family, name string, spent *guesses) {
	message, severity := "no label of this name is known, so it is ignored", rules.Warning
	if o.strict {
		message, severity = "no label of this name is known, and what it was to do is not done", rules.Error
		o.spoiled = true
	}
	suggestion := ""
	if spent.another() {
		if near, ok := rules.Nearest(name, names3Of(family)); ok {
			suggestion = o.at + near
		}
	}
	o.tell(e, severity, UnknownLabel, message, suggestion)
}
