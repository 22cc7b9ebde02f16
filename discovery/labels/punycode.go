package labels

import (
	"strings"

	"golang.org/x/net/idna"
)

// punycode is a rule with its hosts as clients ask for them, "xn--mnchen-3ya.de" for "münchen.de"; "" when a host has
// no such form, or has braces, in which there is no telling.
func punycode(rule string) string {
	parts := strings.Split(rule, ";")
	for i, part := range parts {
		function, args, _ := strings.Cut(part, ":")
		if strings.TrimSpace(function) != "Host" {
			continue
		}
		hosts := strings.Split(args, ",")
		for i, host := range hosts {
			ascii, err := idna.Lookup.ToASCII(strings.TrimSpace(host))
			if err != nil {
				return ""
			}
			hosts[i] = ascii
		}
		parts[i] = function + ":" + strings.Join(hosts, ",")
	}
	return strings.Join(parts, ";")
}
