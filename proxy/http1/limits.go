package http1

import "time"

// Limits bound what a connection may cost us. A duration of zero is no limit, a size of zero the default.
type Limits struct {
	HeadBytes   int // of a head, start line included
	Fields      int // lines of a head
	TargetBytes int // of a request's target

	Head  time.Duration // from the first byte of a request's head to its last: a slow loris
	Body  time.Duration // between two pieces of a request's body
	Idle  time.Duration // between two requests
	Write time.Duration // between two pieces that the client takes of an answer: a slow reader
	Whole time.Duration // from a request's head to the end of its answer; tunnels have all the time they want
	Gone  time.Duration // until a client that closed its sending half counts as gone when no answer comes
}

// Defaults are limits that are safe to face the world with.
func Defaults() Limits {
	return Limits{
		HeadBytes: 64 << 10, Fields: 128, TargetBytes: 16 << 10,
		Head: 10 * time.Second, Body: time.Minute, Idle: 3 * time.Minute, Write: time.Minute, Gone: 5 * time.Second,
	}
}

// filled puts defaults for the sizes that are not given.
func (l Limits) filled() Limits {
	d := Defaults()
	if l.HeadBytes <= 0 {
		l.HeadBytes = d.HeadBytes
	}
	if l.Fields <= 0 {
		l.Fields = d.Fields
	}
	if l.TargetBytes <= 0 {
		l.TargetBytes = d.TargetBytes
	}
	return l
}
