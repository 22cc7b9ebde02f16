package admin

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/appia-edge/appia/proxy/certs"
)

// certificate is one that is served, or one that could not be had.
type certificate struct {
	Origin      string     `json:"origin"` // a file, "a PEM text", "provider"
	Names       []string   `json:"names"`
	Issuer      string     `json:"issuer,omitempty"`
	Serial      string     `json:"serial,omitempty"`
	EntryPoints []string   `json:"entryPoints"`
	NotBefore   *time.Time `json:"notBefore,omitempty"`
	NotAfter    *time.Time `json:"notAfter,omitempty"`
	Staple      string     `json:"staple,omitempty"`  // what its OCSP server says
	Problem     string     `json:"problem,omitempty"` // why it, or its replacement, cannot be used
}

// certificates tells of all of them, what ends first before the rest.
func (s *Server) certificates(w http.ResponseWriter, _ *http.Request) {
	all := []certificate{}
	if s.options.Certificates != nil {
		for _, c := range s.options.Certificates() {
			all = append(all, told(c))
		}
	}
	slices.SortStableFunc(all, func(a, b certificate) int {
		return cmp.Or(ends(a).Compare(ends(b)), cmp.Compare(a.Origin, b.Origin))
	})
	answerJSON(w, all)
}

func told(c certs.Status) certificate {
	as := certificate{
		Origin: c.Origin, Names: append([]string{}, c.Names...), Issuer: c.Issuer, Serial: c.Serial,
		EntryPoints: append([]string{}, c.EntryPoints...), Staple: c.Staple, Problem: c.Problem,
	}
	if !c.NotAfter.IsZero() {
		as.NotBefore, as.NotAfter = &c.NotBefore, &c.NotAfter
	}
	return as
}

func ends(c certificate) time.Time {
	if c.NotAfter == nil {
		return time.Time{}
	}
	return *c.NotAfter
}
