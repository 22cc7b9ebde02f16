package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// options are the command line.
type options struct {
	only           []string
	json           bool
	rounds         int
	time           time.Duration // of a measured run
	warm           time.Duration
	appia          string
	http1          string
	traefik, caddy string
}

func parseOptions(args []string, out io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	quick := flags.Bool("quick", false, "one round of one second: a first impression")
	seconds := flags.Int("seconds", 0, "length of a measured run (4; quick: 1)")
	flags.IntVar(&o.rounds, "rounds", 0, "rounds that the medians are of (3; quick: 1)")
	flags.BoolVar(&o.json, "json", false, "print an array of JSON objects in place of tables")
	flags.StringVar(&o.appia, "appia", "", "Appia's `path`; without it ./cmd/appia is built")
	flags.StringVar(&o.http1, "http1", "", "passed to Appia: the `engine` of its HTTP/1.1 (appia or std)")
	flags.StringVar(&o.traefik, "traefik", "", "`path` of a Traefik v3, which then takes part")
	flags.StringVar(&o.caddy, "caddy", "", "`path` of a Caddy 2, which then takes part")
	flags.Func("only", "the `name` of a workload or a contender; may be repeated", func(name string) error {
		o.only = append(o.only, name)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	o.warm, o.time = time.Second, 4*time.Second
	if o.rounds == 0 {
		o.rounds = 3
		if *quick {
			o.rounds = 1
		}
	}
	if *quick {
		o.time = time.Second
	}
	if *seconds > 0 {
		o.time = time.Duration(*seconds) * time.Second
	}
	if o.rounds < 1 || *seconds < 0 {
		return o, fmt.Errorf("rounds and seconds are at least 1")
	}
	return o, o.absolute()
}

// absolute checks that given programs are there.
func (o *options) absolute() error {
	for _, path := range []string{o.appia, o.traefik, o.caddy} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	return nil
}

// choose keeps what --only names. Names of one kind do not limit the other.
func choose(only []string, works []workload, list []contender) ([]workload, []contender, error) {
	isWork := func(name string) bool {
		return slices.ContainsFunc(works, func(w workload) bool { return w.name == name })
	}
	isContender := func(name string) bool {
		return slices.ContainsFunc(list, func(c contender) bool { return c.name == name })
	}
	for _, name := range only {
		if !isWork(name) && !isContender(name) {
			return nil, nil, fmt.Errorf("--only %s: there are %s", name, strings.Join(names(works, list), ", "))
		}
	}
	if slices.ContainsFunc(only, isWork) {
		works = slices.DeleteFunc(works, func(w workload) bool { return !slices.Contains(only, w.name) })
	}
	if slices.ContainsFunc(only, isContender) {
		list = slices.DeleteFunc(list, func(c contender) bool { return !slices.Contains(only, c.name) })
	}
	return works, list, nil
}

func names(works []workload, list []contender) (all []string) {
	for _, w := range works {
		all = append(all, w.name)
	}
	for _, c := range list {
		all = append(all, c.name)
	}
	return all
}
