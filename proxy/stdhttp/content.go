package stdhttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/appia-edge/appia/proxy/message"
)

// content is the client's body on its way to an endpoint. It closes nothing: another try may still want it.
// net/http reads it on a goroutine of its own, and may go on after it has given up on a try, or has the whole answer. So a
// try is sealed when it is over: behind that, what the body is made of may be another request's.
type content struct {
	body    message.Body
	trailer http.Header

	mu      sync.Mutex
	idle    sync.Cond // nobody reads; its lock is mu
	reading bool
	touched bool  // some of it was read, so that it cannot be sent again
	sealed  bool  // nothing more will be read by this try
	err     error // what the client's side said, other than its end
}

func newContent(body message.Body, trailer http.Header) *content {
	c := &content{body: body, trailer: trailer}
	c.idle.L = &c.mu
	return c
}

var errSealed = errors.New("this try is over")

func (c *content) Read(p []byte) (int, error) {
	if !c.touch() {
		return 0, errSealed
	}
	defer c.untouch()
	n, err := c.body.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		if trailers := c.body.Trailers(); trailers != nil {
			fillTrailer(c.trailer, trailers)
		}
	case err != nil:
		c.mu.Lock()
		c.err = fmt.Errorf("read the client's body: %w", err)
		c.mu.Unlock()
	}
	return n, err
}

func (c *content) touch() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.touched = c.touched || !c.sealed
	c.reading = !c.sealed
	return !c.sealed
}

func (c *content) untouch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
	c.idle.Broadcast()
}

// seal ends the try; it tells whether the body is still whole, and what the client's side said. It waits for whoever reads,
// and has a body of which nobody is the owner but this exchange give up waiting for its client.
func (c *content) seal() (whole bool, err error) {
	if c == nil {
		return true, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sealed = true
	whole, err = !c.touched, c.err
	if body := interruptible(c.body); body != nil {
		for c.reading {
			body.Interrupt()
			c.idle.Wait()
		}
	}
	return whole, err
}

// An interrupter is a body that can be made to give up waiting for its client, as those of both fronts can.
type interrupter interface{ Interrupt() }

// interruptible looks inside of bodies that were put around the client's.
func interruptible(body message.Body) interrupter {
	for body != nil {
		if i, ok := body.(interrupter); ok {
			return i
		}
		around, ok := body.(interface{ Unwrap() message.Body })
		if !ok {
			return nil
		}
		body = around.Unwrap()
	}
	return nil
}

func (c *content) Close() error { return nil }

// fillTrailer is fill for what may stand behind the content.
func fillTrailer(header http.Header, trailers *message.Fields) {
	for _, field := range trailers.All() {
		if message.MayTrail(field.Name) {
			header.Add(strings.Clone(field.Name), strings.Clone(field.Value)) // written out when the buffer may be another's
		}
	}
}
