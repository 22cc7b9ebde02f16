package http3

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// A router and its successor have a socket each on the same port, as QUIC's connections are a process's and not the kernel's.
// Which of the two a packet is for is written in it: the successor has the kernel look there (SO_ATTACH_REUSEPORT_CBPF, which
// any user may). So connections of the one who leaves go on until their requests are done, and all new ones are the successor's.

// sharing opens a socket beside that of another process of this user.
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

// steer takes what is not for a predecessor, and goes on until there is none. Until then the predecessor's program holds, which
// leaves nothing to anybody else.
//
// Sockets of a port are counted in the order in which they came, and when one goes the last takes its place. With two of them
// that says all. With more, which takes two upgrades within the grace time, the one who goes is taken for the eldest.
func (s *Server) steer() {
	count := place(s.socket)
	if count < 2 {
		s.attach(alone)
		return
	}
	mine, other := count-1, count-2
	s.attach(divide(s.mark, mine, other))
	s.serving.Go(func() {
		look := time.NewTicker(100 * time.Millisecond)
		defer look.Stop()
		for {
			select {
			case <-s.ended.Done():
				return
			case <-look.C:
			}
			switch now := place(s.socket); {
			case now >= count: // a successor has its own program
			case now < 2:
				s.attach(alone)
				return
			default:
				count, mine, other = now, 0, now-1
				s.attach(divide(s.mark, mine, other))
			}
		}
	})
}

func (s *Server) attach(program []bpf.Instruction) {
	raw, err := bpf.Assemble(program)
	if err != nil {
		return
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	conn, err := s.socket.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { // without it the kernel divides clients by their addresses
		_ = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF,
			&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}) //nolint:gosec // it is short
	})
}

// alone gives all packets to the eldest, whoever comes.
var alone = []bpf.Instruction{bpf.RetConstant{Val: 0}}

// divide gives to the other what has an id of a router's that is not of this mark, and the rest to mine (RFC 8999, 5).
func divide(m mark, mine, other int) []bpf.Instruction {
	const long, lengthAt, longID, shortID = 0x80, 5, 6, 1
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: long, SkipFalse: 5},
		// A packet of a handshake, whose id may be of the client's choice.
		bpf.LoadAbsolute{Off: lengthAt, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: idLength, SkipTrue: 8},
		bpf.LoadAbsolute{Off: longID, Size: 1},
		bpf.LoadConstant{Dst: bpf.RegX, Val: longID},
		bpf.Jump{Skip: 2},
		// A packet of a connection.
		bpf.LoadAbsolute{Off: shortID, Size: 1},
		bpf.LoadConstant{Dst: bpf.RegX, Val: shortID},
		// The id is at X, and its first byte is loaded.
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: ofRouters, SkipTrue: 2},
		bpf.LoadIndirect{Off: 1, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(m), SkipTrue: 1},
		bpf.RetConstant{Val: uint32(mine)},  //nolint:gosec // a small count
		bpf.RetConstant{Val: uint32(other)}, //nolint:gosec // a small count
	}
}

// place is how many sockets have the address of this one, itself included; 1 if the system does not tell.
func place(socket *net.UDPConn) int {
	raw, err := socket.SyscallConn()
	if err != nil {
		return 1
	}
	var stat unix.Stat_t
	_ = raw.Control(func(fd uintptr) { _ = unix.Fstat(int(fd), &stat) })
	for _, path := range []string{"/proc/self/net/udp", "/proc/self/net/udp6"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n := countLike(text, fmt.Sprint(stat.Ino)); n > 0 {
			return n
		}
	}
	return 1
}

// countLike counts the lines with the local address that the line of an inode has.
func countLike(text []byte, inode string) (n int) {
	var address string
	var all []string
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		if len(fields) < 10 {
			continue
		}
		all = append(all, fields[1])
		if fields[9] == inode {
			address = fields[1]
		}
	}
	for _, a := range all {
		if a == address {
			n++
		}
	}
	return n
}
