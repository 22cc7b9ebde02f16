// Command appia is the edge router for Docker Swarm. Its flags are those of Traefik 1.x.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/rules"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	end := profile()
	err := run(ctx, os.Args[1:])
	end()
	if err == nil {
		return
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "appia:", text)
	}
	os.Exit(codeOf(err))
}

// codeOf is the process's exit code for an error.
func codeOf(err error) int {
	var e exit
	if errors.As(err, &e) {
		return e.code
	}
	return 1
}

// run is main without the process.
func run(ctx context.Context, args []string) error {
	root := newRoot()
	args, warnings, err := prepare(root, args)
	if err != nil {
		return err
	}
	root.SetArgs(args)
	return root.ExecuteContext(context.WithValue(ctx, warningsKey{}, warnings))
}

// warningsKey carries what reading the command line had to remark to the command that has a log.
type warningsKey struct{}

// prepare reads the first word as a subcommand, as Traefik 1.x does, and the rest as people write flags for it.
func prepare(root *cobra.Command, args []string) (clean, warnings []string, err error) {
	if len(args) == 1 && args[0] == "--version" {
		return []string{"version"}, nil, nil
	}
	if len(args) == 0 || strings.HasPrefix(strings.TrimSpace(args[0]), "-") {
		return config.Normalize(args)
	}
	name := args[0]
	known := []string{"help", "completion"}
	for _, c := range root.Commands() {
		known = append(known, c.Name())
	}
	switch {
	case !slices.Contains(known, name):
		if near, ok := rules.Nearest(name, known); ok {
			return nil, nil, fmt.Errorf("there is no command %q; did you mean %s?", name, near)
		}
		return nil, nil, fmt.Errorf("there is no command %q; there are %s", name, strings.Join(known, ", "))
	case name != "snapshot" && name != "healthcheck":
		return args, nil, nil
	}
	clean, warnings, err = config.Normalize(args[1:])
	return append([]string{name}, clean...), warnings, err
}

func newRoot() *cobra.Command {
	c := config.Default()
	root := &cobra.Command{
		Use:   "appia [flags]",
		Short: "Appia is the edge router for Docker Swarm.",
		Long: "Appia is the edge router for Docker Swarm. It turns the labels of swarm services into a routing table and\n" +
			"serves by it. Labels and flags are those of Traefik 1.x. Try it without a swarm: appia demo",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return route(cmd, c) },
	}
	root.Flags().SortFlags = false
	root.Flags().AddFlagSet(config.Flags(c))
	root.AddCommand(newDemo(), newCheck(), newExplain(), newMigrate(), newSnapshot(), newHealthcheck(), newUpgrade(), newVersion())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), "appia", version) },
	}
}
