package http3

import (
	"net"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const slots = Slots

// sharing opens a socket beside others of this user.
func sharing() *net.ListenConfig {
	return &net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		cerr := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
		if cerr != nil {
			return cerr
		}
		return err
	}}
}

// bufferOf is what the kernel holds for a socket; it tells twice that, with what it needs itself (socket(7)).
func bufferOf(socket *net.UDPConn) (size int) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { size, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF) })
	return size / 2
}

// steer has the kernel give each socket the packets of its connections, and the rest to this router's
// (SO_ATTACH_REUSEPORT_CBPF, which any user may).
func (p *Port) steer() {
	raw, err := bpf.Assemble(divide(p.Slot))
	if err != nil {
		return
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	conn, err := p.socket().SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) {
		_ = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF,
			&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}) //nolint:gosec // it is short
	})
}

// divide returns the number of the socket that a packet is for (RFC 8999, 5): the order in which they were opened counts.
func divide(mine int) []bpf.Instruction {
	const long, lengthAt, longID, shortID = 0x80, 5, 6, 1
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: long, SkipFalse: 5},
		// A packet of a handshake, whose id may be of the client's choice.
		bpf.LoadAbsolute{Off: lengthAt, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: idLength, SkipTrue: 9},
		bpf.LoadConstant{Dst: bpf.RegX, Val: longID},
		bpf.LoadIndirect{Off: 0, Size: 1},
		bpf.Jump{Skip: 2},
		// A packet of a connection.
		bpf.LoadConstant{Dst: bpf.RegX, Val: shortID},
		bpf.LoadIndirect{Off: 0, Size: 1},
		// The id is at X, and its first byte is loaded.
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: ofRouters, SkipTrue: 3},
		bpf.LoadIndirect{Off: 1, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: slots, SkipTrue: 1},
		bpf.RetA{},
		bpf.RetConstant{Val: uint32(mine)}, //nolint:gosec // there are few
	}
}
