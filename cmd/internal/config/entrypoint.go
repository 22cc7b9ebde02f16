package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/rules"
)

// An entryText is an entry point as its author wrote it, by option: "Name:http Address::80 compress:true", or a table of a
// TOML file. What the texts mean is entryOptions' to say.
type entryText struct {
	values   map[*entryOption][]string
	warnings []string
	unsafe   error // a misspelled lock
}

func newEntryText() *entryText { return &entryText{values: map[*entryOption][]string{}} }

// readEntryText reads the syntax of Traefik 1.x: options between white space, each cut at its first colon, names without
// case, lists at commas. Of an option that is repeated the last one counts.
func readEntryText(text string) *entryText {
	t := newEntryText()
	for word := range strings.FieldsSeq(unquote(text)) {
		key, value, _ := strings.Cut(word, ":")
		o := entryOptionOf(key)
		if o == nil {
			t.unknown(key)
			continue
		}
		t.values[o] = o.split(value)
	}
	return t
}

// String writes the entry point back, so that it reads as the same.
func (t *entryText) String() string {
	var words []string
	for i := range entryOptions {
		o := &entryOptions[i]
		values, given := t.values[o]
		switch {
		case !given:
		case o.kind == "section" && len(values) == 0:
			words = append(words, o.name)
		case o.kind == "pairs":
			words = append(words, o.name+":"+strings.Join(values, ";"))
		default:
			words = append(words, o.name+":"+strings.Join(values, ","))
		}
	}
	return strings.Join(words, " ")
}

func (t *entryText) unknown(key string) {
	near, ok := rules.Nearest(key, entryOptionNames())
	t.misspelled(fmt.Sprintf("option %q", key), key, near, ok)
}

// misspelled tells of a key that is not known. Without its effect an entry point would be open that was meant to be shut, if
// the key is like one that shuts.
func (t *entryText) misspelled(where, key, near string, ok bool) {
	text := where + " is not known and has no effect"
	if ok {
		text = where + " is not known; did you mean " + near + "?"
	}
	if protects(key) || ok && protects(near) {
		t.unsafe = errors.Join(t.unsafe, errors.New(text))
		return
	}
	t.warnings = append(t.warnings, text)
}

// protects says whether an option keeps somebody out.
func protects(key string) bool {
	family, _, _ := strings.Cut(strings.ToLower(key), ".")
	return slices.Contains([]string{"auth", "whitelist", "whitelistsourcerange", "tls", "ca", "redirect"}, family)
}

// parse makes of the texts what the proxy is to do.
func (t *entryText) parse() (proxy.EntryPointOptions, error) {
	b := &entryBuilder{EntryPointOptions: proxy.EntryPointOptions{TrustAll: true}}
	for i := range entryOptions {
		o := &entryOptions[i]
		values, given := t.values[o]
		if !given {
			continue
		}
		if err := o.set(b, values); err != nil {
			return b.EntryPointOptions, fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return b.finish()
}

// parseEntryPoint reads an entry point whole. Its errors and warnings tell which one it is of, but not by its text, in which
// there may be secrets.
func parseEntryPoint(text string) (proxy.EntryPointOptions, []string, error) {
	return readEntryText(text).check()
}

func (t *entryText) check() (proxy.EntryPointOptions, []string, error) {
	e, err := t.parse()
	if err == nil {
		err = checkAddress(&e)
	}
	if t.unsafe != nil {
		err = t.unsafe // which may be why something else is missing
	}
	if err != nil {
		// What is missing may well stand there in another spelling, which a warning has just named.
		return e, nil, errors.Join(append([]error{fmt.Errorf("entry point %q: %w", e.Name, err)}, asErrors(t.warnings)...)...)
	}
	var warnings []string
	for _, w := range append(t.warnings, t.doubts()...) {
		warnings = append(warnings, fmt.Sprintf("entry point %q: %s", e.Name, w))
	}
	return e, warnings, nil
}

// doubts tells of values that mean something else than they look like: bools that are none, and users that can't come in.
func (t *entryText) doubts() (texts []string) {
	for i := range entryOptions {
		o := &entryOptions[i]
		values, given := t.values[o]
		switch value := strings.Join(values, ","); {
		case !given:
		case o.kind == "bool" || o.kind == "section" && value != "":
			if !on(value) && !off(value) {
				texts = append(texts, fmt.Sprintf("option %s: %q is neither true nor false, so false holds", o.name, value))
			}
		case o.name == "TLS.MinVersion":
			texts = append(texts, weakVersion(o.name, value)...)
		case o.name == "TLS.CipherSuites":
			texts = append(texts, weakSuites(o.name, values)...)
		case o.name == "Auth.Basic.Users":
			texts = append(texts, t.lockedOut(o.name, values)...)
		}
	}
	return texts
}

// lockedOut tells of users whom no password lets in, without naming them.
func (t *entryText) lockedOut(option string, users []string) (texts []string) {
	for i, line := range users {
		if _, err := rules.ParseBasicUser(line); err != nil {
			texts = append(texts, fmt.Sprintf("option %s: user %d of %d can't come in: %v", option, i+1, len(users), err))
		}
	}
	if len(users) == 0 && len(t.values[entryOptionOf("Auth.Basic.UsersFile")]) == 0 {
		texts = append(texts, "option "+option+" is empty, so that nobody can come in")
	}
	return texts
}

func asErrors(texts []string) []error {
	var all []error
	for _, text := range texts {
		all = append(all, errors.New(text))
	}
	return all
}

func checkAddress(e *proxy.EntryPointOptions) error {
	if e.Name == "" {
		return errors.New("it has no name; write Name:http Address::80")
	}
	_, port, err := net.SplitHostPort(e.Address)
	if err != nil {
		return fmt.Errorf("address %q: give a port, as in Address::80", e.Address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && port != "0" {
		return fmt.Errorf("%q is no port: they go from 1 to 65535", port)
	}
	return nil
}

// checkEntryPoint finds what cannot be served, or not without harm. What protects stops the router rather than
// being left out.
func checkEntryPoint(e *proxy.EntryPointOptions, existing []string) error {
	if e.TLS != nil && (e.TLS.Default.Cert == "") != (e.TLS.Default.Key == "") {
		return fmt.Errorf("entry point %q: TLS.DefaultCertificate has a Cert and a Key, not one of them alone", e.Name)
	}
	for _, f := range e.Filters {
		to, ok := f.(rules.RedirectEntryPoint)
		if !ok || slices.ContainsFunc(existing, func(name string) bool { return strings.EqualFold(name, to.Name) }) {
			continue
		}
		return fmt.Errorf("entry point %q: Redirect.EntryPoint: %s", e.Name, noEntryPoint(to.Name, existing))
	}
	return nil
}

// noEntryPoint says that there is none of a name, and which was meant.
func noEntryPoint(name string, existing []string) string {
	near, ok := rules.Nearest(name, existing)
	if !ok {
		near = existing[0]
	}
	return fmt.Sprintf("there is no entry point %q; did you mean %s?", name, near)
}

// on is how an entry point spells true.
func on(value string) bool {
	switch strings.ToLower(value) {
	case "true", "on", "enable":
		return true
	}
	return false
}

func off(value string) bool {
	return slices.Contains([]string{"", "false", "off", "disable", "no", "0"}, strings.ToLower(value))
}

// unquote removes one pair of quotes around a value: in a YAML list they arrive as they stand.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
