package labels

import (
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A setter parses a label's value and puts it into a draft. A value that can't be parsed is told and leaves
// the draft as it was, with the default.
type setter struct {
	kind  string // for the reference: "boolean"
	apply func(*draft, entry)
}

// boolean accepts exactly what Traefik 1.7 does: the spellings of strconv.ParseBool.
func boolean(at func(*draft) *bool) setter {
	return setter{"boolean", func(d *draft, e entry) {
		value, err := strconv.ParseBool(e.value)
		if err != nil {
			d.warn(e, BadBoolean, fmt.Sprintf("not a boolean, so %t holds", *at(d)), meantBool(e.value))
			return
		}
		*at(d) = value
	}}
}

func meantBool(value string) string {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "true", "1", "t", "y", "yes", "on", "enable", "enabled":
		return "true"
	case "false", "0", "f", "n", "no", "off", "disable", "disabled":
		return "false"
	}
	return ""
}

// anyNumber is number for what has a limit of its own: one that no integer can hold is beyond that too.
func anyNumber(set func(*draft, entry, int64)) setter {
	plain := number(set)
	return setter{plain.kind, func(d *draft, e entry) {
		if value, err := strconv.ParseInt(e.value, 10, 64); errors.Is(err, strconv.ErrRange) {
			set(d, e, value) // the greatest or least there is
			return
		}
		plain.apply(d, e)
	}}
}

// number accepts an optional sign and decimal digits.
func number(set func(*draft, entry, int64)) setter {
	return setter{"number", func(d *draft, e entry) {
		value, err := strconv.ParseInt(e.value, 10, 64)
		if err != nil {
			d.warn(e, BadNumber, "not a whole number, so it is ignored", meantNumber(e.value))
			return
		}
		set(d, e, value)
	}}
}

func meantNumber(value string) string {
	trimmed := strings.TrimSpace(value)
	if _, err := strconv.ParseInt(trimmed, 10, 64); err != nil {
		return ""
	}
	return trimmed
}

// text hands on any value but the empty one, which counts as none.
func text(set func(*draft, entry)) setter {
	return setter{"text", func(d *draft, e entry) {
		e.value = unescape(e.value)
		if e.value != "" {
			set(d, e)
		}
	}}
}

// list is split at commas; items are trimmed, empty ones dropped.
func list(at func(*draft) *[]string) setter {
	return setter{"list", func(d *draft, e entry) {
		for item := range strings.SplitSeq(unescape(e.value), ",") {
			if item = strings.TrimSpace(item); item != "" {
				*at(d) = append(*at(d), item)
			}
		}
	}}
}

// pairs are NAME:value items between "||", names in canonical form; of two for one name the last counts.
func pairs(at func(*draft) *[]rules.Pair) setter {
	return setter{"pairs", func(d *draft, e entry) {
		for item := range strings.SplitSeq(unescape(e.value), "||") {
			name, value, ok := strings.Cut(item, ":")
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			switch {
			case ok && name != "":
				setPair(at(d), rules.Pair{Name: textproto.CanonicalMIMEHeaderKey(name), Value: value})
			case strings.TrimSpace(item) != "":
				d.warn(e, BadPair, "an item is not a name, a colon and a value, so it is left out", "")
			}
		}
	}}
}

func setPair(list *[]rules.Pair, pair rules.Pair) {
	i := slices.IndexFunc(*list, func(p rules.Pair) bool { return p.Name == pair.Name })
	if i < 0 {
		*list = append(*list, pair)
		return
	}
	(*list)[i] = pair
}

// period is a Go duration above zero, and no shorter than what a machine can keep up with.
func period(at func(*draft) *time.Duration) setter {
	return setter{"duration", func(d *draft, e entry) {
		value, err := time.ParseDuration(e.value)
		if err != nil || value <= 0 {
			d.warn(e, BadDuration, fmt.Sprintf("not a duration above zero, so %s holds", *at(d)), meantDuration(e.value))
			return
		}
		if value < shortest {
			d.warn(e, BadDuration, fmt.Sprintf("below %s, which counts instead", shortest), shortest.String())
		}
		*at(d) = max(value, shortest)
	}}
}

const shortest = 10 * time.Millisecond

// meantDuration adds the unit that is missing: Traefik 1.x itself reads bare numbers as seconds, elsewhere.
func meantDuration(value string) string {
	closed := strings.ReplaceAll(value, " ", "")
	for _, meant := range []string{closed, closed + "s"} {
		if d, err := time.ParseDuration(meant); err == nil && d > 0 {
			return meant
		}
	}
	return ""
}

// unquote removes one pair of quotes around a value. In a label nothing needs quotes; they are left over
// from a YAML list item such as - traefik.port="80".
func unquote(value string) (inner string, had bool) {
	if len(value) < 2 || value[0] != '"' && value[0] != '\'' {
		return value, false
	}
	inner, closed := strings.CutSuffix(value[1:], value[:1])
	if !closed || strings.Contains(inner, value[:1]) {
		return value, false
	}
	return inner, true
}
