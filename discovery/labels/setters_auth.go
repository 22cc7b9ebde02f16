package labels

import (
	"errors"
	"fmt"
	"net/netip"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// What keeps people out: frontend.auth.* and frontend.whiteList.*. A guard that cannot be read closes its route.

// guards is what the labels of these families have said.
type guards struct {
	basic       rules.BasicAuth
	basicUsers  []string // of auth.basic.users
	oldUsers    []string // of auth.basic, which counts before them
	digest      rules.DigestAuth
	forward     rules.ForwardAuth
	tls         rules.ClientTLS
	headerField string
	ranges      []string // of whiteList.sourceRange
	oldRanges   []string // of whitelistSourceRange, for want of others
	anyElement  bool
}

// authFilters is the one authentication that counts: of several kinds basic, else digest, else forward.
func (d *draft) authFilters() []rules.Filter {
	basic, hasBasic := d.givenUnder("frontend.auth.basic")
	digest, hasDigest := d.givenUnder("frontend.auth.digest.")
	forward, hasForward := d.givenUnder("frontend.auth.forward.")
	if hasBasic && (hasDigest || hasForward) {
		d.warnOutdone("basic", digest, forward)
	}
	switch {
	case hasBasic:
		return []rules.Filter{d.basicAuth(basic)}
	case hasDigest && hasForward:
		d.warnOutdone("digest", forward)
		fallthrough
	case hasDigest:
		return []rules.Filter{d.digestAuth(digest)}
	case hasForward:
		return []rules.Filter{d.forwardAuth(forward)}
	}
	if e, ok := d.given("frontend.auth.headerField"); ok {
		d.warn(e, WithoutEffect, "no effect without authentication, which this label alone is not", "")
	}
	return nil
}

// warnOutdone tells of kinds of authentication that another one is in front of.
func (d *draft) warnOutdone(winner string, others ...entry) {
	for _, e := range others {
		if e.name != "" {
			d.warn(e, WithoutEffect, "no effect beside auth."+winner+": a route has one kind of authentication, as in Traefik 1.x", "")
		}
	}
}

func (d *draft) basicAuth(e entry) rules.Filter {
	f := d.guards.basic
	f.HeaderField = d.guards.headerField
	from, lines := "frontend.auth.basic", d.guards.oldUsers
	if len(lines) == 0 {
		from, lines = "frontend.auth.basic.users", d.guards.basicUsers
	}
	if users, ok := d.given(from); ok {
		e = users
	}
	f.Users = d.readUsers(e, lines, f.UsersFile, rules.ParseBasicUser)
	return f
}

func (d *draft) digestAuth(e entry) rules.Filter {
	f := d.guards.digest
	f.HeaderField = d.guards.headerField
	if users, ok := d.given("frontend.auth.digest.users"); ok {
		e = users
	}
	f.Users = d.readUsers(e, f.Users, f.UsersFile, func(line string) (rules.User, error) {
		user, err := rules.ParseDigestUser(line)
		if err == nil && user.Realm != "traefik" {
			err = errRealm
		}
		return user, err
	})
	return f
}

var errRealm = errors.New("its realm is not traefik, which clients are asked for, so no password fits")

// readUsers tells what is wrong with users. A line that is none closes the route, as in Traefik 1.7, and so does a lock that
// nobody has a key to; beside others, a hash that cannot be read shuts out its own user alone.
func (d *draft) readUsers(e entry, lines []string, file string, parse func(string) (rules.User, error)) []string {
	var bad []string
	for i, line := range lines {
		user, err := parse(line)
		if err == nil {
			continue
		}
		what := fmt.Sprintf("user %d of %d: %v", i+1, len(lines), err)
		if user.Name == "" {
			d.refuse(e, BadUser, what+"; the route is not served", "")
			return nil
		}
		bad = append(bad, what)
	}
	switch {
	case len(lines) == 0 && file == "":
		d.refuse(e, MissingOption, "there are neither users nor a file of them; as nobody could come in, the route is not served", "")
	case len(bad) == len(lines) && file == "":
		d.refuse(e, BadUser, strings.Join(bad, "; ")+"; as nobody could come in, the route is not served", "")
	case len(bad) > 0:
		d.warn(e, BadUser, strings.Join(bad, "; ")+"; nobody comes in by that name", "")
	}
	return lines
}

func (d *draft) forwardAuth(e entry) rules.Filter {
	f := d.guards.forward
	if address, ok := d.given("frontend.auth.forward.address"); ok {
		if !webAddress(f.Address) {
			d.refuse(address, BadAddress, "not an http or https URL, so nobody can be asked for permission and the route is not served", meantAddress(f.Address))
		}
	} else {
		d.refuse(e, BadAddress, "no permission can be asked for without traefik.frontend.auth.forward.address, so the route is not served", "")
	}
	if d.guards.headerField != "" {
		d.warn(d.labels["traefik.frontend.auth.headerField"], WithoutEffect, "no effect with auth.forward: the permission server names the user itself, in a field of auth.forward.authResponseHeaders", "")
	}
	f.TLS = d.clientTLS()
	return f
}

func setHeaderField(d *draft, e entry) {
	if !isToken(e.value) || slices.Contains(framingFields, textproto.CanonicalMIMEHeaderKey(e.value)) {
		d.warn(e, BadField, "no name of a field that can be set, so no field is sent", "")
		return
	}
	d.guards.headerField = textproto.CanonicalMIMEHeaderKey(e.value)
}

// clientTLS is nil without any label of it.
func (d *draft) clientTLS() *rules.ClientTLS {
	e, ok := d.givenUnder("frontend.auth.forward.tls.")
	if !ok {
		return nil
	}
	t := d.guards.tls
	if (t.Cert == "") != (t.Key == "") {
		d.refuse(e, BadTLS, "a client certificate needs both tls.cert and tls.key, so the route is not served", "")
	}
	return &t
}

func webAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func meantAddress(text string) string {
	if meant := "http://" + strings.TrimSpace(text); !strings.ContainsAny(text, "@?") && !strings.Contains(text, "://") && webAddress(meant) {
		return meant
	}
	return ""
}

// whiteListFilters is the list of either spelling; the newer one counts.
func (d *draft) whiteListFilters() []rules.Filter {
	e, ok := d.given("frontend.whiteList.sourceRange")
	texts, anyElement := d.guards.ranges, d.guards.anyElement
	if old, has := d.given("frontend.whitelistSourceRange"); has && len(texts) == 0 {
		e, ok, texts, anyElement = old, true, d.guards.oldRanges, false
	}
	if !ok {
		if d.guards.anyElement {
			e, _ := d.given("frontend.whiteList.useXForwardedFor")
			d.refuse(e, BadRange, "there is no traefik.frontend.whiteList.sourceRange, so the route is not served, lest it be open to anybody", "")
		}
		return nil
	}
	return []rules.Filter{rules.AllowList{Ranges: d.readRanges(e, texts), AnyForwarded: anyElement}}
}

func (d *draft) readRanges(e entry, texts []string) (ranges []netip.Prefix) {
	for _, text := range texts {
		prefix, err := parseRange(text)
		if err != nil {
			d.refuse(e, BadRange, fmt.Sprintf("%q is no address and no range such as 10.0.0.0/8, so the route is not served, lest it be open to anybody", text), meantRange(text, texts))
			return nil
		}
		ranges = append(ranges, prefix)
	}
	if len(ranges) == 0 {
		d.refuse(e, BadRange, "the list is empty, so the route is not served, lest it be open to anybody", "")
	}
	return ranges
}

// parseRange reads an address, or a range of which it takes the network.
func parseRange(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		ip = ip.Unmap().WithZone("")
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if ip := prefix.Addr(); ip.Is4In6() {
		if prefix.Bits() < 96 {
			return netip.Prefix{}, errors.New("more than all of IPv4")
		}
		prefix = netip.PrefixFrom(ip.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}

// meantRange mends a list that was separated by something else than commas.
func meantRange(text string, texts []string) string {
	words := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ';' || c == '|' })
	if len(texts) != 1 || len(words) < 2 || slices.ContainsFunc(words, func(w string) bool { _, err := parseRange(w); return err != nil }) {
		return ""
	}
	return strings.Join(words, ",")
}

// emptyLock reports whether a label that guards has no value, as when a variable of its stack file is not set. A boolean has a
// default, but one of a lock, as auth.basic.removeHeader, says that there is to be one.
func (e *entry) emptyLock() bool {
	return e.value == "" && e.row.guards && (e.row.set.kind != "boolean" || strings.HasPrefix(e.row.name, "frontend.auth."))
}

// shutEmpty closes a route whose lock is empty, if there is no other of its kind. Traefik 1.x served it open.
func (d *draft) shutEmpty(filters []rules.Filter) {
	for _, name := range d.names {
		e := d.labels[name]
		if !e.emptyLock() {
			continue
		}
		rank := rankHeaders
		switch _, kind, _ := strings.Cut(strings.ToLower(e.row.name), "frontend."); {
		case strings.HasPrefix(kind, "auth."):
			rank = rankAuth
		case strings.HasPrefix(kind, "whitelist"):
			rank = rankWhiteList
		case strings.HasPrefix(kind, "redirect."):
			rank = rankRedirect
		}
		if rank != rankHeaders && slices.ContainsFunc(filters, func(f rules.Filter) bool { return rankOf(f) == rank }) {
			d.warn(e, WithoutEffect, "an empty value has no effect", "")
			continue
		}
		d.refuse(e, ProtectionNotServed, "an empty value protects nothing, so the route is not served, lest it be open to anybody; without the label it would be", "")
	}
}
