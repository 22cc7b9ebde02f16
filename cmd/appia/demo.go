package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/cmd/internal/demo"
	"github.com/appia-edge/appia/rules"
)

// newDemo shows the router on a machine that has neither docker nor a swarm.
func newDemo() *cobra.Command {
	o := demo.Options{Log: os.Stderr, Version: version, Pace: demo.Brisk, Breath: demo.Breath}
	cmd := &cobra.Command{
		Use: "demo [flags] [-- the router's flags]", Short: "Route stacks through an embedded swarm: nothing needs to be installed",
		DisableFlagsInUseLine: true,
		Long: "Route stack files through a docker swarm in miniature that is part of this program, and show what happens to\n" +
			"requests while the swarm changes. Nothing needs to be installed, and nothing is left behind.\n\n" +
			"The router is on the external networks that the stack files name, as deploy/stack.yml puts it on traefik_public;\n" +
			"where they name none, on all. What stands behind -- are flags of the router, as appia --help lists them, to rehearse\n" +
			"with. Those for addresses, the admin page, the engine and the log are the demo's own.",
		Example: "  appia demo\n  appia demo --stack blog.yml --stack api.yml --for 1m\n  appia demo --addr :18000 --admin :18080\n" +
			"  appia demo --stack blog.yml -- --docker.exposedByDefault=false --docker.domain=example.com",
		Args: func(cmd *cobra.Command, args []string) error { return onlyBehindDash(args, cmd.ArgsLenAtDash()) },
		RunE: func(cmd *cobra.Command, args []string) error {
			signal.Ignore(syscall.SIGPIPE) // a closed standard output is an error to end by, in order, and not the end itself
			o.Out, o.Router = cmd.OutOrStdout(), args
			return demo.Run(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&o.Stacks, "stack", nil, "a stack `file` of yours, in place of the examples; may be repeated")
	flags.Var((*span)(&o.For), "for", "end after this `time`, as in 30s; without it Ctrl-C ends the demo")
	flags.StringVar(&o.Addr, "addr", ":8000", "the `address` for requests")
	flags.StringVar(&o.Admin, "admin", ":8080", "the `address` of the dashboard and the API")
	flags.StringVar(&o.LogLevel, "logLevel", "", "show the router's own log, on standard error: `level` DEBUG, INFO, WARN or ERROR")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return helpful(err, cmd.Flags()) })
	return cmd
}

// onlyBehindDash refuses words that are no flags: most likely a file. dash is how many there are before the --, -1 without one.
func onlyBehindDash(args []string, dash int) error {
	if dash < 0 {
		dash = len(args)
	}
	if dash == 0 {
		return nil
	}
	return fmt.Errorf("demo: the word %q belongs to no flag; a stack file is given as --stack %s", args[0], args[0])
}

// helpful names the flag that was probably meant.
func helpful(err error, flags *pflag.FlagSet) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return fmt.Errorf("demo: %w", err)
	}
	name := unknown.GetSpecifiedName()
	dashes := "--"
	if letters := unknown.GetSpecifiedShortnames(); letters != "" { // -stack
		name, _, _ = strings.Cut(letters, "=")
		dashes = "-"
	}
	if near, ok := rules.Nearest(name, namesIn(flags)); ok {
		return fmt.Errorf("demo: unknown flag %s%s; did you mean --%s?", dashes, name, near)
	}
	if near, ok := rules.Nearest(name, namesIn(config.Flags(config.Default()))); ok {
		return fmt.Errorf("demo: unknown flag %s%s; did you mean the router's --%s? Its flags stand behind --, as in appia demo -- --%s", dashes, name, near, near)
	}
	return fmt.Errorf("demo: unknown flag %s%s; appia demo --help lists them", dashes, name)
}

func namesIn(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// A span is a time of 10s or 1m30s, or a bare number of seconds, as in the router's own flags.
type span time.Duration

func (s *span) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

func (s *span) Type() string { return "time" }

func (s *span) Set(text string) error {
	if _, err := strconv.Atoi(text); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("write it as in 30s or 1m30s")
	}
	*s = span(d)
	return nil
}
