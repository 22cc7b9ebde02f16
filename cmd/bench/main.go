// Command bench measures Appia beside nginx and HAProxy, and beside Traefik and Caddy if it is given them: CPU time per
// request above all, as requests a second are a property of the whole machine. docs/benchmarks-peers.md tells the method.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := benchmark(ctx, os.Args[1:])
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func benchmark(ctx context.Context, args []string) error {
	o, err := parseOptions(args, os.Stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "appia-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{options: o, dir: dir}
	works, err := b.prepare(ctx)
	if err != nil {
		return err
	}
	defer b.backends.stop()
	bounded, cancel := context.WithTimeout(ctx, b.patience(len(works)))
	defer cancel()
	return errors.Join(b.report(bounded, works), bounded.Err())
}

// prepare chooses, builds and starts what all runs share.
func (b *bench) prepare(ctx context.Context) ([]workload, error) {
	appia := b.options.appia
	works, list, err := choose(b.options.only, workloads(), contenders(b.options, appia))
	if err != nil {
		return nil, err
	}
	if err := installed("nginx", "haproxy", "wrk", "h2load"); err != nil {
		return nil, err
	}
	if appia == "" && list[0].name == "appia" {
		if appia, err = buildAppia(ctx, b.dir); err != nil {
			return nil, err
		}
		_, list, _ = choose(b.options.only, workloads(), contenders(b.options, appia))
	}
	b.contenders = list
	b.backends, err = startBackends(ctx, b.dir)
	return works, err
}

func installed(tools ...string) error {
	for _, tool := range tools {
		if _, err := exec.LookPath(withSbin(tool, tool)); err != nil {
			return fmt.Errorf("%s is missing: run cmd/bench/prepare", tool)
		}
	}
	return nil
}

// patience is an upper bound for everything: twice what runs take, and a minute for each workload to start its contenders.
func (b *bench) patience(works int) time.Duration {
	each := 2 * (b.options.warm + b.options.time + overtime)
	return time.Duration(works) * (time.Minute + time.Duration(b.options.rounds*len(b.contenders))*each)
}

// report measures and prints as it goes; JSON comes at the end, whole, even after ctrl-C.
func (b *bench) report(ctx context.Context, works []workload) error {
	all := []figure{}
	var asked []string
	for _, w := range works {
		list := b.rounds(ctx, w)
		if ctx.Err() != nil {
			break
		}
		all, asked = append(all, list...), append(asked, w.name)
		out := os.Stdout
		if b.options.json {
			out = os.Stderr
		}
		printWorkload(out, w, list)
	}
	if !b.options.json {
		printRatios(os.Stdout, asked, b.contenders, all)
		return nil
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(all)
}
