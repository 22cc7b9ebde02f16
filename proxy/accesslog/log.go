// Package accesslog writes a line for each request, in the common format of Traefik 1.7 or as JSON.
//
// A request's line is made on its own goroutine, since its texts live no longer than the request, into memory that is used
// again. Another goroutine writes what has gathered, so that a slow disk costs lines, which are counted, and no request.
package accesslog

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// A Format is how lines look.
type Format uint8

// The formats of Traefik 1.7.
const (
	Common Format = iota // "common", the CLF with more behind it
	JSON                 // an object a line
)

// String is the format as flags have it.
func (f Format) String() string { return [...]string{"common", "json"}[f] }

// Options say where lines go and what is in them. The zero value writes every request to standard output.
type Options struct {
	Path    string // of a file that is added to; "": standard output
	Format  Format
	Waiting int // lines that may wait for being written, more are lost; 0: DefaultWaiting
	Filter  Filter
	Fields  Fields
	Headers Headers
	// Failed hears when lines begin to be lost, and why. It is called on any goroutine; nil: nobody hears.
	Failed func(error)
}

// A Log is written to by any number of requests at once.
type Log struct {
	options Options
	fields  [fieldCount]bool // that are kept
	referer Mode             // of the two headers that the common format shows
	agent   Mode
	count   atomic.Uint64
	records sync.Pool
	backlog *backlog
}

// Open opens the file and begins to write; Close has to follow.
func Open(o Options) (*Log, error) {
	file, err := OpenFile(o.Path)
	if err != nil {
		return nil, err
	}
	l := newLog(o)
	l.backlog = newBacklog(file, o.Waiting, o.Failed)
	return l, nil
}

func newLog(o Options) *Log {
	l := &Log{options: o, records: sync.Pool{New: func() any { return new(Record) }}}
	for f := range fieldCount {
		l.fields[f] = o.Fields.keeps(f)
	}
	l.referer, l.agent = o.Headers.mode("Referer"), o.Headers.mode("User-Agent")
	return l
}

// Begin makes the record of a request that has just come. End takes it back.
func (l *Log) Begin(q *message.Request, started time.Time) *Record {
	r := l.records.Get().(*Record)
	r.begin(q, started)
	if l.options.Format == JSON {
		r.request = l.appendHeaders(r, r.request[:0], "request_", &q.Fields)
	}
	return r
}

// Origin notes an answer as it came from an endpoint, or from the router in its place, before filters change it.
func (l *Log) Origin(r *Record, a *message.Response) {
	r.OriginStatus = a.Status
	if l.options.Format == JSON {
		r.origin = l.appendHeaders(r, r.origin[:0], "origin_", &a.Fields)
	}
}

// Answer notes an answer as the client gets it.
func (l *Log) Answer(r *Record, a *message.Response) {
	if l.options.Format == JSON {
		r.downstream = l.appendHeaders(r, r.downstream[:0], "downstream_", &a.Fields)
	}
}

// End writes the record's line, if the filter lets it, and takes the record back.
func (l *Log) End(r *Record) {
	r.Count = l.count.Add(1)
	if l.options.Filter.lets(r) {
		if l.options.Format == JSON {
			r.line = l.appendJSON(r.line[:0], r)
		} else {
			r.line = l.appendCommon(r.line[:0], r)
		}
		l.backlog.add(r.line)
	}
	l.Drop(r)
}

// Drop takes back the record of a request that is not to be logged.
func (l *Log) Drop(r *Record) {
	r.reset()
	l.records.Put(r)
}

// Lost is the number of lines that could not be written.
func (l *Log) Lost() uint64 { return l.backlog.lost.Load() }

// Reopen opens the file by its name again, for whoever has moved it away. Lines of before stay in the old one.
func (l *Log) Reopen() error { return l.backlog.reopen() }

// Close writes what waits. Lines that come later are lost.
func (l *Log) Close() error { return l.backlog.close() }
