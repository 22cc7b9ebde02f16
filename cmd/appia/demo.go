package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

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
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return helpful("demo", err, cmd.Flags().FlagUsages()) })
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

// mistyped is pflag's error for a flag that it does not know, and for one without a value. Only package config imports pflag.
type mistyped interface {
	GetSpecifiedName() string
	GetSpecifiedShortnames() string // "stack" of -stack
}

// helpful names the flag that was probably meant.
func helpful(command string, err error, usages string) error {
	var mistake mistyped
	if !errors.As(err, &mistake) || !strings.HasPrefix(err.Error(), "unknown ") {
		return fmt.Errorf("%s: %w", command, err)
	}
	given := "--" + mistake.GetSpecifiedName()
	if letters := mistake.GetSpecifiedShortnames(); letters != "" {
		given, _, _ = strings.Cut("-"+letters, "=")
	}
	name := strings.TrimLeft(given, "-")
	if near, ok := rules.Nearest(name, namesIn(usages)); ok {
		return fmt.Errorf("%s: unknown flag %s; did you mean --%s?", command, given, near)
	}
	if _, _, err := config.Normalize([]string{given + "=x"}); err == nil {
		return fmt.Errorf("%s: unknown flag %s; flags of the router stand behind a --, as in appia %s -- %s", command, given, command, given)
	}
	return fmt.Errorf("%s: unknown flag %s; appia %s --help lists them", command, given, command)
}

var flagName = regexp.MustCompile(`--([A-Za-z]+)`)

// namesIn are the flags in the text of --help.
func namesIn(usages string) (names []string) {
	for _, match := range flagName.FindAllStringSubmatch(usages, -1) {
		names = append(names, match[1])
	}
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
