package swarm

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// The one gRPC call that we make, over net/http's HTTP/2: a request of one message, and an answer that is a stream of
// them. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md has the format.

// largestMessage bounds what one commit to the store may tell. Swarmkit bounds a commit at 1.5 MB.
const largestMessage = 64 << 20

// A call is the answer to a gRPC request, message by message.
type call struct {
	answer *http.Response
	buffer []byte
}

// controlSocket makes a client for the unix socket on which a manager serves its store. The certificate there is the
// node's own, given by the swarm's CA for another name; that we may open the socket at all is what counts, as for the
// docker command's.
//
// Once that certificate has been renewed, after weeks or when a worker is made a manager, the manager speaks HTTP/2
// without agreeing on it in the handshake (seen on 20.10): to net/http it is plain HTTP/2, over a connection that is TLS.
func controlSocket(path string) *http.Client {
	transport := &http.Transport{
		Protocols:   new(http.Protocols),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dialControl(ctx, path) },
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: transport}
}

func dialControl(ctx context.Context, path string) (net.Conn, error) {
	plain, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(plain, &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err := secure.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, err
	}
	return secure, nil
}

// ask begins a call. The answer lasts until ctx ends.
func ask(ctx context.Context, client *http.Client, method string, message []byte) (*call, error) {
	framed := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))) // 0: not compressed
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://swarm/"+method, bytes.NewReader(append(framed, message...)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	c := &call{answer: answer}
	if answer.StatusCode != http.StatusOK {
		c.Close()
		return nil, fmt.Errorf("the answer has the status %s", answer.Status)
	}
	if err := verdict(answer.Header); err != nil { // refused at once: the trailers are all there is
		c.Close()
		return nil, err
	}
	return c, nil
}

// Next returns the next message, which is valid until the next call; io.EOF when the server ended the stream as it should.
func (c *call) Next() ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(c.answer.Body, head[:]); err != nil {
		if refusal := verdict(c.answer.Trailer); errors.Is(err, io.EOF) && refusal != nil {
			return nil, refusal
		}
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if head[0] != 0 || size > largestMessage {
		return nil, fmt.Errorf("a message of %d bytes (flag %d), which is not one we can read", size, head[0])
	}
	if cap(c.buffer) < int(size) {
		c.buffer = make([]byte, size)
	}
	c.buffer = c.buffer[:size]
	_, err := io.ReadFull(c.answer.Body, c.buffer)
	return c.buffer, err
}

// Close ends the call.
func (c *call) Close() { c.answer.Body.Close() }

// verdict is the error that a gRPC status tells of; absent or 0 is none.
func verdict(header http.Header) error {
	status := header.Get("Grpc-Status")
	if status == "" || status == "0" {
		return nil
	}
	message, err := url.PathUnescape(header.Get("Grpc-Message"))
	if err != nil {
		message = header.Get("Grpc-Message")
	}
	return fmt.Errorf("gRPC status %s: %s", status, message)
}
