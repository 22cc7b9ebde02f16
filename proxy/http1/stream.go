package http1

// A stream is what has come in on a connection and is not used up yet. It has a buffer only while there is something in it.
type stream struct {
	sock  *socket
	buf   []byte
	home  *page // where buf came from; nil: it was made, a head or a chunk line having been too long for a page
	floor int   // bytes in front that strings alias: the head, until its exchange is over
	r, w  int   // the unread bytes
}

// room is the least space worth a read.
const room = 1 << 10

func (s *stream) unread() []byte { return s.buf[s.r:s.w] }
func (s *stream) skip(n int)     { s.r += n }

func (s *stream) borrow() {
	if s.buf == nil {
		s.home = pages.Get().(*page)
		s.buf = s.home[:]
	}
}

// giveBack ends all use of the buffer.
func (s *stream) giveBack() {
	if s.home != nil {
		pages.Put(s.home)
	}
	s.buf, s.home, s.floor, s.r, s.w = nil, nil, 0, 0, 0
}

// release ends the use of the head. What is unread stays.
func (s *stream) release() {
	s.floor = 0
	if s.r == s.w {
		s.r, s.w = 0, 0
	}
}

// makeRoom sees to it that there is space behind the unread bytes, up to max of them; false: there are that many.
func (s *stream) makeRoom(max int) bool {
	s.borrow()
	if len(s.buf)-s.w >= room {
		return true
	}
	if s.r > s.floor {
		s.w = s.floor + copy(s.buf[s.floor:], s.buf[s.r:s.w])
		s.r = s.floor
	}
	if len(s.buf)-s.w >= room {
		return true
	}
	if s.w-s.r >= max {
		return false
	}
	return s.move(max)
}

// move continues in a larger buffer. The old page is given up to the garbage collector: strings may alias it.
func (s *stream) move(max int) bool {
	size := min(2*len(s.buf), max+2*room)
	if s.floor > 0 {
		size = max + 2*room
	}
	larger := make([]byte, size)
	s.w = copy(larger, s.buf[s.r:s.w])
	s.buf, s.home, s.floor, s.r = larger, nil, 0, 0
	return true
}

// fill reads once. short: the socket had no more than that.
func (s *stream) fill() (short bool, err error) {
	space := s.buf[s.w:]
	n, err := s.sock.read(space)
	if err != nil {
		return true, err
	}
	s.w += n
	return n < len(space), nil
}
