package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/appia-edge/appia/cmd/internal/demo"
)

// newDemo shows the router on a machine that has neither docker nor a swarm.
func newDemo() *cobra.Command {
	o := demo.Options{Log: os.Stderr, Version: version, Pace: demo.Brisk, Breath: demo.Breath}
	cmd := &cobra.Command{
		Use: "demo [flags]", Short: "Route stacks through an embedded swarm: nothing needs to be installed", Args: cobra.NoArgs,
		Long: "Route stack files through a docker swarm in miniature that is part of this program, and show what happens to\n" +
			"requests while the swarm changes. Nothing needs to be installed, and nothing is left behind.",
		Example: "  appia demo\n  appia demo --stack blog.yml --stack api.yml --for 1m\n  appia demo --addr :18000 --admin :18080",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out = cmd.OutOrStdout()
			return demo.Run(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&o.Stacks, "stack", nil, "a stack `file` of yours, in place of the examples; may be repeated")
	flags.DurationVar(&o.For, "for", 0, "end after this `time`, as in 30s; without it Ctrl-C ends the demo")
	flags.StringVar(&o.Addr, "addr", ":8000", "the `address` for requests")
	flags.StringVar(&o.Admin, "admin", ":8080", "the `address` of the dashboard and the API")
	flags.StringVar(&o.LogLevel, "logLevel", "", "show the router's own log, on standard error: `level` DEBUG, INFO, WARN or ERROR")
	return cmd
}
