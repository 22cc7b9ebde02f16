package rules

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// A Filter is one thing that a route does to its requests or to their answers beside routing: a lock, a limit, a
// rewriting. It is a plain value, one of the structs in filters.go, in which nothing can fail to parse any more; what runs
// is made of it by proxy/middleware. Fields tagged `secret` are never shown, of those tagged
// `secret:"userinfo"` only what stands before an @ or behind a ?, and those tagged `untold` are no part of what the filter does.
type Filter interface{ filter() }

// Kind is a filter's word in texts, "basic-auth" for BasicAuth.
func Kind(f Filter) string {
	var b strings.Builder
	name := reflect.TypeOf(f).Name()
	for i, c := range name {
		if unicode.IsUpper(c) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// FilterText is a filter on one line, as logs and pages may show it: "basic-auth users=(not shown)#1c0f".
func FilterText(f Filter) string { return spellFilter(f, hide) }

// FilterKey is equal for filters that do the same. It holds secrets and is for maps, not for eyes.
func FilterKey(f Filter) string { return spellFilter(f, func(s string) string { return s }) }

// SameFilters says whether two chains do the same in the same order.
func SameFilters(a, b []Filter) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if FilterKey(a[i]) != FilterKey(b[i]) {
			return false
		}
	}
	return true
}

// filtersText is a chain as part of a route's line.
func filtersText(filters []Filter) string {
	var b strings.Builder
	for _, f := range filters {
		b.WriteString(" | " + FilterText(f))
	}
	return b.String()
}

// filtersKey orders chains and tells them apart.
func filtersKey(filters []Filter) string {
	var b strings.Builder
	for _, f := range filters {
		b.WriteString(FilterKey(f) + "\n")
	}
	return b.String()
}

// spellFilter writes the fields that are set, by reflection: a filter added is a filter printed.
func spellFilter(f Filter, secret func(string) string) string {
	return Kind(f) + spellFields(reflect.ValueOf(f), secret)
}

func spellFields(v reflect.Value, secret func(string) string) string {
	var b strings.Builder
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		_, untold := field.Tag.Lookup("untold")
		if value.IsZero() || !field.IsExported() || untold {
			continue
		}
		text := spellValue(value, secret)
		switch tag, hidden := field.Tag.Lookup("secret"); {
		case tag == "userinfo":
			text = hideInURL(text, secret)
		case hidden:
			text = secret(text)
		}
		fmt.Fprintf(&b, " %s=%s", spelled(field.Name), plain(text))
	}
	return b.String()
}

// spelled is a field's name as a text has it: "sslRedirect", "pem".
func spelled(name string) string {
	capitals := 0
	for capitals < len(name) && unicode.IsUpper(rune(name[capitals])) {
		capitals++
	}
	if capitals > 1 && capitals < len(name) && name[capitals:] != "s" {
		capitals-- // the last begins the next word
	}
	return strings.ToLower(name[:capitals]) + name[capitals:]
}

// hideInURL hides a name and a password in a URL, and its query, in which keys are sent.
func hideInURL(text string, secret func(string) string) string {
	address, _, _ := strings.Cut(text, "?")
	return hideUserinfo(address, secret) + hideQuery(text[len(address):], secret)
}

// hideQuery hides the query of a URL or a path.
func hideQuery(text string, secret func(string) string) string {
	path, query, asks := strings.Cut(text, "?")
	if !asks {
		return text
	}
	return path + "?" + secret(query)
}

func hideUserinfo(text string, secret func(string) string) string {
	scheme, rest, _ := strings.Cut(text, "://")
	userinfo, rest, found := strings.Cut(rest, "@")
	if !found || strings.Contains(userinfo, "/") {
		return text
	}
	return scheme + "://" + secret(userinfo) + "@" + rest
}

// spellValue follows slices and structs, and lets what knows its text say it.
func spellValue(v reflect.Value, secret func(string) string) string {
	if s, ok := v.Interface().(fmt.Stringer); ok {
		return s.String()
	}
	switch v.Kind() {
	case reflect.Pointer:
		return spellValue(v.Elem(), secret)
	case reflect.Struct:
		return "{" + strings.TrimSpace(spellFields(v, secret)) + "}"
	case reflect.Slice:
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = spellValue(v.Index(i), secret)
		}
		return "[" + strings.Join(texts, " ") + "]"
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	}
	return fmt.Sprint(v.Interface())
}
