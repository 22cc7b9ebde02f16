package stdhttp

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A gate stands between a client's HTTP/2 connection and net/http, and sees frames pass (RFC 9113, 4.1). What a client may do
// without end, though it makes work, it may do as often here as it also does something useful: a stream that is not reset, data,
// a whole answer taken. Beyond that the connection ends with ENHANCE_YOUR_CALM. Frames' contents are not looked at, but for a
// SETTINGS frame's that says a thing twice, which net/http takes for an attack and the RFC for the last one's value.
type gate struct {
	net.Conn
	refuse func(code string)

	// Read's alone, which one goroutine calls.
	in      frames
	preface int    // of its bytes are still to come
	pending []byte // to be given before anything is read
	resets  budget
	control budget
	pieces  int // frames of one block of fields so far

	useful atomic.Int64  // frames and answers that were written since Read looked
	last   atomic.Uint32 // stream that the client has opened

	mu   sync.Mutex // of what is below, and of writing: for as long as a client takes, so that reading must not want it
	out  frames
	over bool // nothing more is to be written
}

// Why a connection is ended here.
const (
	resetFlood   = "h2-resets"
	controlFlood = "h2-control"
	pieceFlood   = "h2-continuation"
)

const (
	prefaceLength = len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	headLength    = 9
	mostPieces    = 16 // of one block of fields: of 16 KiB each, which is more than any may have
)

// The types of frames, their flags, and the error that tells a client to be calm.
const (
	frameData, frameHeaders, framePriority, frameReset    = 0, 1, 2, 3
	frameSettings, framePing, frameGoAway, frameContinued = 4, 6, 7, 9
	flagEnd, flagAck                                      = 1, 1
	enhanceYourCalm                                       = 11
)

// Gate has a connection that is about to speak HTTP/2 watched. Refuse is told, once, why it was ended.
func Gate(c net.Conn, refuse func(code string)) net.Conn {
	return &gate{Conn: c, refuse: refuse, preface: prefaceLength, resets: newBudget(200, 20), control: newBudget(1000, 50)}
}

type handshakeKey struct{}

// Handshake is an http.Server's ConnContext: it keeps what was agreed on with a client, as net/http takes a gate's connection for
// one in clear.
func Handshake(ctx context.Context, c net.Conn) context.Context {
	g, gated := c.(*gate)
	if !gated {
		return ctx
	}
	below, secure := g.Conn.(interface{ ConnectionState() tls.ConnectionState })
	if !secure {
		return ctx
	}
	state := below.ConnectionState()
	return context.WithValue(ctx, handshakeKey{}, &state)
}

// handshakeOf is what was agreed on with a client; nil: it speaks in clear.
func handshakeOf(r *http.Request) *tls.ConnectionState {
	if r.TLS != nil {
		return r.TLS
	}
	state, _ := r.Context().Value(handshakeKey{}).(*tls.ConnectionState)
	return state
}

// NetConn is the connection below, as crypto/tls calls it.
func (g *gate) NetConn() net.Conn { return g.Conn }

// A budget is how often something may be done: it fills up with time and with what is useful.
type budget struct {
	left, most, second float64
	filled             time.Time
}

func newBudget(most, second float64) budget {
	return budget{left: most, most: most, second: second, filled: time.Now()}
}

// spend takes one, and says whether there was one.
func (b *budget) spend() bool {
	if b.left < 1 { // the clock is only asked when it matters
		now := time.Now()
		b.earn(now.Sub(b.filled).Seconds() * b.second)
		b.filled = now
	}
	b.left--
	return b.left >= 0
}

func (b *budget) earn(n float64) { b.left = min(b.left+n, b.most) }

// frames follows the borders of frames in a stream of bytes.
type frames struct {
	head [headLength]byte
	have int // bytes of head
	left int // bytes of the frame's content that are still to come
}

// next takes bytes up to the end of a frame's head, or of its content. It says how many, and whether a head is whole now.
func (f *frames) next(p []byte) (n int, head bool) {
	if f.left > 0 {
		n = min(f.left, len(p))
		f.left -= n
		return n, false
	}
	n = copy(f.head[f.have:], p)
	if f.have += n; f.have < headLength {
		return n, false
	}
	f.have = 0
	f.left = int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2])
	return n, true
}

func (f *frames) between() bool   { return f.left == 0 && f.have == 0 }
func (f *frames) kind() byte      { return f.head[3] }
func (f *frames) has(b byte) bool { return f.head[4]&b != 0 }
func (f *frames) stream() uint32  { return binary.BigEndian.Uint32(f.head[5:]) &^ (1 << 31) }

// Read implements net.Conn.
func (g *gate) Read(p []byte) (int, error) {
	if len(g.pending) > 0 {
		n := copy(p, g.pending)
		g.pending = g.pending[n:]
		return n, nil
	}
	n, err := g.Conn.Read(p)
	if n == 0 {
		return n, err
	}
	if code := g.watch(p[:n]); code != "" {
		g.calm(code)
		return 0, io.EOF
	}
	return n, err
}

// watch looks at what a client has sent, and says why that is too much.
func (g *gate) watch(p []byte) (code string) {
	skip := min(g.preface, len(p))
	g.preface -= skip
	p = p[skip:]
	for len(p) > 0 {
		n, head := g.in.next(p)
		p = p[n:]
		if !head {
			continue
		}
		if code = g.count(); code != "" {
			return code
		}
		if g.in.kind() == frameSettings && !g.in.has(flagAck) && g.in.left > 6 && g.in.left <= 64*6 {
			p = g.settings(p)
		}
	}
	return ""
}

// count is one frame of the client's.
func (g *gate) count() (code string) {
	kind := g.in.kind()
	if kind != frameContinued {
		g.pieces = 0
	}
	switch kind {
	case frameHeaders:
		g.last.Store(max(g.last.Load(), g.in.stream()))
		g.control.earn(10)
	case frameContinued:
		if g.pieces++; g.pieces > mostPieces {
			return pieceFlood
		}
	case frameReset:
		if g.earnings(); !g.resets.spend() {
			return resetFlood
		}
	case frameData:
		if g.in.left > 0 || g.in.has(flagEnd) {
			g.control.earn(10)
			return ""
		}
		fallthrough
	case framePing, frameSettings, framePriority:
		if g.in.has(flagAck) && kind != frameData && kind != framePriority {
			return ""
		}
		if g.earnings(); !g.control.spend() {
			return controlFlood
		}
	}
	return ""
}

// earnings are what the client has taken since.
func (g *gate) earnings() {
	useful := g.useful.Swap(0)
	g.resets.earn(float64(useful))
	g.control.earn(float64(10 * useful))
}

// settings gives each thing that a SETTINGS frame says twice another name before its last time (RFC 9113, 6.5.3): one of those that
// nobody knows, which are ignored. The rest of the frame that is still to come is waited for. It returns what follows the frame.
func (g *gate) settings(p []byte) []byte {
	content := make([]byte, g.in.left)
	n := copy(content, p)
	if n < len(content) {
		if _, err := io.ReadFull(g.Conn, content[n:]); err != nil {
			g.in.left -= n
			return p[n:] // whatever it is, the next read meets it, too
		}
	}
	seen := map[uint16]bool{}
	for at := len(content) - 6; at >= 0; at -= 6 {
		id := binary.BigEndian.Uint16(content[at:])
		if seen[id] {
			binary.BigEndian.PutUint16(content[at:], 0xf000+uint16(at/6)) // at/6 is below 64
		}
		seen[id] = true
	}
	copy(p, content[:n])
	g.pending = append(g.pending, content[n:]...)
	g.in.left = 0
	return p[n:]
}

// Write implements net.Conn.
func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return 0, net.ErrClosed
	}
	for rest := p; len(rest) > 0; {
		n, head := g.out.next(rest)
		rest = rest[n:]
		if head && (g.out.kind() == frameData && g.out.left > 0 || g.out.kind() <= frameHeaders && g.out.has(flagEnd)) {
			g.useful.Add(1)
		}
	}
	return g.Conn.Write(p)
}

// calm ends the connection, and says so where no frame is half written.
func (g *gate) calm(code string) {
	g.refuse(code)
	_ = g.Conn.SetWriteDeadline(time.Now().Add(time.Second)) // for who is writing, too
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	if !g.out.between() {
		return
	}
	frame := [headLength + 8]byte{2: 8, 3: frameGoAway}
	binary.BigEndian.PutUint32(frame[headLength:], g.last.Load())
	binary.BigEndian.PutUint32(frame[headLength+4:], enhanceYourCalm)
	_, _ = g.Conn.Write(frame[:])
}
