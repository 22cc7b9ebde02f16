package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
)

// What filters may ask is asked of the visit that they see.
var _ middleware.Router = (*visit)(nil)

// EntryPoint implements middleware.Router.
func (v *visit) EntryPoint(name string) (scheme, port string, ok bool) {
	return v.entry.proxy.EntryPoint(name)
}

// EntryPoint tells an entry point's scheme and port.
func (p *Proxy) EntryPoint(name string) (scheme, port string, ok bool) {
	for _, e := range p.entries {
		if strings.EqualFold(e.options.Name, name) {
			_, port, err := net.SplitHostPort(e.options.Address)
			if e.options.TLS != nil {
				return "https", port, err == nil
			}
			return "http", port, err == nil
		}
	}
	return "", "", false
}

// Fetch implements middleware.Router: a request of our own in the client's place, on the same way as the client's.
func (v *visit) Fetch(_ *middleware.Visit, service string, q *message.Request) (*message.Response, *message.Failure) {
	if v.view == nil { // an entry point's filters run before there is a route
		v.view = v.entry.proxy.view.Load()
	}
	s := v.view.table.Service(service)
	if s == nil {
		return nil, &message.Failure{Side: message.Router, Step: message.NoPlace, Err: errNoEndpoint}
	}
	return v.aside(s, &errand{request: q, context: v.exchange.Context()}).fetch()
}

// entryChain makes an entry point's filters, in the order in which Traefik 1.x runs them.
func (p *Proxy) entryChain(o EntryPointOptions) (*middleware.Chain, error) {
	filters := o.InOrder()
	for _, f := range filters {
		if to, ok := f.(rules.RedirectEntryPoint); ok && !p.has(to.Name) {
			return nil, fmt.Errorf("entry point %s redirects to entry point %q, which does not exist", o.Name, to.Name)
		}
	}
	chain, err := p.filters.EntryPoint(o.Name, filters)
	if err != nil {
		return nil, fmt.Errorf("entry point %s: %w", o.Name, err)
	}
	return chain, nil
}

// InOrder is the entry point's filters as a request meets them.
func (o EntryPointOptions) InOrder() []rules.Filter {
	filters := slices.Clone(o.Filters)
	slices.SortStableFunc(filters, func(a, b rules.Filter) int { return cmp.Compare(entryRank(a), entryRank(b)) })
	return filters
}

// entryRank is a filter's turn at an entry point: redirects, authentication, compression, white list, anything else.
func entryRank(f rules.Filter) int {
	switch f.(type) {
	case rules.Redirect, rules.RedirectScheme, rules.RedirectEntryPoint:
		return 0
	case rules.BasicAuth, rules.DigestAuth, rules.ForwardAuth:
		return 1
	case rules.Compress:
		return 2
	case rules.AllowList:
		return 3
	}
	return 4
}

func (p *Proxy) has(entryPoint string) bool {
	return slices.ContainsFunc(p.options.EntryPoints, func(o EntryPointOptions) bool { return strings.EqualFold(o.Name, entryPoint) })
}

// unusable is why the proxy must not listen.
func (p *Proxy) unusable() error {
	for _, e := range p.entries {
		if e.unusable != nil {
			return e.unusable
		}
	}
	return nil
}

// Again implements middleware.Router.
func (v *visit) Again(_ *middleware.Visit) (*message.Response, *message.Failure) {
	q := v.exchange.Request()
	if v.engaged {
		v.endpoint.End()
		v.engaged = false
	}
	v.filtered.Forwarded = false
	if !v.entered && !v.enter(q) {
		return tooMany(v.service.MaxConn.Amount), nil
	}
	if !v.prepared {
		v.prepare(q)
	}
	response, fail := v.forward()
	if v.full {
		return tooMany(v.service.MaxConn.Amount), nil
	}
	v.cause = fail
	if fail != nil {
		return nil, fail
	}
	if response.Upgraded != nil {
		response.Upgraded.Close()
		v.cause = &message.Failure{Side: message.Router, Step: message.Waiting, Err: errUpgraded}
		return nil, v.cause
	}
	cleanResponse(&response.Fields)
	v.filtered.Forwarded = true
	return response, nil
}

var errUpgraded = errors.New("the endpoint switches protocols where an answer was wanted")
