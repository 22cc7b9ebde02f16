package http1

import "bytes"

// Chunked content (RFC 9112, 7.1), read more strictly than most do: sizes of up to 15 hexadecimal digits, extensions by
// their grammar without the blanks that it calls bad, lines that end in CRLF. Extensions are dropped, as 7.1.1 wants.

// maxChunkLine bounds a size with its extensions; nobody sends any.
const maxChunkLine = 256

// maxTrailers bounds the fields behind the last chunk.
const maxTrailers = 8 << 10

// chunkLine reads the size line at the front of buf. used is 0 when there is more to come.
func chunkLine(buf []byte) (size int64, used int, f *fault) {
	i := bytes.IndexByte(buf, '\n')
	if i < 0 && len(buf) < maxChunkLine {
		return 0, 0, startsBad(buf)
	}
	if i < 0 || i >= maxChunkLine {
		return 0, 0, badExtension
	}
	if i == 0 || buf[i-1] != '\r' {
		return 0, 0, badChunk
	}
	line := buf[:i-1]
	n := 0
	for n < len(line) && hexOf(line[n]) >= 0 {
		n++
	}
	if n == 0 || n > 15 {
		return 0, 0, badChunk
	}
	if !validExtensions(line[n:]) {
		return 0, 0, badExtension
	}
	for _, c := range line[:n] {
		size = size<<4 | int64(hexOf(c))
	}
	return size, i + 1, nil
}

// startsBad refuses a line that can become no size, without waiting for its end.
func startsBad(buf []byte) *fault {
	if len(buf) > 0 && hexOf(buf[0]) < 0 {
		return badChunk
	}
	return nil
}

func hexOf(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c - 'a' + 10)
	case 'A' <= c && c <= 'F':
		return int(c - 'A' + 10)
	}
	return -1
}

// validExtensions accepts *( ";" token [ "=" ( token / quoted-string ) ] ).
func validExtensions(b []byte) bool {
	for len(b) > 0 {
		if b[0] != ';' {
			return false
		}
		n := tokenLength(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
		if len(b) == 0 || b[0] != '=' {
			continue
		}
		if n = valueLength(b[1:]); n == 0 {
			return false
		}
		b = b[1+n:]
	}
	return true
}

func tokenLength(b []byte) int {
	n := 0
	for n < len(b) && tokens[b[n]] {
		n++
	}
	return n
}

// valueLength is the length of a token or a quoted string; 0: neither.
func valueLength(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		return tokenLength(b)
	}
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i++
		case c < ' ' && c != '\t' || c == 0x7f:
			return 0
		}
	}
	return 0
}

// readTrailers reads the section behind the last chunk into h; 0: more to come.
func readTrailers(buf []byte, h *head) (used int, f *fault) {
	h.reset()
	used, f = h.read(buf, 0, maxTrailerFields)
	switch {
	case f != nil:
		return 0, f
	case used > maxTrailers, used == 0 && len(buf) >= maxTrailers:
		return 0, longTrailer
	case h.length >= 0 || h.chunked || h.hosts > 0 || h.closing || h.keeping || h.upgrade:
		return 0, badTrailer // RFC 9110, 6.5.1: what frames or routes a message comes before it
	}
	return used, nil
}

const maxTrailerFields = 64
