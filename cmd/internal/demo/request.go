package demo

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// A request is one that a route takes, as a person would try it.
type request struct {
	method  string // "": GET
	host    string
	path    string // decoded
	query   string // as it is sent
	headers []rules.Pair
}

// requestFor finds a request that leads to a route. It guesses from the rule's text and asks the table whether the guess is
// right, so that no line is printed that does not work. Rules are written in many ways: it may find none.
func requestFor(t *rules.Table, r *rules.Route, entryPoint, host string) (request, bool) {
	for _, word := range []string{"any", "v1", "1", "a"} {
		for _, tail := range []string{"/hello", ""} {
			guess := guessed(r.Rule.Text, word, tail)
			if guess.host == "" {
				guess.host = host
			}
			found := t.Match(entryPoint, guess.asked())
			if found.Route != nil && !found.Redirect && found.Route.Service == r.Service && found.Route.Rule.Text == r.Rule.Text {
				return guess, true
			}
		}
	}
	return request{}, false
}

// guessed takes the first argument of each part of a rule, a word for each {place} in it, and a tail where paths may go on.
func guessed(rule, word, tail string) request {
	r := request{path: "/"}
	for part := range strings.SplitSeq(rule, ";") {
		name, list, _ := strings.Cut(strings.TrimSpace(part), ":")
		args := strings.Split(list, ",")
		for i := range args {
			args[i] = filled(strings.TrimSpace(args[i]), word)
		}
		switch name := strings.TrimSpace(name); {
		case name == "Host" || name == "HostRegexp":
			r.host = args[0]
		case strings.HasPrefix(name, "PathPrefix"):
			r.path = strings.TrimSuffix(args[0], "/") + tail
		case strings.HasPrefix(name, "Path"):
			r.path = args[0]
		case name == "Method":
			r.method = strings.ToUpper(args[0])
		case name == "Headers" && len(args) > 1:
			r.headers = append(r.headers, rules.Pair{Name: args[0], Value: args[1]})
		case name == "Query":
			for i, arg := range args {
				key, value, _ := strings.Cut(arg, "=")
				args[i] = url.QueryEscape(key) + "=" + url.QueryEscape(value)
			}
			r.query = strings.Join(args, "&")
		}
	}
	if r.path == "" {
		r.path = "/"
	}
	return r
}

var place = regexp.MustCompile(`\{[^{}]*\}`)

// filled puts a word into the places of a template: the first of the alternatives if there are some, as in {x:(www|blog)}.
func filled(template, word string) string {
	return place.ReplaceAllStringFunc(template, func(place string) string {
		_, pattern, _ := strings.Cut(strings.Trim(place, "{}"), ":")
		first, _, several := strings.Cut(strings.Trim(pattern, "()"), "|")
		if several && regexp.QuoteMeta(first) == first {
			return first
		}
		return word
	})
}

// asked is the request as the table is asked about it.
func (r request) asked() *rules.Query {
	header := fields{}
	for _, h := range r.headers {
		http.Header(header).Add(h.Name, h.Value)
	}
	method := r.method
	if method == "" {
		method = http.MethodGet
	}
	return &rules.Query{Method: method, Host: r.host, Path: r.path, RawQuery: r.query, Header: header}
}

type fields http.Header

// Value is the n-th of a field's values.
func (f fields) Value(name string, n int) (string, bool) {
	values := http.Header(f).Values(name)
	if n >= len(values) {
		return "", false
	}
	return values[n], true
}

// repeatable says whether a request may be sent twice.
func (r request) repeatable() bool {
	return r.method != http.MethodPost && r.method != http.MethodPatch
}

// url is where to send the request, base being "http://127.0.0.1:8000".
func (r request) url(base string) string {
	text := base + (&url.URL{Path: r.path}).EscapedPath()
	if r.query != "" {
		text += "?" + r.query
	}
	return text
}

// curl is the request as a line for a shell.
func (r request) curl(base string) string {
	words := []string{"curl"}
	switch r.method {
	case "", http.MethodGet:
	case http.MethodHead:
		words = append(words, "-I")
	default:
		words = append(words, "-X", quoted(r.method))
	}
	if base != "http://"+r.host {
		words = append(words, "-H", "'Host: "+strings.ReplaceAll(r.host, "'", `'\''`)+"'")
	}
	for _, h := range r.headers {
		words = append(words, "-H", "'"+strings.ReplaceAll(h.Name+": "+h.Value, "'", `'\''`)+"'")
	}
	return strings.Join(append(words, quoted(r.url(base))), " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=%+,@-]+$`)

// quoted is a word that a shell leaves as it is.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
