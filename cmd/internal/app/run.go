package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Run listens, discovers and serves until ctx ends, then leaves in the order of Traefik 1.x: /ping turns 503, requests
// are accepted for a while yet, then what is in flight finishes, at most for the grace time.
// An address that is taken, or a listener that breaks, is its error.
func (a *App) Run(ctx context.Context) error {
	defer a.fleet.Close()
	if a.access != nil {
		defer a.access.Close() //nolint:errcheck // nothing can be done about it on the way out
	}
	if err := a.listen(ctx); err != nil {
		return err
	}
	a.welcome()

	var others sync.WaitGroup
	defer others.Wait()
	looking, stopLooking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLooking()
	others.Go(func() { a.loop.Run(looking) })
	if a.admin != nil {
		defer a.admin.Close()
		others.Go(a.runAdmin)
	}

	serving := make(chan error, 1)
	go func() { serving <- a.proxy.Run() }()
	select {
	case err := <-serving:
		return err
	case <-ctx.Done():
	}
	a.leave()
	return <-serving
}

// runAdmin serves the admin page. Should its listener break, routing goes on without it.
func (a *App) runAdmin() {
	if err := a.admin.Run(); err != nil {
		a.log.Error("the admin page has stopped", zap.Error(err))
	}
}

func (a *App) listen(ctx context.Context) error {
	if err := a.proxy.Listen(ctx); err != nil {
		return err
	}
	if a.admin == nil {
		return nil
	}
	if err := a.admin.Listen(ctx); err != nil {
		a.proxy.Close()
		return fmt.Errorf("web: %w", err)
	}
	return nil
}

func (a *App) welcome() {
	for _, e := range a.proxy.EntryPoints() {
		a.log.Info("listening", zap.String("entry_point", e.Name()), zap.Stringer("address", e.Addr()))
	}
	if names := a.config.TrustsEveryone(); len(names) > 0 {
		a.log.Warn("X-Forwarded headers of every client are believed, as in Traefik 1.x; "+
			"name the proxies in front with ForwardedHeaders.TrustedIPs:10.0.0.0/8, or nobody with 127.0.0.1/32",
			zap.Strings("entry_points", names))
	}
}

// leave keeps discovery running to the end: the swarm goes on changing while requests finish.
func (a *App) leave() {
	a.leaving.Store(true)
	a.log.Info("leaving", zap.Duration("accepting_for", a.config.AcceptGrace), zap.Duration("then_finishing_for", a.config.Grace))
	if a.config.AcceptGrace > 0 {
		time.Sleep(a.config.AcceptGrace)
	}
	deadline, cancel := context.WithTimeout(context.Background(), a.config.Grace)
	defer cancel()
	if err := a.proxy.Shutdown(deadline); err != nil {
		a.log.Warn("the grace time was too short for all requests; the rest was cut", zap.Error(err))
		return
	}
	a.log.Info("every request has finished")
}
