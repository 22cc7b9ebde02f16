package proxy

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/appia-edge/appia/proxy/http3"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/stdhttp"
)

// HTTP3 is how an entry point speaks it: over QUIC, on the UDP port of its address's number.
type HTTP3 struct {
	AdvertisedPort int // that clients are told of; 0: the address's
}

func (e *EntryPoint) checkHTTP3() error {
	if e.secure == nil {
		return fmt.Errorf("entry point %s: HTTP3 needs TLS: there is no HTTP/3 in clear", e.options.Name)
	}
	return nil
}

// listenHTTP3 opens the socket for HTTP/3 beside the one for TCP.
func (e *EntryPoint) listenHTTP3(ctx context.Context) error {
	if e.options.HTTP3 == nil {
		return nil
	}
	host, _, err := net.SplitHostPort(e.options.Address)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(e.socket.Addr().String())
	if err != nil {
		return err
	}
	o := e.proxy.options
	udp, err := o.ListenUDP(ctx, net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	e.quic = http3.New(udp, http3.Options{
		Handler: stdhttp.Front{Serve: e.Serve, Panic: e.panicked, Cause: e.refuse, Whole: o.WriteTimeout, Leaving: never},
		TLS:     o.Certificates.OverQUIC(e.options.Name), Log: o.Log, Refuse: e.refuse,
		HeadBytes: o.Limits.HeadBytes, Fields: o.Limits.Fields, TargetBytes: o.Limits.TargetBytes,
		Head: o.ReadTimeout, Body: o.Limits.Body, Idle: o.IdleTimeout, Write: o.Limits.Write,
	})
	if told := e.options.HTTP3.AdvertisedPort; told > 0 {
		port = strconv.Itoa(told)
	}
	e.responses = append(e.responses, e.advertise(port))
	return nil
}

// never: that no more requests are served is said once a connection, by GOAWAY, and in no answer.
func never() bool { return false }

// advertised is for how many seconds a client may believe that HTTP/3 is spoken: the default of RFC 7838, 3.1.
const advertised = "86400"

// advertise tells those who come by TCP that there is HTTP/3 (RFC 7838), unless a service has its own word for them. A router
// that leaves tells nobody any more; what its clients know may well be true of the one that follows it.
func (e *EntryPoint) advertise(port string) func(*message.Request, *message.Response) {
	value := `h3=":` + port + `"; ma=` + advertised
	return func(q *message.Request, r *message.Response) {
		if q.Proto == message.HTTP3 || e.quic.Leaving() || r.Fields.Has("Alt-Svc") {
			return
		}
		r.Fields.Add("Alt-Svc", value)
	}
}

// leaveHTTP3 has its clients told, and gives the error once all of their requests are done.
func (e *EntryPoint) leaveHTTP3(ctx context.Context) <-chan error {
	down := make(chan error, 1)
	if e.quic == nil {
		down <- nil
		return down
	}
	e.quic.Leave()
	go func() { down <- e.quic.Shutdown(ctx) }()
	return down
}
