package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/certs/acme"
)

// ACME is how certificates are had from a CA, in the words of Traefik 1.x.
type ACME struct {
	EntryPoint  string // that serves them
	OnHostRule  bool
	OnDemand    bool
	Domains     [][]string
	Email       string
	CA          string // its directory; "": Let's Encrypt's
	Roots       []string
	KeyType     string
	Storage     string // "swarm", "file:DIR", or an acme.json to import
	Challenge   acme.Challenge
	HTTPAt      string // the entry point of the HTTP challenge
	DNSProvider string
	DNSDelay    time.Duration
	Resolvers   []string
	NoCheck     bool

	byHTTP, byTLS, byDNS bool
}

// SwarmStorage is the storage that all routers share.
const SwarmStorage = "swarm"

// Folder is the directory of a storage in files; "": it is none.
func (a *ACME) Folder() string {
	dir, is := strings.CutPrefix(a.Storage, "file:")
	if !is {
		return ""
	}
	return dir
}

// Import is the file of Traefik's to take certificates from; "": none.
func (a *ACME) Import() string {
	if a.Storage == SwarmStorage || strings.HasPrefix(a.Storage, "file:") {
		return ""
	}
	return a.Storage
}

func acmeOption(set func(*Config, string) error) func(*Config, string) error {
	return section(func(c *Config) *bool { return &c.acmeOn }, set)
}

func acmeText(field func(*ACME) *string) func(*Config, string) error {
	return acmeOption(text(func(c *Config) *string { return field(&c.acme) }))
}

func acmeBool(field func(*ACME) *bool) func(*Config, string) error {
	return acmeOption(boolean(func(c *Config) *bool { return field(&c.acme) }))
}

// acmeDNS makes --acme.dnsChallenge.provider alone ask for the challenge.
func acmeDNS(set func(*Config, string) error) func(*Config, string) error {
	return acmeOption(section(func(c *Config) *bool { return &c.acme.byDNS }, set))
}

// setDomains reads main.com,san1.com,san2.com: one certificate.
func setDomains(c *Config, value string) error {
	var names []string
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return errors.New("name the hosts of a certificate: example.com,www.example.com")
	}
	if c.begins(&c.acme.Domains) {
		c.acme.Domains = nil
	}
	c.acme.Domains = append(c.acme.Domains, names)
	return nil
}

// tomlDomains reads [[acme.domains]], each a table with main and sans.
func tomlDomains(value any, where string) (all []setting) {
	tables, _ := value.([]any)
	for _, t := range tables {
		table, _ := t.(map[string]any)
		var names []string
		for _, wanted := range []string{"main", "sans"} {
			for key, v := range table {
				if strings.EqualFold(key, wanted) {
					more, _ := texts(v)
					names = append(names, more...)
				}
			}
		}
		all = append(all, setting{name: "acme.domains", where: where, set: func(c *Config) error {
			c.acmeOn = true
			return setDomains(c, strings.Join(names, ","))
		}})
	}
	return all
}

func setKeyType(c *Config, value string) error {
	if !slices.Contains([]string{"EC256", "EC384", "RSA2048", "RSA4096", "RSA8192"}, value) {
		return fmt.Errorf("%q is not a type of key: EC256, EC384, RSA2048, RSA4096 or RSA8192", value)
	}
	c.acme.KeyType = value
	return nil
}

// finishACME checks what only makes sense together.
func (c *Config) finishACME() error {
	if !c.acmeOn {
		return nil
	}
	a := &c.acme
	e, err := c.entryPointFor("acme.entryPoint", a.EntryPoint)
	if err != nil {
		return err
	}
	if e.TLS == nil {
		return fmt.Errorf("acme.entryPoint: entry point %s has no TLS", a.EntryPoint)
	}
	switch { // 1.x's order, should several be asked for
	case a.byDNS:
		a.Challenge = acme.DNS01
		if a.DNSProvider == "" {
			return errors.New("acme.dnsChallenge needs a provider: --acme.dnsChallenge.provider=cloudflare")
		}
	case a.byTLS:
		a.Challenge = acme.TLSALPN01
	case a.byHTTP:
		a.Challenge = acme.HTTP01
		if e, err = c.entryPointFor("acme.httpChallenge.entryPoint", a.HTTPAt); err != nil {
			return err
		}
		if e.TLS != nil {
			c.warn("acme.httpChallenge.entryPoint: entry point %s has TLS, and CAs ask in clear", a.HTTPAt)
		}
	default: // 1.4's own is spoken nowhere any more
		a.Challenge = acme.TLSALPN01
		c.warn("acme: no challenge is named, by which the CA sees that a host is ours; taken is --acme.tlsChallenge, for which the CA comes to port 443")
	}
	for _, names := range a.Domains {
		for _, name := range names {
			if strings.HasPrefix(name, "*.") && a.Challenge != acme.DNS01 {
				return fmt.Errorf("acme.domains: a certificate for %s is given by the DNS challenge alone: --acme.dnsChallenge.provider=NAME", name)
			}
		}
	}
	if !a.OnHostRule && !a.OnDemand && len(a.Domains) == 0 {
		c.warn("acme asks for no certificate: add --acme.onHostRule, or --acme.domains=example.com")
	}
	a.CA = acme.Rewritten(a.CA)
	c.ACME = a
	return nil
}

func (c *Config) entryPointFor(flag, name string) (*proxy.EntryPointOptions, error) {
	for i := range c.EntryPoints {
		if c.EntryPoints[i].Name == name {
			return &c.EntryPoints[i], nil
		}
	}
	if name == "" {
		return nil, fmt.Errorf("%s: name an entry point: %s", flag, strings.Join(c.EntryPointNames(), ", "))
	}
	return nil, fmt.Errorf("%s: %s", flag, noEntryPoint(name, c.EntryPointNames()))
}
