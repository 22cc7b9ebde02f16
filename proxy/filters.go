package proxy

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
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

// entryChain makes an entry point's filters, in the order in which Traefik 1.x runs them.
func (p *Proxy) entryChain(o EntryPointOptions) (*middleware.Chain, error) {
	filters := slices.Clone(o.Filters)
	slices.SortStableFunc(filters, func(a, b rules.Filter) int { return cmp.Compare(entryRank(a), entryRank(b)) })
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
