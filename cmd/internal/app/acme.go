package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/discovery/swarm/vault"
	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/certs/acme"
	"github.com/appia-edge/appia/proxy/certs/acme/dns"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// issuing is how certificates are had from a CA, and where what routers share of it is kept.
type issuing struct {
	manager *acme.Manager
	vault   *vault.Vault // nil: it is kept in files
	file    string       // Traefik's, to import; "": none
}

// makeACME wires it, before entry points are.
func (a *App) makeACME(secret certs.Secret) error {
	c := a.config.ACME
	if c == nil {
		return nil
	}
	i := &issuing{file: c.Import()}
	storage, err := a.acmeStorage(i, secret)
	if err != nil {
		return fmt.Errorf("--acme.storage: %w", err)
	}
	options := acme.Options{
		Storage: storage, CA: c.CA, Email: c.Email, KeyType: c.KeyType, Challenge: c.Challenge, Log: a.log,
		Domains: c.Domains, Demand: c.OnDemand, Port: a.challengePort(),
		Covered: func(host string) bool { return a.certs.Covers(c.EntryPoint, host) }, Revoked: a.certs.Revoked,
	}
	if len(c.Roots) > 0 {
		if options.Roots, err = rootsOf("acme.caRoots", c.Roots); err != nil {
			return err
		}
	}
	if c.Challenge == acme.DNS01 {
		if options.DNS, err = dns.New(dns.Options{Provider: c.DNSProvider, Delay: c.DNSDelay, Resolvers: c.Resolvers, NoCheck: c.NoCheck}); err != nil {
			return fmt.Errorf("--acme.dnsChallenge.provider: %w", err)
		}
	}
	if i.manager, err = acme.New(options); err != nil {
		return fmt.Errorf("acme: %w", err)
	}
	a.certs.Provide(i.manager, c.EntryPoint)
	a.issuing = i
	return nil
}

var errNoSecret = errors.New("certificates are sealed with a secret that all routers know, and there is none: make one by " +
	"`openssl rand -hex 32 | docker secret create appia -` and give it to the service (secrets: [appia]), or name another file with --secretFile; " +
	"or keep them in a folder with --acme.storage=file:DIR")

func (a *App) acmeStorage(i *issuing, secret certs.Secret) (acme.Storage, error) {
	if dir := a.config.ACME.Folder(); dir != "" {
		return acme.NewFolder(dir), nil
	}
	configs, has := a.world.Swarm.(vault.Configs)
	switch {
	case !has:
		return nil, errors.New("this swarm keeps nothing; give file:DIR")
	case secret == nil:
		return nil, errNoSecret
	}
	i.vault = vault.New(vault.Options{Configs: configs, Key: secret.Derive("vault"), Log: a.log})
	return kept{i.vault}, nil
}

// kept is a vault as package acme wants its storage.
type kept struct{ *vault.Vault }

// Modified implements acme.Storage.
func (k kept) Modified(ctx context.Context, key string) (time.Time, error) {
	info, err := k.Stat(ctx, key)
	if err != nil || !info.IsTerminal {
		return time.Time{}, err
	}
	return info.Modified, nil
}

// challengePort is where challenges come in by TCP; 0: they do not.
func (a *App) challengePort() int {
	name := a.config.ACME.EntryPoint
	if a.config.ACME.Challenge == acme.HTTP01 {
		name = a.config.ACME.HTTPAt
	}
	for _, e := range a.config.EntryPoints {
		if e.Name == name {
			_, port, _ := net.SplitHostPort(e.Address)
			n, _ := strconv.Atoi(port)
			return n
		}
	}
	return 0
}

// run keeps certificates coming until ctx ends.
func (i *issuing) run(ctx context.Context, log *zap.Logger) {
	var all sync.WaitGroup
	defer all.Wait()
	if i.vault != nil {
		defer i.vault.Close()
		all.Go(func() { i.vault.Run(ctx) })
	}
	if i.file != "" {
		i.takeOver(ctx, log)
	}
	i.manager.Run(ctx)
}

// takeOver imports what Traefik has left. While the storage cannot be reached nothing is ordered either.
func (i *issuing) takeOver(ctx context.Context, log *zap.Logger) {
	for {
		err := i.manager.Import(ctx, i.file)
		if err == nil || ctx.Err() != nil {
			return
		}
		log.Error("certificates of Traefik's cannot be taken over", zap.String("file", i.file), zap.Error(err))
		var file *os.PathError
		if !errors.Is(err, vault.ErrSealed) && errors.As(err, &file) {
			return // to order them is better than to have none
		}
		select {
		case <-time.After(10 * time.Second):
		case <-ctx.Done():
		}
	}
}

// wanted tells the manager what a table asks for.
func (i *issuing) wanted(t *rules.Table, c *config.ACME) {
	var names [][]string
	for _, r := range slices.Concat(t.Routes, t.TCP) {
		if r.TCP != nil && (!r.TCP.TLS || r.TCP.Passthrough) {
			continue // whose TLS is not ours to end
		}
		if hosts := orderable(r.Hosts()); c.OnHostRule && len(hosts) > 0 && slices.Contains(r.EntryPoints, c.EntryPoint) && !r.Owner.Gone {
			names = append(names, hosts)
		}
	}
	i.manager.Want(names, func(host string) bool { return t.Named(c.EntryPoint, host) })
}

// orderable leaves out what is no name in the DNS, for which no CA gives anything.
func orderable(hosts []string) (names []string) {
	for _, host := range hosts {
		host = strings.TrimSuffix(host, ".")
		if strings.Contains(host, ".") && net.ParseIP(host) == nil {
			names = append(names, host)
		}
	}
	return names
}

// A challengePage answers a CA that asks whether a host is ours, before everything else on its entry point. What is no challenge
// of ours may be another's, of a service with a client of its own.
type challengePage struct {
	manager *acme.Manager
	proxy.Internal
}

// Open implements proxy.Internal.
func (p challengePage) Open(q *message.Request) *message.Response {
	token, is := strings.CutPrefix(q.RawPath, acme.HTTPPath)
	if !is || q.Method != http.MethodGet {
		return p.Internal.Open(q)
	}
	host := q.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	text := p.manager.Answer(context.Background(), strings.ToLower(host), token)
	if text == "" {
		return p.Internal.Open(q)
	}
	r := &message.Response{Status: http.StatusOK, Body: message.Text(text)}
	r.Fields.Add("Content-Type", "text/plain")
	r.Fields.Add("Content-Length", strconv.Itoa(len(text)))
	return r
}

// noPages is an entry point without any.
type noPages struct{}

func (noPages) Open(*message.Request) *message.Response     { return nil }
func (noPages) Admitted(*message.Request) *message.Response { return nil }

func rootsOf(flag string, items []string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, item := range items {
		pem := []byte(item)
		if file, err := os.ReadFile(item); err == nil {
			pem = file
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: %q is neither a readable file nor PEM text with a certificate", flag, item)
		}
	}
	return pool, nil
}
