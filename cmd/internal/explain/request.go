package explain

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A Request is what is asked about. What no client could send is refused at the door.
type Request struct {
	Method     string
	URL        string // a scheme may be left out
	Header     http.Header
	Client     netip.Addr // the zero Addr: not known
	EntryPoint string     // "": the one that has the URL's port, else the first
	All        bool       // every route, whatever its host
	Message    string     // a message of Seneca in place of method and URL; "": it is none
}

func (r Request) parse() (*url.URL, error) {
	if !isToken(r.Method) {
		return nil, fmt.Errorf("%q is no method, as GET is one", r.Method)
	}
	if err := r.checkFields(); err != nil {
		return nil, err
	}
	return parseURL(r.URL)
}

func parseURL(given string) (*url.URL, error) {
	text := given
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no URL: %w", given, err)
	}
	switch port, err := strconv.Atoi(u.Port()); {
	case u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is no URL with a host: write it as in https://api.example.com/v3/user", given)
	case u.Port() != "" && (err != nil || port < 1 || port > 65535), strings.HasSuffix(u.Host, ":"):
		return nil, fmt.Errorf("%q has no port from 1 to 65535", given)
	case u.User != nil:
		return nil, fmt.Errorf("a name and a password stand in -H 'Authorization: …', not in the URL")
	}
	u.Fragment, u.RawFragment = "", "" // no client sends it
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

func (r Request) checkFields() error {
	for name, values := range r.Header {
		if !isToken(name) {
			return fmt.Errorf("%q is no name of a field", name)
		}
		for _, value := range values {
			if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				return fmt.Errorf("the field %s cannot hold %q", name, value)
			}
		}
	}
	if hosts := r.Header["Host"]; len(hosts) > 1 || len(hosts) == 1 && strings.ContainsAny(hosts[0], " \t/@?#\\") {
		return fmt.Errorf("a request has one Host, a name with or without a port; this has %q", hosts)
	}
	return nil
}

// isToken is RFC 9110, 5.6.2.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}
