package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A figure is what one contender did under one workload: of one run, or the medians of several.
type figure struct {
	Workload  string  `json:"workload"`
	Contender string  `json:"contender"`
	CPU       float64 `json:"cpu_us_per_request"` // user and system time of its processes
	Rate      float64 `json:"requests_per_second"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	RSS       int64   `json:"rss_bytes"` // proportional set size, in the course of the run
	PerConn   int64   `json:"bytes_per_connection,omitempty"`
	Errors    int     `json:"errors,omitempty"`
	Note      string  `json:"note,omitempty"`
}

// A bench is the whole measurement.
type bench struct {
	options    options
	dir        string
	backends   *backends
	contenders []contender
}

const routesUsually = 100

// rounds measures a workload: in each round every contender has its turn, so that a drift of the machine meets them all.
func (b *bench) rounds(ctx context.Context, w workload) []figure {
	runs := map[string][]figure{}
	for round := range b.options.rounds {
		for _, c := range b.contenders {
			if w.only != nil && !slices.Contains(w.only, c.name) {
				continue
			}
			f, err := b.once(ctx, w, c)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s, %s, round %d: %v\n", w.name, c.name, round+1, err)
				continue
			}
			runs[c.name] = append(runs[c.name], f)
		}
	}
	var list []figure
	for _, c := range b.contenders {
		if len(runs[c.name]) > 0 {
			list = append(list, middle(runs[c.name]))
		}
	}
	return list
}

// once starts a contender, warms it up, measures it and stops it.
func (b *bench) once(ctx context.Context, w workload, c contender) (f figure, err error) {
	p, err := b.plan(w)
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(p.Dir)
	how, err := c.prepare(p)
	if err != nil {
		return f, err
	}
	proc, err := start(how, filepath.Join(p.Dir, "output"))
	if err != nil {
		return f, err
	}
	stop := onlyOnce(proc.stop)
	defer stop()

	r := run{addr: p.Front, secure: p.Secure, host: hostAt(len(p.Routes) / 2), dir: p.Dir, time: b.options.time}
	if err := proc.ready(ctx, r.addr, r.host, time.Minute); err != nil {
		return f, err
	}
	if f, err = b.measure(ctx, w, r, proc); err != nil {
		return f, fmt.Errorf("%w; it said: %s", err, proc.said())
	}
	f.Workload, f.Contender = w.name, c.name
	if w.logs {
		stop() // what it holds back of the log is written
		f.Note = c.logging
		if lines := logged(p, c, proc.output); float64(lines) < 0.9*f.Rate*b.options.time.Seconds() {
			f.Note = "writes no access log: not to be compared"
		}
	}
	return f, nil
}

// plan gives a run its folder, its ports and its routes.
func (b *bench) plan(w workload) (p *plan, err error) {
	p = &plan{Logs: w.logs, Keep: 512, Root: os.Getuid() == 0}
	if w.routes > routesUsually {
		p.Keep = 64 // nginx sets memory aside for each upstream
	}
	p.Routes = routesTo(b.backends, cmp.Or(w.routes, routesUsually))
	if p.Front, err = freeAddress(); err != nil {
		return nil, err
	}
	if p.Admin, err = freeAddress(); err != nil {
		return nil, err
	}
	if p.Dir, err = os.MkdirTemp(b.dir, w.name); err != nil {
		return nil, err
	}
	p.AccessLog = filepath.Join(p.Dir, "access.log")
	if !w.secure {
		return p, nil
	}
	if p.Secure, err = freeAddress(); err != nil {
		return nil, err
	}
	return p, p.certify()
}

func (b *bench) measure(ctx context.Context, w workload, r run, proc *process) (f figure, err error) {
	bounded, cancel := context.WithTimeout(ctx, 2*r.time+time.Minute)
	defer cancel()
	if !w.cold {
		warm := r
		warm.time = b.options.warm
		if _, err := w.drive(bounded, warm); err != nil {
			return f, fmt.Errorf("warm-up: %w", err)
		}
	}
	t := treeOf(proc.cmd.Process.Pid)
	r.memory = t.memory
	held := make(chan int64, 1)
	look := time.AfterFunc(r.time*3/4, func() {
		bytes, _ := t.memory()
		held <- bytes
	})
	defer look.Stop()
	before, err := t.cpu()
	if err != nil {
		return f, err
	}
	l, err := w.drive(bounded, r)
	if err != nil {
		return f, err
	}
	after, err := t.cpu()
	if err != nil {
		return f, err
	}
	if l.requests == 0 {
		return f, fmt.Errorf("no request succeeded, %d did not", l.errors)
	}
	return figure{
		CPU: micros(after-before) / l.requests, Rate: l.requests / l.elapsed.Seconds(),
		P50: micros(l.p50), P99: micros(l.p99), RSS: cmp.Or(l.held, <-held), PerConn: l.perConn, Errors: l.errors,
	}, nil
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// middle takes the median of each column by itself; errors add up.
func middle(list []figure) figure {
	f := list[0]
	f.CPU = median(list, func(f figure) float64 { return f.CPU })
	f.Rate = median(list, func(f figure) float64 { return f.Rate })
	f.P50 = median(list, func(f figure) float64 { return f.P50 })
	f.P99 = median(list, func(f figure) float64 { return f.P99 })
	f.RSS = median(list, func(f figure) int64 { return f.RSS })
	f.PerConn = median(list, func(f figure) int64 { return f.PerConn })
	f.Errors = 0
	for _, one := range list {
		f.Errors += one.Errors
	}
	return f
}

// median is the middle value, of an even number the mean of the two in the middle.
func median[T int64 | float64](list []figure, of func(figure) T) T {
	var values []T
	for _, f := range list {
		values = append(values, of(f))
	}
	slices.Sort(values)
	n := len(values)
	return (values[n/2] + values[(n-1)/2]) / 2
}

func onlyOnce(f func()) func() {
	done := false
	return func() {
		if !done {
			done = true
			f()
		}
	}
}
