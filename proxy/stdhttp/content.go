package stdhttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/appia-edge/appia/proxy/message"
)

// content is the client's body on its way to an endpoint. It closes nothing: another try may still want it.
// net/http may go on reading after it has given up on a try, so that a try that is to be repeated is sealed first.
type content struct {
	body    message.Body
	trailer http.Header

	mu      sync.Mutex
	touched bool  // some of it was read, so that it cannot be sent again
	sealed  bool  // nothing more will be read by this try
	err     error // what the client's side said, other than its end
}

var errSealed = errors.New("this try is over")

func (c *content) Read(p []byte) (int, error) {
	if !c.touch() {
		return 0, errSealed
	}
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
	return !c.sealed
}

// seal ends the try; it tells whether the body is still whole, and what the client's side said.
func (c *content) seal() (whole bool, err error) {
	if c == nil {
		return true, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sealed = true
	return !c.touched, c.err
}

func (c *content) Close() error { return nil }

// fillTrailer is fill for what may stand behind the content.
func fillTrailer(header http.Header, trailers *message.Fields) {
	for _, field := range trailers.All() {
		if message.MayTrail(field.Name) {
			header.Add(field.Name, field.Value)
		}
	}
}
