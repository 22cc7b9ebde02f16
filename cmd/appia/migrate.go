package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/appia-edge/appia/cmd/internal/migrate"
	"github.com/appia-edge/appia/discovery/labels"
)

// newMigrate writes labels in the other dialect.
func newMigrate() *cobra.Command {
	o := migrate.Options{Lookup: os.LookupEnv}
	var to string
	cmd := &cobra.Command{
		Use: "migrate [flags] FILE | FOLDER | - ... [-- the router's flags]", Short: "Write the labels of stack files as labels of Traefik 3, or of 1.x",
		DisableFlagsInUseLine: true,
		Long: "Write the labels of stack files as labels of Traefik 3, or back as those of 1.x. What the other dialect cannot say, or\n" +
			"says a little differently, is a comment. Appia reads both, on one service too, so that this can be done one service at\n" +
			"a time, or never. Variables stay variables. A service whose labels are of that dialect already, of both, or wrong is\n" +
			"left as it is, and so is one that 1.x could not keep as closed as it is, or whose routes it has no words for: one that leads\n" +
			"to other services, or that others lead to by name.\n\n" +
			"The exit code is 1 when something is left as it is because of an error, 2 when nothing can be done at all, and 0\n" +
			"otherwise.\n\n" +
			"Give all files of services that share anything, and the router's stack file or its flags behind --: the default rule\n" +
			"depends on --docker.domain.",
		Example: "  appia migrate blog.yml\n  appia migrate --write traefik.yml stacks/\n  appia migrate --to v1 blog.yml",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths, o.Router = cutAtDash(cmd, args)
			o.Stdin = cmd.InOrStdin()
			switch {
			case len(o.Paths) == 0:
				return exit{2, fmt.Errorf("migrate: name a stack file, as in appia migrate blog.yml")}
			case to == "v1":
				o.To = labels.Traefik1
			case to != "v3":
				return exit{2, fmt.Errorf("migrate: --to %s: it is v3 or v1", to)}
			}
			result, err := migrate.Run(cmd.Context(), o)
			if err != nil {
				return exit{2, fmt.Errorf("migrate: %w", err)}
			}
			if err := result.Print(cmd.OutOrStdout()); err != nil {
				return exit{2, fmt.Errorf("migrate: %w", err)}
			}
			if result.Left() > 0 {
				return exit{1, nil}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&to, "to", "v3", "the `dialect` to write: v3 or v1")
	flags.BoolVar(&o.Write, "write", false, "write into the files, and print notes only")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exit{2, helpful("migrate", err, cmd.Flags().FlagUsages())}
	})
	return cmd
}
