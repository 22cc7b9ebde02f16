package explain

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// gets is what the client gets, in a sentence.
func (a *Answer) gets() string {
	text := a.end()
	if a.page != "" {
		text += ", with the error page of " + a.page
	}
	var unless []string
	for _, s := range a.Steps {
		switch {
		case s.Outcome != depends:
		case s.Status == 0:
			unless = append(unless, s.kind()+" answers")
		default:
			unless = append(unless, fmt.Sprintf("%s answers %d", s.kind(), s.Status))
		}
	}
	if len(unless) > 0 {
		text += ", unless " + strings.Join(unless, " or ")
	}
	return text
}

// end is the answer, if nothing that depends on more than the request gets in its way.
func (a *Answer) end() string {
	for _, s := range a.Steps {
		if s.Outcome == answers {
			return a.status() + ", by " + s.by() + because(s.Why)
		}
	}
	switch {
	case a.Route == "":
		return "404 Not Found: no route matches" + a.instead()
	case a.Location != "":
		return a.status() + ": the path's trailing slash is wrong"
	case a.Status == http.StatusNotFound:
		return "404 Not Found: nothing of the path could be stripped"
	case len(a.Services) == 0:
		return "what the service answers"
	}
	last := a.Services[len(a.Services)-1]
	if last.Next == "" {
		return "503 Service Unavailable: nobody could answer"
	}
	return "what " + last.Next + " answers"
}

func (s Step) kind() string {
	kind, _, _ := strings.Cut(s.Filter, " ")
	return kind
}

func (s Step) by() string {
	if s.EntryPoint != "" {
		return s.kind() + " of entry point " + s.EntryPoint
	}
	return s.kind()
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// status is the answer's, with where it sends the client.
func (a *Answer) status() string {
	text := fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
	if a.Location != "" {
		text += " to " + a.Location
	}
	return text
}

// instead is what was probably meant where no route matches.
func (a *Answer) instead() string {
	for _, r := range a.Routes {
		if r.Outcome == "refused" {
			return ", but one would that is not served, of " + r.Owner
		}
	}
	if a.MeantHost != "" {
		return "; the host that comes nearest is " + a.MeantHost
	}
	return ""
}

// noteOrigin tells what is assumed of where the request comes from, where it may matter to filters.
func (a *Answer) noteOrigin(e EntryPoint, r Request, u *url.URL) {
	if len(a.Steps) == 0 {
		return
	}
	believed := e.trusts(r.Client)
	switch {
	case u.Scheme == "https" && !e.TLS && believed:
		a.Notes = append(a.Notes, "entry point "+e.Name+" speaks no TLS: somebody in front of it is taken to say X-Forwarded-Proto: https")
	case u.Scheme == "https" && !e.TLS:
		a.Notes = append(a.Notes, "entry point "+e.Name+" speaks no TLS and believes no X-Forwarded-Proto of this client: to filters the request came by http")
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") && !believed {
			a.Notes = append(a.Notes, "entry point "+e.Name+" does not believe X-Forwarded fields of this client")
			return
		}
	}
}
