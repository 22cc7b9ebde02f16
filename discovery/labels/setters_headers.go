package labels

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// frontend.headers.*: fields that are set, and what hardens a site.

// headerFilters is nil when no label of them has an effect.
func (d *draft) headerFilters() []rules.Filter {
	if d.headers.SSLForceHost && d.headers.SSLHost == "" {
		d.idle("traefik.frontend.headers.SSLForceHost", "traefik.frontend.headers.SSLHost")
	}
	if h := d.headers; h.STSSeconds == 0 && (h.STSIncludeSubdomains || h.STSPreload || h.ForceSTSHeader) {
		d.idle("traefik.frontend.headers.STS", "traefik.frontend.headers.STSSeconds")
		d.idle("traefik.frontend.headers.forceSTSHeader", "traefik.frontend.headers.STSSeconds")
	}
	if reflect.ValueOf(d.headers).IsZero() {
		return nil
	}
	return []rules.Filter{d.headers}
}

// fieldPairs are pairs that name header fields which may be set.
func fieldPairs(at func(*draft) *[]rules.Pair) setter {
	plain := pairs(at)
	return setter{plain.kind, func(d *draft, e entry) {
		plain.apply(d, e)
		*at(d) = slices.DeleteFunc(*at(d), func(p rules.Pair) bool {
			why := unsettable(p)
			if why != "" {
				d.warn(e, BadPair, fmt.Sprintf("%s %s, so it is left out", fieldName(p.Name), why), "")
			}
			return why != ""
		})
	}}
}

// unsettable is why a field is not for labels to set, or "".
func unsettable(p rules.Pair) string {
	switch {
	case !isToken(p.Name):
		return "is no name of a field"
	case strings.ContainsFunc(p.Value, control):
		return "has a value with a line break or another control character"
	case p.Name == "Host":
		return "can't be changed this way, in Traefik 1.x as here"
	case slices.Contains(framingFields, p.Name):
		return "tells where a message ends or is for one connection, and is the router's own"
	}
	return ""
}

// fieldName is a name as a message may show it: what holds a value too is not shown.
func fieldName(name string) string {
	if isToken(name) {
		return name
	}
	return "an item"
}

var framingFields = []string{"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}

func control(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }

// fieldValue is a text that becomes a field's value.
func fieldValue(at func(*draft) *string) setter {
	return text(func(d *draft, e entry) {
		if strings.ContainsFunc(e.value, control) {
			d.warn(e, BadField, "the value holds a line break or another control character, so no field is sent", "")
			return
		}
		*at(d) = e.value
	})
}

func setSTSSeconds(d *draft, e entry, n int64) {
	if n < 0 {
		d.warn(e, BadNumber, "below 0, so no Strict-Transport-Security is sent", "")
		return
	}
	d.headers.STSSeconds = n
}
