package proxy

import (
	"net"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
)

var _ middleware.Router = (*Proxy)(nil)

// EntryPoint implements middleware.Router.
func (p *Proxy) EntryPoint(name string) (scheme, port string, ok bool) {
	for _, e := range p.entries {
		if strings.EqualFold(e.options.Name, name) {
			_, port, err := net.SplitHostPort(e.options.Address)
			return "http", port, err == nil
		}
	}
	return "", "", false
}

// Fetch implements middleware.Router.
func (p *Proxy) Fetch(v *middleware.Visit, service string, q *message.Request) (*message.Response, *message.Failure) {
	return nil, &message.Failure{Side: message.Router, Step: message.NoPlace, Err: errNoEndpoint}
}
