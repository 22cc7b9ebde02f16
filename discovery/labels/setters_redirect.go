package labels

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/appia-edge/appia/rules"
)

// frontend.redirect.*: to another entry point, or to what a replacement makes of the URL.

// redirection is what the labels of this family have said.
type redirection struct {
	entryPoint  entry
	regex       entry
	replacement entry
	permanent   bool
}

// redirectFilters is one redirect at most; an entry point counts before a regexp.
func (d *draft) redirectFilters() []rules.Filter {
	r := &d.redirect
	switch {
	case r.entryPoint.value != "":
		if r.regex.value != "" {
			d.warn(r.regex, WithoutEffect, "no effect beside traefik.frontend.redirect.entryPoint, as in Traefik 1.x", "")
		}
		return []rules.Filter{rules.RedirectEntryPoint{Name: r.entryPoint.value, Permanent: r.permanent}}
	case r.regex.value != "" && r.replacement.value != "":
		return d.regexRedirect()
	}
	if r.regex.value != "" {
		d.warn(r.regex, WithoutEffect, "no effect without traefik.frontend.redirect.replacement", "")
	}
	if r.replacement.value != "" {
		d.warn(r.replacement, WithoutEffect, "no effect without traefik.frontend.redirect.regex", "")
	}
	if e, ok := d.given("frontend.redirect.permanent"); ok && r.regex.value+r.replacement.value == "" {
		d.warn(e, WithoutEffect, "no effect without a redirect", "")
	}
	return nil
}

func (d *draft) regexRedirect() []rules.Filter {
	r := &d.redirect
	re, err := compileRegexp(r.regex.value)
	if err != nil {
		d.refuse(r.regex, BadRedirect, fmt.Sprintf("not a regexp (%v), so the route is not served", err), "")
		return nil
	}
	if _, err := rules.ParseReplacement(r.replacement.value); err != nil {
		d.refuse(r.replacement, BadRedirect, err.Error()+", so the route is not served", "")
		return nil
	}
	return []rules.Filter{rules.Redirect{Regexp: re, Replacement: r.replacement.value, Permanent: r.permanent}}
}

// maxRegexp bounds what a label may have us compile, in bytes. RE2 takes time in proportion to its program, and a program
// grows with its text by a thousand at most.
const maxRegexp = 4096

func compileRegexp(text string) (*regexp.Regexp, error) {
	if len(text) > maxRegexp {
		return nil, errors.New("longer than 4096 bytes")
	}
	return regexp.Compile(text)
}
