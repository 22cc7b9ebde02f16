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
