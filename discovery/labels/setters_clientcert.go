package labels

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// frontend.passTLSClientCert.*: what the endpoint hears of the client's certificate.

// certFilters is nil without any of the labels. One that says false still has the client's own fields removed.
func (d *draft) certFilters() []rules.Filter {
	if _, ok := d.givenUnder("frontend.passTLSClientCert."); !ok {
		return nil
	}
	return []rules.Filter{d.cert}
}

var nameParts = []string{"country", "province", "locality", "organization", "commonName", "serialNumber", "domainComponent"}

// namePart is a boolean whose label's last word says which part of a name it is about.
func namePart(at func(*draft) *[]string) setter {
	return setter{"boolean", func(d *draft, e entry) {
		part := e.name[strings.LastIndexByte(e.name, '.')+1:]
		if !slices.Contains(nameParts, part) {
			meant, _ := rules.Nearest(part, nameParts)
			d.warn(e, BadChoice, "names have no such part, so it is ignored", strings.TrimSuffix(e.name, part)+cmp.Or(meant, "<part>"))
			return
		}
		on, err := strconv.ParseBool(e.value)
		if err != nil {
			d.warn(e, BadBoolean, "not a boolean, so false holds", meantBool(e.value))
			return
		}
		if on {
			*at(d) = append(*at(d), part)
		}
	}}
}

// setPassTLSCert takes note of what needs certificates at the entry point.
func setPassTLSCert(d *draft, e entry) {
	if on, err := strconv.ParseBool(e.value); err != nil || on {
		d.warn(e, WithoutEffect, "Traefik 1.x showed the entry point's certificates to endpoints as its own; Appia shows none, so it has no effect", "")
	}
}
