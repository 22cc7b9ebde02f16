package handover

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/appia-edge/appia/proxy/http3"
)

// What routers say to each other, a message each, over a socket of the system:
//
//	sockets → the listening sockets, with the files
//	ready   → go: the one who asks has a table and waits to accept, the one who answers leaves or will be told to
//	upgrade → done, or why not: from the command
const (
	wantSockets = "sockets"
	isReady     = "ready"
	goOn        = "go"
	doUpgrade   = "upgrade"
	isDone      = "done"
)

// patience is for an answer of somebody who has no reason to wait.
const patience = 3 * time.Second

// doorPrefix is before a process id in the names of doors. They are abstract names: of the network namespace, like ports, and gone
// with their process. Who may come in is checked by its user (strangers).
const doorPrefix = "@appia-router-"

// ask gets a predecessor's sockets.
func (h *Handover) ask(c net.Conn) {
	listeners, ports, err := receive(c)
	if err != nil || len(listeners) == 0 {
		h.log.Info("a running router does not hand over its sockets", zap.Error(err))
		_ = c.Close()
		return
	}
	h.before = append(h.before, c)
	for _, l := range listeners {
		h.given = append(h.given, gift{l, c})
	}
	h.givenUDP = append(h.givenUDP, ports...)
}

// receive asks for the sockets and checks that they are what can be listened on.
func receive(c net.Conn) (all []*net.TCPListener, ports []*http3.Port, err error) {
	_ = c.SetDeadline(time.Now().Add(patience))
	defer func() { _ = c.SetDeadline(time.Time{}) }()
	if _, err := c.Write([]byte(wantSockets)); err != nil {
		return nil, nil, err
	}
	by, ok := c.(*net.UnixConn)
	if !ok {
		return nil, nil, fmt.Errorf("%T carries no files", c)
	}
	text, rights := make([]byte, 32<<10), make([]byte, unix.CmsgSpace(4*maxSockets))
	length, n, _, _, err := by.ReadMsgUnix(text, rights)
	if err != nil {
		return nil, nil, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	if err != nil {
		return nil, nil, err
	}
	var sockets []*net.UDPConn
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return nil, nil, err
		}
		for _, fd := range fds {
			switch s := socketOf(fd).(type) {
			case *net.TCPListener:
				all = append(all, s)
			case *net.UDPConn:
				sockets = append(sockets, s)
			}
		}
	}
	return all, portsOf(text[:length], sockets), nil
}

// portsOf puts sockets together as the names say that came with them: "udp ADDRESS SLOT", a name a socket, those of a port in
// their order. What does not fit is closed.
func portsOf(text []byte, sockets []*net.UDPConn) (ports []*http3.Port) {
	var names []string
	_ = json.Unmarshal(text, &names)
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, udpName) })
	for len(sockets) >= http3.Slots && len(names) >= http3.Slots {
		slot, err := strconv.Atoi(names[0][strings.LastIndexByte(names[0], ' ')+1:])
		if err != nil || slot < 0 || slot >= http3.Slots {
			break
		}
		before := &http3.Port{Sockets: slices.Clone(sockets[:http3.Slots]), Slot: slot}
		ports = append(ports, before.Next())
		sockets, names = sockets[http3.Slots:], names[http3.Slots:]
	}
	for _, s := range sockets {
		_ = s.Close()
	}
	return ports
}

const udpName = "udp "

// maxSockets is what one message can carry.
const maxSockets = 250

// socketOf is a TCP listener or a UDP socket; nil: it is neither.
func socketOf(fd int) io.Closer {
	file := os.NewFile(uintptr(fd), "socket")
	defer file.Close()
	if l, err := net.FileListener(file); err == nil {
		return l
	}
	if c, err := net.FilePacketConn(file); err == nil {
		return c
	}
	return nil
}

// relieve tells a predecessor that somebody else is ready, and waits for its word: it may have given us up. One that is dead, or
// hangs, has none.
func relieve(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(patience))
	defer func() { _ = c.SetDeadline(time.Time{}) }()
	if _, err := c.Write([]byte(isReady)); err == nil {
		_, _ = c.Read(make([]byte, len(goOn)))
	}
}

// openDoor lets successors ask. Without a door they share the port.
func (h *Handover) openDoor() {
	door, err := listenAbstract(fmt.Sprintf("%s%d", doorPrefix, os.Getpid()))
	if err != nil {
		h.log.Debug("sockets cannot be handed over to a router that somebody else starts", zap.Error(err))
		return
	}
	h.mu.Lock()
	h.door = door
	h.mu.Unlock()
	go func() {
		for {
			c, err := door.AcceptUnix()
			if err != nil {
				return // it was shut
			}
			if stranger(c) {
				_ = c.Close()
				continue
			}
			go h.answer(c)
		}
	}()
}

// answer talks with whoever has come in, until he ends.
func (h *Handover) answer(c *net.UnixConn) {
	defer c.Close()
	follows := false
	defer func() {
		if follows {
			h.count(-1)
		}
	}()
	for {
		switch word, err := hear(c); {
		case err != nil:
			return
		case word == wantSockets:
			err = h.give(c)
			if err != nil {
				return
			}
		case word == isReady && !follows:
			follows = true
			h.count(1)
			h.log.Info("another router serves from the same sockets")
			_, _ = c.Write([]byte(goOn))
		case word == doUpgrade:
			text := isDone
			if pid, err := h.Upgrade(); err != nil {
				text = err.Error()
			} else {
				text += fmt.Sprintf(": process %d serves now", pid)
			}
			_, _ = c.Write([]byte(text))
		}
	}
}

func (h *Handover) count(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.followed += n
}

func hear(c net.Conn) (string, error) {
	var b [4 << 10]byte
	n, err := c.Read(b[:])
	return string(b[:n]), err
}

// give sends the sockets.
func (h *Handover) give(c *net.UnixConn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	var fds []int
	for _, l := range h.open {
		raw, err := l.SyscallConn()
		if err != nil {
			continue
		}
		_ = raw.Control(func(fd uintptr) { fds = append(fds, int(fd)) })
		names = append(names, l.Addr().String())
	}
	for _, p := range h.ports {
		for _, s := range p.Sockets {
			raw, err := s.SyscallConn()
			if err != nil {
				return err
			}
			_ = raw.Control(func(fd uintptr) { fds = append(fds, int(fd)) })
			names = append(names, fmt.Sprint(udpName, s.LocalAddr(), " ", p.Slot))
		}
	}
	text, err := json.Marshal(names)
	if err != nil {
		return err
	}
	if len(fds) > maxSockets {
		return errors.New("too many sockets for one message")
	}
	_, _, err = c.WriteMsgUnix(text, unix.UnixRights(fds...), nil)
	return err
}

// doors lists those of this network namespace.
func doors() (names []string) {
	text, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return nil // no Linux
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 8 && strings.HasPrefix(fields[7], doorPrefix) && !slices.Contains(names, fields[7]) {
			names = append(names, fields[7])
		}
	}
	return names
}

// knock goes to a door. A socket of somebody else's is nothing to serve from.
func knock(name string) (*net.UnixConn, error) {
	c, err := net.DialTimeout("unixpacket", name, patience)
	if err != nil {
		return nil, err
	}
	by := c.(*net.UnixConn)
	if stranger(by) {
		_ = c.Close()
		return nil, errors.New("it belongs to another user")
	}
	return by, nil
}
