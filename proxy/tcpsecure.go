package proxy

import (
	"crypto/tls"
	"net"
	"slices"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/rules"
)

// prepareTLS makes the entry point able to end TLS for TCP routes that want it: by its own settings, or by the usual ones and the
// certificates that there are for it, where HTTP is spoken there in clear.
func (e *EntryPoint) prepareTLS(t *rules.Table) {
	ends := func(r *rules.Route) bool {
		return r.TCP.TLS && !r.TCP.Passthrough && slices.Contains(r.EntryPoints, e.options.Name)
	}
	if e.ends.Load() != nil || !slices.ContainsFunc(t.TCP, ends) {
		return
	}
	config := e.secure
	if config == nil {
		made, err := e.proxy.options.Certificates.Serve(e.options.Name, TLS{})
		if err != nil {
			e.proxy.options.Log.Error("TLS of TCP routes cannot be ended", zap.String("entry_point", e.options.Name), zap.Error(err))
			return
		}
		config = made
	}
	e.ends.Store(anyProtocol(config))
}

// anyProtocol is how TLS is ended for a service of which nobody knows what it speaks: by whatever the client offers first. HTTP/2
// comes last, as few who speak HTTP behind TLS that others end speak it.
func anyProtocol(of *tls.Config) *tls.Config {
	own := &tls.Config{MinVersion: of.MinVersion}
	own.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		base := of
		if of.GetConfigForClient != nil {
			other, err := of.GetConfigForClient(hello)
			if err != nil {
				return nil, err
			}
			if other != nil {
				base = other
			}
		}
		config := base.Clone()
		config.NextProtos = nil
		for _, name := range hello.SupportedProtos {
			if name != certs.ACMEProtocol && name != "h2" {
				config.NextProtos = append(config.NextProtos, name)
			}
		}
		if slices.Contains(hello.SupportedProtos, "h2") {
			config.NextProtos = append(config.NextProtos, "h2")
		}
		return config, nil
	}
	return own
}

// speakTLS agrees with an endpoint on how to speak. Its certificate has to be for the name that the client asked for, or for
// its address.
func (p *passage) speakTLS(conn net.Conn) (net.Conn, error) {
	config := p.entry.proxy.options.EndpointTLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName = p.said.serverName; config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(p.endpoint.Addr)
	}
	if ended, ok := p.client.(*tls.Conn); ok {
		if name := ended.ConnectionState().NegotiatedProtocol; name != "" {
			config.NextProtos = []string{name}
		}
	}
	secure := tls.Client(conn, config)
	return secure, secure.HandshakeContext(p.ctx)
}
