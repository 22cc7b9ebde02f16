package explain

import (
	"fmt"
	"net/netip"
	"net/url"

	"github.com/appia-edge/appia/rules"
)

// byTCP tells of a TCP route that gets the connection of the request, so that nobody here reads it. It is taken to come without
// ALPN, and an https URL straight to the entry point.
func (a *Answer) byTCP(t *rules.Table, u *url.URL, client netip.Addr) {
	r := t.MatchTCP(a.EntryPoint, &rules.Connection{TLS: u.Scheme == "https", ServerName: u.Hostname(), Client: client})
	if r == nil {
		return
	}
	a.TCP = r.Name
	a.Gets = "what " + r.Service.Name + " says: the whole connection is its"
	if r.Closed() {
		a.Gets = "a connection that is closed: what the labels of its TCP route ask for cannot be made"
	}
	a.Notes = append(a.Notes, fmt.Sprintf("the %s route %s of %s, %s, gets the connection before a request is read on it: all above is what would be without it",
		r.TCP, r.Name, r.Owner.Name, r.Rule.Text))
}
