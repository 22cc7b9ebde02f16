package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/appia-edge/appia/cmd/internal/app"
	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// A stage is a miniature swarm with a router in front of it.
type stage struct {
	stacks   []stack
	folder   string // of the swarm's socket
	engine   *embedded.Engine
	client   *swarm.Client
	external []string // networks that the stacks leave to others to make
	entry    net.Listener
	admin    net.Listener
	messages string // where the router takes them, if there are any
	flags    []string
	remarks  []string // of the router on its flags
	tables   *feed
	router   *app.App
}

// build sets everything up. Until close, the caller owns what is there.
func build(ctx context.Context, o Options, stacks []stack) (*stage, error) {
	s := &stage{stacks: stacks, tables: newFeed()}
	for _, step := range []func(context.Context, Options) error{s.listen, s.raiseSwarm, s.join, s.wire} {
		if err := step(ctx, o); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// close takes down what is there, in the order opposite to its making.
func (s *stage) close() {
	if s.client != nil {
		s.client.Close()
	}
	if s.engine != nil {
		s.engine.Close()
	}
	if s.folder != "" {
		os.RemoveAll(s.folder)
	}
	for _, l := range []net.Listener{s.admin, s.entry} {
		if l != nil {
			l.Close()
		}
	}
}

// listen opens both sockets before anything else: a port that is taken is the likeliest thing to go wrong.
func (s *stage) listen(ctx context.Context, o Options) (err error) {
	if s.entry, err = listen(ctx, "--addr", o.Addr, ":18000", ":28000"); err != nil {
		return err
	}
	s.admin, err = listen(ctx, "--admin", o.Admin, ":18080", ":28080")
	return err
}

// listen advises another address if that in the flag is of no use, and yet another if that was what it advised.
func listen(ctx context.Context, flag, address, other, yetAnother string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("%s %s: an address has a port after a colon, as in %s %s", flag, address, flag, other)
	}
	if strings.HasSuffix(address, other) {
		other = yetAnother
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s %s: something listens there already; choose a free port, as in %s %s", flag, address, flag, other)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, address, err)
	}
	return l, nil
}

// raiseSwarm deploys the stacks and waits until their tasks run: the router comes to a swarm that is there.
func (s *stage) raiseSwarm(ctx context.Context, o Options) (err error) {
	s.engine = embedded.New(embedded.Options{Pace: o.Pace})
	for _, stack := range s.stacks {
		external, err := s.engine.DeployFrom(stack.folder(), stack.name, stack.text)
		if err != nil {
			return fmt.Errorf("--stack %s: %s", stack.path, strings.Join(strings.Fields(reason(err, stack.name)), " "))
		}
		s.external = append(s.external, external...)
	}
	slices.Sort(s.external)
	s.external = slices.Compact(s.external)
	return poll(ctx, func() bool { return settled(s.engine) })
}

// reason is why a file could not be deployed. The stack's name says nothing to whoever gave a path.
func reason(err error, name string) string {
	return strings.TrimPrefix(err.Error(), "stack "+name+": ")
}

// poll waits for what nothing tells of.
func poll(ctx context.Context, done func() bool) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// settled: no task is on its way anywhere.
func settled(e *embedded.Engine) bool {
	for _, service := range e.Services() {
		for _, task := range service.Tasks {
			if !running(task) {
				return false
			}
		}
	}
	return true
}

func running(t embedded.Task) bool { return t.State == "running" && t.Desired == "running" }

// join opens the swarm's socket and makes the router a container that is attached to the external networks of the stacks, as
// deploy/stack.yml attaches it: a service that is on none of them is out of its reach here, as it would be there. Where no stack
// names one, it is attached to all networks, since there would be nothing to show.
func (s *stage) join(ctx context.Context, _ Options) (err error) {
	if s.folder, err = os.MkdirTemp(tempRoot(), "appia-demo-"); err != nil {
		return err
	}
	endpoint, err := s.engine.ListenUnix(filepath.Join(s.folder, "docker.sock"))
	if err != nil {
		return err
	}
	store := filepath.Join(s.folder, "control.sock")
	if err := s.engine.ListenStore(store); err != nil {
		return err
	}
	names := s.external
	if len(names) == 0 {
		if names, err = networks(ctx, endpoint); err != nil {
			return err
		}
	}
	self := []string{s.engine.RunContainer("appia", names...)}
	s.client, err = swarm.Dial(swarm.Options{Endpoint: endpoint, Socket: store, Self: func() []string { return self }})
	return err
}

// tempRoot is where sockets can be: their paths may have 104 bytes on macOS, 108 on Linux.
func tempRoot() string {
	if dir := os.TempDir(); len(dir) <= 70 {
		return dir
	}
	return "/tmp"
}

// networks asks for the swarm's networks with a client of its own: one that is the router's would remember that it has none.
func networks(ctx context.Context, endpoint string) (names []string, err error) {
	client, err := swarm.Dial(swarm.Options{Endpoint: endpoint, Self: func() []string { return nil }})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	seen, err := client.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range seen.Networks {
		if !n.Ingress {
			names = append(names, n.Name)
		}
	}
	return names, nil
}

// wire makes the router, by the flags of the stack file that it takes over from Traefik 1.x, and the reader's.
func (s *stage) wire(_ context.Context, o Options) error {
	s.flags = []string{
		"--web", "--web.address=" + s.admin.Addr().String(),
		"--docker", "--docker.swarmmode", "--docker.watch",
		"--defaultEntryPoints=http", "--entryPoints=Name:http Address:" + s.entry.Addr().String() + " compress:true",
	}
	if o.LogLevel != "" {
		s.flags = append(s.flags, "--logLevel="+o.LogLevel)
	}
	given, remarks, err := readersFlags(o.Router)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(given, func(flag string) bool { return nameOf(flag) == "docker.domain" }) {
		s.flags = append(s.flags, "--docker.domain=litup.me")
	}
	s.flags = append(s.flags, given...)
	c, more, err := configure(s.flags)
	if err != nil {
		return err
	}
	s.remarks = append(remarks, more...)
	s.messagesAt(c)
	s.router, err = app.New(c, app.World{
		Swarm: s.client, Dial: s.engine.DialContext, Listen: s.opened, OnTable: s.tables.put, Version: o.Version,
	}, newLog(o, c.LogLevel))
	return err
}

// readersFlags are the reader's flags for the router. Those that place it in the world are the demo's own.
func readersFlags(given []string) (clean, remarks []string, err error) {
	clean, remarks, err = config.Normalize(given)
	if err != nil {
		return nil, nil, err
	}
	for _, flag := range clean {
		if instead, ok := demosOwn(nameOf(flag)); ok {
			return nil, nil, fmt.Errorf("leave out %s behind the --: in the demo %s", flag, instead)
		}
	}
	return clean, remarks, nil
}

func nameOf(flag string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
	return name
}

// demosOwn says what is in the place of a flag that the reader cannot give.
func demosOwn(name string) (instead string, ok bool) {
	switch {
	case name == "entryPoints" || name == "defaultEntryPoints":
		return "there is one entry point, http, and --addr places it", true
	case strings.HasPrefix(name, "web."), name == "web", strings.HasPrefix(name, "api"), strings.HasPrefix(name, "ping"), strings.HasPrefix(name, "metrics.prometheus"):
		return "the dashboard is always there, and --admin places it", true
	case name == "docker.endpoint" || strings.HasPrefix(name, "docker.tls"):
		return "the swarm is embedded", true
	case name == "configFile":
		return "there is no file", true
	case name == "stateDir":
		return "nothing is left behind", true
	case name == "logLevel" || name == "debug":
		return "--logLevel stands before the --", true
	case name == "help":
		return "it says nothing; appia --help lists the router's flags", true
	}
	return "", false
}

func configure(flags []string) (c *config.Config, remarks []string, err error) {
	c = config.Default()
	clean, _, err := config.Normalize(flags)
	if err != nil {
		return nil, nil, err
	}
	if err := config.Flags(c).Parse(clean); err != nil {
		return nil, nil, err
	}
	remarks, err = c.Finish()
	c.StateDir = ""           // what this swarm was is of no use to the next
	c.Grace = 2 * time.Second // nobody waits ten for a demo to end
	return c, remarks, err
}

// opened gives the router the sockets that are already there. That of messages is opened when the stacks have any.
func (s *stage) opened(ctx context.Context, network, address string) (net.Listener, error) {
	for _, l := range []net.Listener{s.admin, s.entry} {
		if address == l.Addr().String() {
			return l, nil
		}
	}
	return new(net.ListenConfig).Listen(ctx, network, address)
}

// messagesAt has messages come where requests do: to this machine alone, say.
func (s *stage) messagesAt(c *config.Config) {
	host, _, _ := net.SplitHostPort(s.entry.Addr().String())
	_, port, err := net.SplitHostPort(c.Act.Address)
	if err == nil && !c.Act.Early {
		c.Act.Address = net.JoinHostPort(host, port)
	}
	s.messages = c.Act.Address
}

// newLog writes to its own stream, so that it can be parted from the show.
func newLog(o Options, level zapcore.Level) *zap.Logger {
	if o.LogLevel == "" || o.Log == nil {
		return zap.NewNop()
	}
	encoding := zap.NewDevelopmentEncoderConfig()
	encoding.ConsoleSeparator = " "
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(encoding), zapcore.Lock(zapcore.AddSync(io.Writer(o.Log))), level))
}
