package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// A wire is a client's connection, with as little HTTP as the benchmark needs: the client must not cost what the
// contender is measured for.
type wire struct {
	net.Conn
	in *bufio.Reader
}

func dialWire(addr string, deadline time.Time) (*wire, error) {
	c, err := net.DialTimeout("tcp4", addr, time.Until(deadline))
	if err != nil {
		return nil, err
	}
	return &wire{Conn: c, in: bufio.NewReaderSize(c, 4<<10)}, c.SetDeadline(deadline)
}

// get sends a request and reads an answer, which must be a 200 of known length.
func (c *wire) get(request []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	status, length, err := c.head()
	if err != nil {
		return err
	}
	if status != 200 {
		return fmt.Errorf("answered %d", status)
	}
	if length < 0 {
		return fmt.Errorf("an answer without Content-Length")
	}
	_, err = c.in.Discard(length)
	return err
}

var contentLength = []byte("content-length:")

// head reads up to the empty line; length is -1 if none is told.
func (c *wire) head() (status, length int, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < 12 {
		return 0, 0, fmt.Errorf("no status line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, fmt.Errorf("no status line: %q", line)
	}
	length = -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return status, length, nil
		}
		if n := len(contentLength); len(line) > n && bytes.EqualFold(line[:n], contentLength) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[n:]))); err != nil {
				return 0, 0, err
			}
		}
	}
}
