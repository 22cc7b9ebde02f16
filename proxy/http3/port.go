package http3

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"

	"github.com/quic-go/quic-go"
	"go.uber.org/zap"
)

// A Port is a UDP port that several routers can have at a time, each with connections of its own: QUIC's are a process's, and
// not the kernel's. It has a socket for each of the routers that may follow each other while connections of the first are still
// under way. All have all sockets, so that none ever goes and the kernel's count of them holds, and each reads from its own.
// Which socket a packet is for is written in it: connection ids are made by servers (RFC 9000, 5.1), and ours tell the socket.
// A router that begins to serve has the kernel look there, and give it whatever is of no connection yet (port_linux.go).
type Port struct {
	Sockets []*net.UDPConn
	Slot    int // the socket that this router reads from
}

// Slots is how many sockets a Port has where the kernel can tell them apart.
const Slots = 8

// OpenPort opens a port that nobody has.
func OpenPort(ctx context.Context, address string) (*Port, error) {
	quiet()
	first, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address) // nobody may share it who cannot ask for its sockets
	if err != nil {
		return nil, fmt.Errorf("HTTP/3: %w", err)
	}
	if slots == 1 {
		return &Port{Sockets: []*net.UDPConn{first.(*net.UDPConn)}}, nil
	}
	address = first.LocalAddr().String()
	_ = first.Close()
	p := &Port{}
	for range slots {
		socket, err := sharing().ListenPacket(ctx, "udp", address)
		if err != nil {
			p.Close()
			return nil, fmt.Errorf("HTTP/3: %w", err)
		}
		p.Sockets = append(p.Sockets, socket.(*net.UDPConn))
	}
	p.steer()
	return p, nil
}

// Next is the port as the router's successor has it, with the same sockets.
func (p *Port) Next() *Port {
	return &Port{Sockets: p.Sockets, Slot: (p.Slot + 1) % len(p.Sockets)}
}

// Close closes this process's sockets.
func (p *Port) Close() {
	for _, s := range p.Sockets {
		_ = s.Close()
	}
}

func (p *Port) socket() *net.UDPConn { return p.Sockets[p.Slot] }

const (
	ofRouters = 0xa9 // what all ids begin with
	idLength  = 10   // clients mostly begin with ids of 8
)

// GenerateConnectionID implements quic.ConnectionIDGenerator.
func (p *Port) GenerateConnectionID() (quic.ConnectionID, error) {
	id := [idLength]byte{ofRouters, byte(p.Slot)} //nolint:gosec // there are few
	_, err := rand.Read(id[2:])
	return quic.ConnectionIDFromBytes(id[:]), err
}

// ConnectionIDLen implements quic.ConnectionIDGenerator.
func (p *Port) ConnectionIDLen() int { return idLength }

// wantedBuffer is what quic-go wants the kernel to hold for a socket, so that a burst from a fast client is not lost.
const wantedBuffer = 7 << 20

// quiet keeps quic-go from writing to the standard log that it got less; askForBuffer has its own word for it.
var quiet = sync.OnceFunc(func() { _ = os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true") })

func askForBuffer(socket *net.UDPConn, log *zap.Logger) {
	_ = socket.SetReadBuffer(wantedBuffer)
	if got := bufferOf(socket); got > 0 && got < wantedBuffer {
		log.Info("the kernel holds little for HTTP/3, so that fast uploads are slowed; on the node, sysctl -w net.core.rmem_max="+strconv.Itoa(wantedBuffer),
			zap.Stringer("address", socket.LocalAddr()), zap.Int("bytes", got))
	}
}
