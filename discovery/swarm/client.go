// Package swarm reads a docker swarm through the Engine API and tells it in the plain types of package snapshot.
//
// It is the only importer of the docker client, and it does not know what a label means.
package swarm

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

// Options say which daemon to ask.
type Options struct {
	Endpoint string        // empty: DOCKER_HOST, and without that DefaultEndpoint
	TLS      *TLSOptions   // for a tcp:// endpoint; nil: DOCKER_CERT_PATH, and without that plain
	Timeout  time.Duration // of each call; zero: 15 s
	Silence  time.Duration // of the store, after which the swarm is asked whether it is still there; zero: 10 s
	// Self gives the ids, whole or abbreviated, of the container that this process may be running in; nil: found out.
	Self func() []string
	// Socket is where the manager of this machine serves its store; empty: DefaultSocket, if the daemon is this machine's
	// too: another one's may be of another swarm.
	Socket string
}

// A Client asks one docker daemon about its swarm. It may be used from several goroutines.
//
// What was learnt of a daemon (its API version, the swarm's id, our own networks) holds for a session: as long as the event stream
// does, because behind the same address another daemon, or another version of it, may come up.
type Client struct {
	endpoint endpoint
	timeout  time.Duration
	self     func() []string
	socket   string
	follower follower

	greeting chan struct{} // one slot: holds whoever is greeting the daemon; a channel, so that waiting for it can be given up

	mu      sync.Mutex
	session *session   // nil: not yet greeted
	own     membership // outlives sessions
}

// Dial checks the options. The daemon need not be there yet: each call says so itself.
func Dial(o Options) (*Client, error) {
	endpoint, err := newEndpoint(o.Endpoint, o.TLS)
	if err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Silence == 0 {
		o.Silence = silence
	}
	if o.Self == nil {
		o.Self = ownContainer
	}
	if o.Socket == "" && strings.HasPrefix(endpoint.url, "unix://") {
		o.Socket = DefaultSocket
	}
	c := &Client{endpoint: endpoint, timeout: o.Timeout, self: o.Self, socket: o.Socket, greeting: make(chan struct{}, 1)}
	c.follower.silence = o.Silence
	if _, err := endpoint.connect(); err != nil {
		return nil, err
	}
	return c, nil
}

// Endpoint is the address of the daemon, for messages.
func (c *Client) Endpoint() string { return c.endpoint.url }

// Close drops idle connections. The client may be used again.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil {
		c.session.api.Close()
	}
	c.session = nil
}

// A session is one daemon and what is known of it.
type session struct {
	api *client.Client

	mu        sync.Mutex
	cluster   string   // the swarm's id; empty: not yet asked
	own       []string // our own networks; nil: not found
	inspected bool     // the engine has answered about our own container: it answers alike each time
}

// greet returns the session, a new one if there is none.
func (c *Client) greet(ctx context.Context) (*session, error) {
	select {
	case c.greeting <- struct{}{}:
		defer func() { <-c.greeting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := c.current(); s != nil {
		return s, nil
	}
	api, err := c.meet(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = &session{api: api}
	return c.session, nil
}

func (c *Client) current() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// meet makes a docker client that has agreed on a version with the daemon. The ping is explicit because the docker client, left to
// itself, overlooks a ping that fails and goes on with a version the daemon may not know.
func (c *Client) meet(ctx context.Context) (*client.Client, error) {
	api, err := c.endpoint.connect()
	if err != nil {
		return nil, err
	}
	err = c.call(ctx, func(ctx context.Context) error {
		ping, err := api.Ping(ctx)
		if err != nil {
			return err
		}
		api.NegotiateAPIVersionPing(ping)
		return c.suffices(api.ClientVersion())
	})
	if err != nil {
		api.Close() // a daemon that refuses keeps the connection open
		return nil, err
	}
	return api, nil
}

// oldestAPI is docker 17.05's. Before it, networks cannot be listed by scope.
const oldestAPI = "1.29"

func (c *Client) suffices(version string) error {
	if !versions.LessThan(version, oldestAPI) {
		return nil
	}
	return &Problem{Code: APIVersion, Message: "the docker daemon at " + c.endpoint.url + " speaks API version " + version + " at most, or does not say; we need " + oldestAPI,
		Hint: "upgrade docker to 20.10 or newer"}
}

// forget ends a session, unless another has already begun.
func (c *Client) forget(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == s {
		c.session = nil
		s.api.Close()
	}
}

// call bounds one question in time and turns its error into a Problem.
func (c *Client) call(ctx context.Context, ask func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err := ask(bounded)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return diagnose(err, c.endpoint.url)
}
