package stdhttp

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"

	"github.com/appia-edge/appia/proxy/message"
	_ "github.com/appia-edge/appia/proxy/stdhttp/extended" // has net/http take such requests
)

// A WebSocket comes over HTTP/2 as a CONNECT that names its protocol (RFC 8441). To the rest of the proxy it is the GET with an
// upgrade that endpoints know (RFC 6455, 4.1), and the 101 that they answer is the client's 200.

const pseudoProtocol = ":protocol"

// readExtended makes of a CONNECT what endpoints get.
func (x *exchange) readExtended() (refused string) {
	r, q := x.origin, &x.request
	switch protocol := r.Header.Get(pseudoProtocol); {
	case protocol == "" && len(r.Header[pseudoProtocol]) == 0:
		return noMethod
	case r.Header[pseudoProtocol][0] != "websocket":
		return noExtension
	}
	x.extended = true
	q.Method, q.Upgrade = http.MethodGet, "websocket"
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	q.Fields.Add("Connection", "Upgrade")
	q.Fields.Add("Upgrade", q.Upgrade)
	q.Fields.Add("Sec-Websocket-Key", base64.StdEncoding.EncodeToString(key[:]))
	return ""
}

// upgradeExtended tells the client that its WebSocket is there.
func (x *exchange) upgradeExtended(r *message.Response) (io.ReadWriteCloser, error) {
	x.term.end()
	header := x.writer.Header()
	fill(header, &r.Fields)
	for _, ours := range []string{"Connection", "Upgrade", "Sec-Websocket-Accept"} {
		header.Del(ours)
	}
	x.answered = true
	x.writer.WriteHeader(http.StatusOK)
	if err := x.control.Flush(); err != nil {
		return nil, err
	}
	return tunnel{x}, nil
}

// A tunnel is a stream of HTTP/2 that carries what it is given as it comes.
type tunnel struct{ x *exchange }

func (t tunnel) Read(p []byte) (int, error) { return t.x.origin.Body.Read(p) }

func (t tunnel) Write(p []byte) (int, error) {
	t.x.stall.begin(t.x.giveUp)
	defer t.x.stall.end()
	n, err := t.x.writer.Write(p)
	if err == nil {
		err = t.x.control.Flush()
	}
	return n, err
}

// Close ends what comes from the client; what goes to it ends with the exchange.
func (t tunnel) Close() error { return t.x.origin.Body.Close() }
