// Package dns has challenges answered in the DNS (RFC 8555, 8.4), by the providers of lego, whose names and environment variables
// are those of Traefik 1.x.
package dns

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/providers/dns/cloudflare"
	"github.com/go-acme/lego/v5/providers/dns/digitalocean"
	"github.com/go-acme/lego/v5/providers/dns/dnsupdate"
	"github.com/go-acme/lego/v5/providers/dns/httpreq"
	"github.com/go-acme/lego/v5/providers/dns/route53"
	"github.com/mholt/acmez/v3/acme"
)

// A provider puts records of a kind into a zone that it serves, and takes them out.
type provider interface {
	Present(ctx context.Context, name, value string) error
	CleanUp(ctx context.Context, name, value string) error
}

// providers are made from environment variables, as each of them says in lego's documentation.
var providers = map[string]func() (challenge.Provider, error){
	"cloudflare":   func() (challenge.Provider, error) { return cloudflare.NewDNSProvider() },
	"digitalocean": func() (challenge.Provider, error) { return digitalocean.NewDNSProvider() },
	"httpreq":      func() (challenge.Provider, error) { return httpreq.NewDNSProvider() },
	"rfc2136":      func() (challenge.Provider, error) { return dnsupdate.NewDNSProvider() },
	"route53":      func() (challenge.Provider, error) { return route53.NewDNSProvider() },
}

// own are those that we speak with ourselves.
var own = map[string]func() (provider, error){
	"alidns": func() (provider, error) { return newAliDNS(os.Getenv, os.ReadFile) },
}

// Names are the providers there are.
func Names() (names []string) {
	for name := range own {
		names = append(names, name)
	}
	for name := range providers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Options say how challenges are answered.
type Options struct {
	Provider  string
	Delay     time.Duration // before the record is looked for
	Resolvers []string      // "host:port" of who is asked whether the record is there; none: the system's
	NoCheck   bool          // do not wait until the record is seen
}

// A Solver puts a challenge's record into the DNS, waits until it is seen, and takes it out again. It is a solver of acmez.
type Solver struct {
	lego     challenge.Provider // nil: own
	own      provider
	options  Options
	resolver *net.Resolver
}

// New makes a solver. A provider that is not known, or whose environment lacks something, is an error that says so.
func New(o Options) (*Solver, error) {
	s := &Solver{options: o, resolver: resolver(o.Resolvers)}
	name := strings.ToLower(o.Provider)
	var err error
	switch {
	case own[name] != nil:
		s.own, err = own[name]()
	case providers[name] != nil:
		s.lego, err = providers[name]()
	default:
		err = fmt.Errorf("there is no DNS provider %q: %s", o.Provider, strings.Join(Names(), ", "))
	}
	return s, err
}

func resolver(servers []string) *net.Resolver {
	if len(servers) == 0 {
		return net.DefaultResolver
	}
	turn := 0
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		server := servers[turn%len(servers)]
		turn++
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(server, "53")
		}
		return new(net.Dialer).DialContext(ctx, network, server)
	}}
}

// Present implements acmez.Solver.
func (s *Solver) Present(ctx context.Context, c acme.Challenge) error {
	if s.own != nil {
		return s.own.Present(ctx, c.DNS01TXTRecordName(), c.DNS01KeyAuthorization())
	}
	return s.lego.Present(ctx, c.Identifier.Value, c.Token, c.KeyAuthorization)
}

// CleanUp implements acmez.Solver.
func (s *Solver) CleanUp(ctx context.Context, c acme.Challenge) error {
	if s.own != nil {
		return s.own.CleanUp(ctx, c.DNS01TXTRecordName(), c.DNS01KeyAuthorization())
	}
	return s.lego.CleanUp(ctx, c.Identifier.Value, c.Token, c.KeyAuthorization)
}

// Wait implements acmez.Waiter.
func (s *Solver) Wait(ctx context.Context, c acme.Challenge) error {
	if !pass(ctx, s.options.Delay) {
		return ctx.Err()
	}
	if s.options.NoCheck {
		return nil
	}
	within, interval := time.Minute, 2*time.Second
	if p, tells := s.lego.(challenge.ProviderTimeout); tells {
		within, interval = p.Timeout()
	}
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		found, err := s.resolver.LookupTXT(bounded, c.DNS01TXTRecordName())
		if slices.Contains(found, c.DNS01KeyAuthorization()) {
			return nil
		}
		if !pass(bounded, interval) {
			return fmt.Errorf("the record of %s is not seen in the DNS after %v (%q, %v)", c.Identifier.Value, within, found, err)
		}
	}
}

// pass lets time pass. False: ctx has ended.
func pass(ctx context.Context, while time.Duration) bool {
	timer := time.NewTimer(while)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
