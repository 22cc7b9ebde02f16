package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/appia-edge/appia/proxy/certs"
)

// secure is how an entry point speaks TLS.
func (p *Proxy) secure(o EntryPointOptions) (*tls.Config, error) {
	config, err := p.options.Certificates.Serve(o.Name, *o.TLS)
	if err != nil {
		return nil, fmt.Errorf("entry point %s: %w", o.Name, err)
	}
	return config, nil
}

// An arriving connection is one whose handshake is under way, and what is found out about it.
type arriving struct {
	net.Conn
	spoke bool
	code  string
}

var _ certs.Noter = (*arriving)(nil)

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.Conn.Read(p)
	a.spoke = a.spoke || n > 0
	return n, err
}

// Note implements certs.Noter.
func (a *arriving) Note(code string) { a.code = code }

// NetConn is the connection below, as crypto/tls calls it.
func (a *arriving) NetConn() net.Conn { return a.Conn }

var errChallenged = errors.New("the connection was a CA's, to see a challenge")

// handshake agrees with the client on how to speak. That it comes to nothing is mostly the client's doing, and is counted.
func (e *EntryPoint) handshake(conn net.Conn) (net.Conn, error) { return e.handshakeBy(e.secure, conn) }

func (e *EntryPoint) handshakeBy(config *tls.Config, conn net.Conn) (net.Conn, error) {
	client := &arriving{Conn: conn}
	c := tls.Server(client, config)
	err := c.Handshake()
	if err != nil {
		if client.spoke || !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) { // else it has only knocked, as checks of balancers do
			e.refuse(refusalOf(client, err), addressOf(conn))
		}
		answerPlain(err)
		return nil, err
	}
	if c.ConnectionState().NegotiatedProtocol == certs.ACMEProtocol {
		c.Close()
		return nil, errChallenged
	}
	return c, nil
}

func addressOf(conn net.Conn) netip.AddrPort {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// refusalOf is the word for a handshake that came to nothing.
func refusalOf(client *arriving, err error) string {
	var plain tls.RecordHeaderError
	var unproved *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.As(err, &plain) && isHTTP(plain):
		return "plain-on-tls"
	case errors.As(err, &plain):
		return "not-tls"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "handshake-timeout"
	case client.code != "":
		return client.code
	case errors.As(err, &unproved), strings.Contains(err.Error(), "client didn't provide a certificate"):
		return "client-certificate"
	case errors.As(err, &op) && op.Op == "remote error": // it does not trust our certificate, mostly
		return "client-alert"
	case errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "handshake-cut"
	}
	return "handshake"
}

// isHTTP tells whether what should have been a record of TLS begins like a request.
func isHTTP(first tls.RecordHeaderError) bool {
	if first.Conn == nil {
		return false
	}
	for _, method := range []string{"GET /", "HEAD ", "POST ", "PUT /", "PATCH", "OPTIO", "DELET", "CONNE", "TRACE", "PRI *"} {
		if string(first.RecordHeader[:]) == method {
			return true
		}
	}
	return false
}

// plainPage is what a client is told that speaks HTTP to us where TLS is spoken, in the words of Traefik 1.x.
const plainPage = "Client sent an HTTP request to an HTTPS server.\n"

// answerPlain tells it, and lets it read that: bytes that come when we have closed would destroy what is under way (RFC 9112, 9.6).
func answerPlain(err error) {
	var plain tls.RecordHeaderError
	if !errors.As(err, &plain) || !isHTTP(plain) {
		return
	}
	_ = plain.Conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = fmt.Fprintf(plain.Conn, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		len(plainPage), plainPage)
	if closeWrite(plain.Conn) == nil {
		_, _ = io.CopyN(io.Discard, plain.Conn, 64<<10)
	}
}

// closeWrite says to the peer that nothing more will come, by whatever is below.
func closeWrite(conn net.Conn) error {
	for {
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			return half.CloseWrite()
		}
		over, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return errors.ErrUnsupported
		}
		conn = over.NetConn()
	}
}

// speaksHTTP2 tells whether a handshake came to that.
func speaksHTTP2(conn net.Conn) bool {
	c, ok := conn.(*tls.Conn)
	return ok && c.ConnectionState().NegotiatedProtocol == "h2"
}
