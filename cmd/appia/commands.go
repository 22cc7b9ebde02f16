package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/appia-edge/appia/cmd/internal/app"
	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/cmd/internal/handover"
	"github.com/appia-edge/appia/discovery/swarm"
)

// route is what appia does without a subcommand.
func route(cmd *cobra.Command, c *config.Config) error {
	warnings, err := c.Load(config.Here())
	if err != nil {
		return err
	}
	log, err := app.NewLog(c)
	if err != nil {
		return err
	}
	defer log.Close()
	for _, w := range append(earlier(cmd), warnings...) {
		log.Warn("flags", zap.String("warning", w))
	}
	engine, err := swarm.Dial(c.Engine)
	if err != nil {
		return err
	}
	defer engine.Close()
	sockets := handover.New(log.Logger)
	router, err := app.New(c, app.World{Swarm: engine, Version: version, Handover: sockets}, log.Logger)
	if err != nil {
		return err
	}
	log.ReopenOn(cmd.Context(), router)
	sockets.UpgradeOn(cmd.Context())
	return router.Run(cmd.Context())
}

// newUpgrade is for those who run the router outside a swarm.
func newUpgrade() *cobra.Command {
	pid := 0
	cmd := &cobra.Command{
		Use: "upgrade [flags]", Short: "Have a running router hand over to the program as it lies on disk now", Args: cobra.NoArgs,
		Long: "Have a running router start the program as it lies on disk now, with its own arguments, and hand over its sockets:\n" +
			"no connection is refused or lost. Should the new process not serve, the old one goes on. SIGUSR2 does the same without\n" +
			"an answer. In a container it cannot work: update the service instead.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := handover.Ask(pid)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), text)
			return nil
		},
	}
	cmd.Flags().IntVar(&pid, "pid", 0, "of the router, where there are several")
	return cmd
}

func earlier(cmd *cobra.Command) []string {
	warnings, _ := cmd.Context().Value(warningsKey{}).([]string)
	return warnings
}

// newSnapshot prints the swarm as Appia sees it, for bug reports and for tests.
func newSnapshot() *cobra.Command {
	c := config.Default()
	cmd := &cobra.Command{
		Use: "snapshot [flags]", Short: "Print the swarm, as Appia sees it, as JSON", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := c.Load(config.Here()); err != nil && c.Docker && c.SwarmMode {
				return err
			}
			engine, err := swarm.Dial(c.Engine)
			if err != nil {
				return err
			}
			defer engine.Close()
			seen, err := engine.Snapshot(cmd.Context())
			if err != nil {
				return err
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(seen.WithoutSecrets())
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(config.Flags(c))
	return cmd
}

// newHealthcheck is for an image's HEALTHCHECK: exit code 0 when the router in the same container is well.
func newHealthcheck() *cobra.Command {
	c := config.Default()
	cmd := &cobra.Command{
		Use: "healthcheck [flags]", Short: "Exit with 0 when the router that has these flags is well", Args: cobra.NoArgs,
		Long: "Exit with 0 when the router that has these flags is well. Without flags, those of the router in the same container count.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().NFlag() == 0 {
				if err := parseRouter(c, cmd); err != nil {
					return err
				}
			}
			if _, err := c.Load(config.Here()); len(c.EntryPoints) == 0 {
				return err
			}
			return app.Healthcheck(cmd.Context(), c)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(config.Flags(c))
	return cmd
}

func parseRouter(c *config.Config, cmd *cobra.Command) error {
	flags, _, err := config.Normalize(app.FlagsOfRouter())
	if err != nil {
		return err
	}
	if len(flags) == 0 {
		flags = []string{"--web"} // asked by hand, beside a router with --web
	}
	return cmd.Flags().Parse(flags)
}
