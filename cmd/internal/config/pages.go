package config

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/appia-edge/appia/proxy"
)

// Pages are which of the router's own pages a place has.
type Pages struct {
	API     bool // /api, /health and the dashboard
	Ping    bool // /ping and /ready
	Metrics bool
}

// webEntryPoint is where 1.x has its pages when nobody says. There need be no entry point of that name: then they have a
// listener of their own.
const webEntryPoint = "traefik"

// pagesAsked are what flags say of pages.
type pagesAsked struct {
	web, api, ping, metrics         bool
	apiAt, pingAt, metricsAt        string
	recentErrorsWeb, recentErrorsAt int
}

// finishPages decides where pages are. As in 1.7, --web counts only where none of --api, --ping and --metrics does, but that
// /ping stays even so.
func (c *Config) finishPages() error {
	a := &c.asked
	c.RecentErrors = a.recentErrorsAt
	if a.web && !a.api && !a.ping && !a.metrics {
		c.RecentErrors = a.recentErrorsWeb
		return c.placeWeb(Pages{API: true, Ping: true, Metrics: true})
	}
	if c.lock != nil {
		return errors.New("web.auth: --web has no effect beside --api, --ping and --metrics, so that their pages would be open; " +
			"give an entry point of the name traefik, with Auth.Basic.Users say")
	}
	if a.web {
		c.warn("--web has no effect beside --api, --ping and --metrics, as in Traefik 1.7, but that /ping stays")
		c.WebAddress, c.WebPath = Default().WebAddress, Default().WebPath
		a.ping = true
	}
	for _, p := range []struct {
		flag  string
		asked bool
		at    string
		pages Pages
	}{
		{"api", a.api, a.apiAt, Pages{API: true}}, {"ping", a.ping, a.pingAt, Pages{Ping: true}}, {"metrics.prometheus", a.metrics, a.metricsAt, Pages{Metrics: true}},
	} {
		if !p.asked {
			continue
		}
		if err := c.place(p.flag, p.at, p.pages); err != nil {
			return err
		}
	}
	return nil
}

// placeWeb puts the pages on their listener, or, if they are locked, on an entry point, which knows how to ask for a password.
func (c *Config) placeWeb(pages Pages) error {
	if c.lock == nil {
		c.Web, c.WebPages = true, pages
		return nil
	}
	c.lock.values[entryOptionOf("Name")] = []string{webEntryPoint}
	c.lock.values[entryOptionOf("Address")] = []string{c.WebAddress}
	c.lock.values[entryOptionOf("ForwardedHeaders.Insecure")] = []string{"false"}
	e, warnings, err := c.lock.check()
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	for _, w := range warnings {
		c.warn("%s", w)
	}
	if slices.Contains(c.EntryPointNames(), webEntryPoint) {
		return fmt.Errorf("web: there is an entry point %s already; give --api in place of --web, and Auth to the entry point", webEntryPoint)
	}
	c.EntryPoints = append(c.EntryPoints, e)
	c.Shared = map[string]Pages{webEntryPoint: pages}
	return nil
}

// webLock is an entry point's option for the admin pages.
func webLock(name string) func(*Config, string) error {
	return web(func(c *Config, value string) error {
		o := entryOptionOf(name)
		if c.lock == nil {
			c.lock = newEntryText()
		}
		if c.begins("web " + name) {
			c.lock.values[o] = nil
		}
		c.lock.values[o] = append(c.lock.values[o], o.split(value)...)
		return nil
	})
}

// place puts pages on an entry point.
func (c *Config) place(flag, at string, pages Pages) error {
	existing := c.EntryPointNames()
	switch {
	case slices.Contains(existing, at):
		if c.Shared == nil {
			c.Shared = map[string]Pages{}
		}
		c.Shared[at] = c.Shared[at].and(pages)
	case at == webEntryPoint:
		c.Web, c.WebPages = true, c.WebPages.and(pages)
	default:
		return fmt.Errorf("%s.entryPoint: %s", flag, noEntryPoint(at, append(existing, webEntryPoint)))
	}
	return nil
}

func (p Pages) and(q Pages) Pages {
	return Pages{p.API || q.API, p.Ping || q.Ping, p.Metrics || q.Metrics}
}

// PingAt is where /ping is answered; without one it is the first entry point, on which any answer is a sign of life.
func (c *Config) PingAt() (address, page string, ok bool) {
	if c.Web && c.WebPages.Ping {
		return c.WebAddress, path.Join("/", c.WebPath, "ping"), true
	}
	i := slices.IndexFunc(c.EntryPoints, func(e proxy.EntryPointOptions) bool { return c.Shared[e.Name].Ping })
	if i >= 0 {
		return c.EntryPoints[i].Address, path.Join("/", c.WebPath, "ping"), true
	}
	return c.EntryPoints[0].Address, "/", false
}
