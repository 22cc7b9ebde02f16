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
// An address that is taken, or a listener that breaks, is its error. It also leaves when a successor serves in its place.
func (a *App) Run(ctx context.Context) error {
	defer a.fleet.Close()
	defer a.certs.Close()
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
	if a.issuing != nil {
		others.Go(func() { a.issuing.run(looking, a.log) })
	}
	if a.admin != nil {
		defer a.admin.Close()
		others.Go(a.runAdmin)
	}

	if !a.untilTable(ctx) {
		a.proxy.Close()
		return nil
	}
	a.world.Handover.Serving()
	serving := make(chan error, 1)
	go func() { serving <- a.proxy.Run() }()
	select {
	case err := <-serving:
		return err
	case <-ctx.Done():
	case <-a.world.Handover.Over():
	}
	a.leave()
	return <-serving
}

// untilTable waits for something to route by: who connects now waits in the queue of the socket, and is better served a moment
// later than told that nothing is here. Without a swarm to be seen, that has an end. False: the router is to leave.
func (a *App) untilTable(ctx context.Context) bool {
	late := time.NewTimer(a.world.Handover.Patience())
	defer late.Stop()
	select {
	case <-a.tabled:
	case <-late.C:
	case <-ctx.Done():
		return false
	}
	return true
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
		if !e.Open() {
			continue // it is told when it is
		}
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
	accepting := a.config.AcceptGrace
	if a.world.Handover.Followed() { // who asks for /ping is to hear the other: nobody has to go elsewhere
		accepting = 0
		if a.admin != nil {
			soon, cancel := context.WithTimeout(context.Background(), a.config.Grace)
			defer cancel()
			var pages sync.WaitGroup
			defer pages.Wait()
			pages.Go(func() { a.admin.Shutdown(soon) })
		}
	} else {
		a.leaving.Store(true)
	}
	a.world.Handover.Leave()
	a.log.Info("leaving", zap.Duration("accepting_for", accepting), zap.Duration("then_finishing_for", a.config.Grace))
	if accepting > 0 {
		time.Sleep(accepting)
	}
	deadline, cancel := context.WithTimeout(context.Background(), a.config.Grace)
	defer cancel()
	if err := a.proxy.Shutdown(deadline); err != nil {
		a.log.Warn("the grace time was too short for all requests; the rest was cut", zap.Error(err))
		return
	}
	a.log.Info("every request has finished")
}
