package explain

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
)

// What filters find around them here: the entry points, and an exchange in which nothing is sent.

// An EntryPoint is a listener, as far as it matters to a request.
type EntryPoint struct {
	Name       string
	Address    string         // as in ":80"
	Filters    []rules.Filter // in the order in which they see a request
	TrustAll   bool           // X-Forwarded fields of every client are believed
	TrustedIPs []netip.Prefix // else of these
	TLS        bool
}

// EntryPoints are the router's.
func EntryPoints(all []proxy.EntryPointOptions) (list []EntryPoint) {
	for _, e := range all {
		list = append(list, EntryPoint{e.Name, e.Address, e.InOrder(), e.TrustAll, e.TrustedIPs, e.TLS != nil})
	}
	return list
}

// trusts reports whether a client is believed. One that is not known is taken for whoever is in front of the router, if
// anybody is believed there.
func (e EntryPoint) trusts(client netip.Addr) bool {
	if e.TrustAll || !client.IsValid() && len(e.TrustedIPs) > 0 {
		return true
	}
	client = client.Unmap().WithZone("")
	return slices.ContainsFunc(e.TrustedIPs, func(p netip.Prefix) bool { return p.Contains(client) })
}

// EntryPoint implements middleware.Router as the proxy does.
func (j *judge) EntryPoint(name string) (scheme, port string, ok bool) {
	for _, e := range j.world.EntryPoints {
		if strings.EqualFold(e.Name, name) {
			_, port, err := net.SplitHostPort(e.Address)
			if e.TLS {
				return "https", port, err == nil
			}
			return "http", port, err == nil
		}
	}
	return "", "", false
}

var errNothingSent = errors.New("nothing is sent to explain a request")

// Fetch implements middleware.Router.
func (j *judge) Fetch(*middleware.Visit, string, *message.Request) (*message.Response, *message.Failure) {
	return nil, &message.Failure{Side: message.Router, Step: message.NoPlace, Err: errNothingSent}
}

// Again implements middleware.Router.
func (j *judge) Again(*middleware.Visit) (*message.Response, *message.Failure) {
	return j.Fetch(nil, "", nil)
}

// An exchange is a request that nobody has sent.
type exchange struct{ q *message.Request }

func (e exchange) Request() *message.Request { return e.q }

func (e exchange) Context() context.Context { return context.Background() }

func (e exchange) Inform(*message.Response) error { return errNothingSent }

func (e exchange) Send(*message.Response) (int64, *message.Failure) {
	return 0, &message.Failure{Side: message.Router, Step: message.NoPlace, Err: errNothingSent}
}

func (e exchange) Upgrade(*message.Response) (io.ReadWriteCloser, error) { return nil, errNothingSent }
