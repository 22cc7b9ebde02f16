package rules

import (
	"net/textproto"
	"strings"
)

// Method:get,post holds for one of the methods.
func (r *reader) method(args []string) {
	var methods anyOf
	for _, arg := range args {
		methods = append(methods, methodIs(strings.ToUpper(arg)))
	}
	r.when = append(r.when, methods)
}

// Headers:name,value,name,value holds when every field has the value, or any value where the value is empty.
func (r *reader) headers(args []string) {
	if !r.even("Headers", args) {
		return
	}
	for i := 0; i < len(args); i += 2 {
		r.when = append(r.when, newHeaderIs(args[i], args[i+1]))
	}
}

// HeadersRegexp:name,regexp holds when every field has a value in which its regexp matches.
func (r *reader) headersRegexp(args []string) {
	if !r.even("HeadersRegexp", args) {
		return
	}
	for i := 0; i < len(args); i += 2 {
		re, err := compileRegexp(args[i+1])
		if err != nil {
			r.fail(regexpCode(err), "", "HeadersRegexp: %v", err)
			return
		}
		r.when = append(r.when, headerLike{textproto.CanonicalMIMEHeaderKey(args[i]), re})
	}
}

func (r *reader) even(name string, args []string) bool {
	if len(args)%2 != 0 {
		r.fail(OddHeaders, "", "%s takes pairs of a name and a value, and has %d arguments", name, len(args))
		return false
	}
	return true
}

// Query:name=value,name=value holds when the first value of every parameter is as its template says.
func (r *reader) query(args []string) {
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if !found || strings.Contains(value, "=") {
			r.fail(BadQuery, "", "an argument of Query is name=value; %q is not", arg)
			return
		}
		q, err := newQueryIs(name, value)
		if err != nil {
			r.fail(regexpCode(err), "", "Query %q: %v", arg, err)
			return
		}
		r.when = append(r.when, q)
	}
}
