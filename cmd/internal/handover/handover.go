// Package handover passes listening sockets from a running router to the one that follows it, so that no connection is lost
// between them: a socket that both have is one queue, and who closes it first takes nothing from the other.
//
// There are two ways. A router that is told to (SIGUSR2, appia upgrade) starts its successor, and leaves when that serves.
// A router that was started by somebody else, in the same network namespace and by the same user, asks those that it finds
// there. Either way the words are the same (talk.go). Who cannot ask shares the port by SO_REUSEPORT.
package handover

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/http3"
)

// A Handover is a router's part in it: first as successor, later as predecessor. A nil one hands over nothing.
type Handover struct {
	log    *zap.Logger
	parent net.Conn // the router that has started this one; nil: somebody else has
	first  bool     // a container ends with this process
	left   context.Context
	leave  context.CancelFunc

	starting sync.WaitGroup // a successor

	mu        sync.Mutex
	open      []*net.TCPListener // in use
	ports     []*http3.Port      // in use
	given     []gift             // by predecessors, and not in use yet
	givenUDP  []*http3.Port      // likewise
	before    []net.Conn         // predecessors; open to the end, so that they see it
	door      *net.UnixListener  // where successors ask
	upgrading bool
	followed  int           // by so many that serve
	serving   chan struct{} // closed when this one does
	over      chan struct{} // closed when the successor that this one has started serves
}

// A gift is a socket of a predecessor.
type gift struct {
	listener *net.TCPListener
	from     net.Conn
}

// New asks the predecessors for their sockets. It is not to be called twice in a process.
func New(log *zap.Logger) *Handover {
	h := &Handover{log: log, serving: make(chan struct{}), over: make(chan struct{})}
	h.left, h.leave = context.WithCancel(context.Background())
	h.parent = parent()
	if h.parent != nil {
		h.ask(h.parent)
		return h
	}
	h.first = isFirst() // later, whoever has been started by a process that is gone has the first for a parent, too
	for _, name := range doors() {
		if c, err := knock(name); err == nil {
			h.ask(c)
		}
	}
	return h
}

// Listen gives the socket that a predecessor has for an address, or opens one.
func (h *Handover) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if l := h.take(address); l != nil {
		return l, nil
	}
	opened, err := http1.Listening(keepAlive).Listen(ctx, network, address)
	shared := false
	if errors.Is(err, syscall.EADDRINUSE) && !h.has(address) {
		if l, serr := sharing().Listen(ctx, network, address); serr == nil {
			opened, err, shared = l, nil, true
		}
	}
	if err != nil {
		return nil, err
	}
	l, ok := opened.(*net.TCPListener)
	if !ok {
		return opened, nil
	}
	if shared {
		h.log.Warn("another process of this user listens on the same address, and the system divides connections among the two; "+
			"between two updates of a router that is not to be", zap.String("address", address))
	}
	share(l)
	h.keep(l)
	return l, nil
}

// ListenUDP gives the port that a predecessor has for an address, or opens one.
func (h *Handover) ListenUDP(ctx context.Context, address string) (*http3.Port, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, p := range h.givenUDP {
		at := p.Sockets[0].LocalAddr().(*net.UDPAddr)
		if !isAt(&net.TCPAddr{IP: at.IP, Port: at.Port, Zone: at.Zone}, address) {
			continue
		}
		h.givenUDP = append(h.givenUDP[:i:i], h.givenUDP[i+1:]...)
		h.ports = append(h.ports, p)
		return p, nil
	}
	p, err := http3.OpenPort(ctx, address)
	if err == nil {
		h.ports = append(h.ports, p)
	}
	return p, err
}

// keepAlive is between probes of a silent connection.
const keepAlive = 3 * time.Minute

// take finds a gift.
func (h *Handover) take(address string) net.Listener {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, g := range h.given {
		if !isAt(g.listener.Addr(), address) {
			continue
		}
		h.given = append(h.given[:i:i], h.given[i+1:]...)
		h.open = append(h.open, g.listener)
		return inherited{g.listener}
	}
	return nil
}

func (h *Handover) keep(l *net.TCPListener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = append(h.open, l)
}

// has tells whether this router itself listens there: two entry points on one port are a mistake of the flags.
func (h *Handover) has(address string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	want, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return false
	}
	for _, l := range h.open {
		at, ok := l.Addr().(*net.TCPAddr)
		if ok && at.Port == want.Port && (everywhere(at.IP) || everywhere(want.IP) || at.IP.Equal(want.IP)) {
			return true
		}
	}
	return false
}

// isAt tells whether a socket is what listening on address would give.
func isAt(at net.Addr, address string) bool {
	want, err := net.ResolveTCPAddr("tcp", address)
	has, ok := at.(*net.TCPAddr)
	if err != nil || !ok || want.Port == 0 || want.Port != has.Port {
		return false
	}
	if everywhere(want.IP) || everywhere(has.IP) {
		// "0.0.0.0" is IPv4 alone, and "" both, which shows as "::" where there is IPv6.
		four := want.IP.To4() != nil || want.IP == nil && !hasIPv6()
		return everywhere(want.IP) && everywhere(has.IP) && four == (has.IP.To4() != nil)
	}
	return want.IP.Equal(has.IP) && want.Zone == has.Zone
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::]:0")
	if err == nil {
		_ = l.Close()
	}
	return err == nil
}

func everywhere(ip net.IP) bool { return ip == nil || ip.IsUnspecified() }

// inherited sets on each connection what http1.Listening has connections inherit: package net believes that such a
// listener wants a probe every 15 seconds.
type inherited struct{ *net.TCPListener }

func (l inherited) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	_ = c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: 15 * time.Second, Count: 9})
	return c, nil
}

// sharing opens a socket beside that of another process.
func sharing() *net.ListenConfig {
	c := http1.Listening(keepAlive)
	control := c.Control
	c.Control = func(network, address string, raw syscall.RawConn) (err error) {
		if control != nil {
			err = control(network, address, raw)
		}
		return errors.Join(err, raw.Control(reuse))
	}
	return c
}

// share lets others listen beside us. Set only now, it has told us whether others did before.
func share(l *net.TCPListener) {
	if raw, err := l.SyscallConn(); err == nil {
		_ = raw.Control(reuse)
	}
}

func reuse(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }

// Patience is for how long a router may wait for its first table before it serves without one: somebody else serves meanwhile,
// or nobody does.
func (h *Handover) Patience() time.Duration {
	if h != nil && len(h.before) > 0 {
		return time.Minute
	}
	return 5 * time.Second
}

// Serving says that the router is about to accept: predecessors may leave, and successors may come.
func (h *Handover) Serving() {
	if h == nil {
		return
	}
	h.mu.Lock()
	for _, g := range h.given { // addresses that are not wanted any more
		_ = g.listener.Close()
	}
	for _, p := range h.givenUDP {
		p.Close()
	}
	h.given, h.givenUDP = nil, nil
	before := h.before
	h.mu.Unlock()
	for _, c := range before {
		relieve(c)
	}
	h.openDoor()
	close(h.serving)
	if h.parent == nil {
		tellSystemd("READY=1")
	}
}

// Over is closed when a successor that this router has started serves in its place.
func (h *Handover) Over() <-chan struct{} {
	if h == nil {
		return nil
	}
	return h.over
}

// Followed tells whether somebody else serves from the same sockets, so that nobody has to be told to go elsewhere.
func (h *Handover) Followed() bool {
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.followed > 0
}

// Leave shuts the door: there is nothing to follow any more.
func (h *Handover) Leave() {
	if h == nil {
		return
	}
	h.mu.Lock()
	h.leave()
	if h.door != nil {
		_ = h.door.Close()
	}
	h.mu.Unlock()
	h.starting.Wait()
}

// parent is the router that has started this one.
func parent() net.Conn {
	if os.Getenv(variable) == "" {
		return nil
	}
	_ = os.Unsetenv(variable)
	file := os.NewFile(inheritedFile, "predecessor")
	defer file.Close()
	c, err := net.FileConn(file)
	if err != nil {
		return nil
	}
	return c
}

// variable tells a router that its predecessor has started it, and waits at the other end of this file.
const (
	variable      = "_APPIA_PREDECESSOR"
	inheritedFile = 3
)
