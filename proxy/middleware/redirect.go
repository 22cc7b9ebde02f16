package middleware

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A redirect sends clients elsewhere, but those who would come back to where they are: to them it does nothing.
type redirect struct {
	to        func(v *Visit) string // "": nowhere
	permanent bool
}

// Request implements Asker.
func (r redirect) Request(v *Visit) *message.Response {
	location := r.to(v)
	if location == "" || location == originalURL(v) {
		return nil
	}
	v.Refused = RefusedRedirect
	target, err := url.Parse(location)
	if err != nil {
		v.Failure = &message.Failure{Side: message.Router, Step: message.Sending, Err: err}
		return Answer(http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError))
	}
	return moved(redirectStatus(v.Exchange.Request().Method, r.permanent), target.String())
}

// moved is a redirect's answer.
func moved(status int, location string) *message.Response {
	r := Answer(status, http.StatusText(status))
	r.Fields.Add("Location", location)
	return r
}

// redirectStatus keeps the method of all requests but GET, which the older statuses let clients forget.
func redirectStatus(method string, permanent bool) int {
	switch {
	case method == http.MethodGet && permanent:
		return http.StatusMovedPermanently
	case method == http.MethodGet:
		return http.StatusFound
	case permanent:
		return http.StatusPermanentRedirect
	}
	return http.StatusTemporaryRedirect
}

func newRedirect(f rules.Redirect) (redirect, error) {
	pieces, err := rules.ParseReplacement(f.Replacement)
	if err != nil {
		return redirect{}, err
	}
	return redirect{func(v *Visit) string { return replaced(v, f.Regexp, pieces) }, f.Permanent}, nil
}

// replaced is what a regexp and a replacement make of the client's URL, or "" where the regexp does not match. What stands
// before and after the match stays.
func replaced(v *Visit, re *regexp.Regexp, pieces []rules.ReplacementPiece) string {
	from := originalURL(v)
	matches := re.FindAllStringSubmatchIndex(from, -1)
	if len(matches) == 0 {
		return ""
	}
	var to []byte
	last := 0
	for _, match := range matches {
		to = append(to, from[last:match[0]]...)
		for _, piece := range pieces {
			if piece.Field == "" {
				to = re.ExpandString(to, piece.Text, from, match)
				continue
			}
			to = append(to, fieldOf(v.Exchange.Request(), piece)...)
		}
		last = match[1]
	}
	return string(append(to, from[last:]...))
}

// fieldOf is what a template in a replacement asks for.
func fieldOf(q *message.Request, piece rules.ReplacementPiece) string {
	switch piece.Field {
	case rules.FieldHost:
		return q.Host
	case rules.FieldMethod:
		return q.Method
	}
	return q.Fields.Get(piece.Text)
}

func newRedirectScheme(f rules.RedirectScheme) redirect {
	return redirect{func(v *Visit) string {
		q := v.Exchange.Request()
		return f.Scheme + "://" + withPort(hostname(q.Host), f.Scheme, f.Port) + originalURI(v)
	}, f.Permanent}
}

// newRedirectEntryPoint leaves out a port that the scheme has anyway, where Traefik 1.x spelled it out: behind a published
// port clients would come back with another URL each time, and be redirected for ever.
func newRedirectEntryPoint(f rules.RedirectEntryPoint) redirect {
	return redirect{func(v *Visit) string {
		scheme, port, ok := v.Router.EntryPoint(f.Name)
		if !ok || strings.EqualFold(f.Name, v.Entry) {
			return ""
		}
		q := v.Exchange.Request()
		return scheme + "://" + withPort(hostname(q.Host), scheme, port) + originalURI(v)
	}, f.Permanent}
}
