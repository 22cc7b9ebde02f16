package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/appia-edge/appia/cmd/internal/check"
	"github.com/appia-edge/appia/rules"
)

// newCheck tells what is wrong with stack files before they are deployed.
func newCheck() *cobra.Command {
	o := check.Options{Lookup: os.LookupEnv}
	var style check.Style
	var asJSON, each bool
	cmd := &cobra.Command{
		Use: "check [flags] [FILE | FOLDER | NAME=FILE | -]... [-- the router's flags]", Short: "Tell what is wrong with the labels of stack files, of a recording or of the running swarm",
		DisableFlagsInUseLine: true,
		Long: "Print the table that a router would make of stack files (- is standard input, a folder all of its *.yml and *.yaml),\n" +
			"of what appia snapshot has recorded, or of the running swarm where nothing is named; then each mistake with the file\n" +
			"and line to mend. Stack files beside a recording are what the recorded swarm would be once they are deployed.\n\n" +
			"The exit code is 1 when there are errors, 2 when something cannot be looked at at all, and 0 otherwise. An error is\n" +
			"what keeps a route from doing what its author wrote; a warning is what works and may surprise.\n\n" +
			"What labels come to depends on the router. Its flags are those behind --, else its options are those of the first\n" +
			"service in the files that runs Appia or Traefik 1.x, by command, environment or a mounted file of options, and so are\n" +
			"its networks. What has to be assumed is said. A stack is called\n" +
			"after its file, or after the folder of a stack.yml or docker-compose.yml; NAME=FILE calls it otherwise. Variables\n" +
			"are filled in from the environment, as docker stack deploy does.",
		Example: "  appia check blog.yml\n  appia check traefik.yml stacks/\n  appia check --each traefik.yml examples/\n  helm-like-tool | appia check -\n  appia check --json stacks/ -- --docker.domain=example.com\n" +
			"  appia snapshot > now.json; appia check now.json blog.yml\n  appia check -- --docker.endpoint=tcp://manager:2376",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths, o.Router = cutAtDash(cmd, args)
			o.Stdin = cmd.InOrStdin()
			style.Colour = isTerminal(cmd.OutOrStdout())
			look := checkTogether
			if each {
				look = checkEach
			}
			errors, err := look(cmd, o, style, asJSON)
			switch {
			case err != nil:
				return exit{2, fmt.Errorf("check: %w", err)}
			case errors > 0:
				return exit{1, nil}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&asJSON, "json", false, "write JSON for machines")
	flags.BoolVar(&each, "each", false, "check each file for itself, beside the router's: they are no one swarm's")
	flags.BoolVarP(&style.Quiet, "quiet", "q", false, "write mistakes alone, without the table and without notes")
	flags.StringArrayVar(&o.Networks, "network", nil, "a network that the router is on, by `name`; may be repeated")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exit{2, helpful("check", err, cmd.Flags().FlagUsages())}
	})
	return cmd
}

// checkTogether checks the files as one swarm's.
func checkTogether(cmd *cobra.Command, o check.Options, style check.Style, asJSON bool) (errors int, err error) {
	w, err := check.Read(cmd.Context(), o)
	switch {
	case err != nil:
		return 0, err
	case asJSON:
		err = w.JSON(cmd.OutOrStdout())
	default:
		err = w.Print(cmd.OutOrStdout(), style)
	}
	return w.Count(rules.Error), err
}

// checkEach checks each file for itself.
func checkEach(cmd *cobra.Command, o check.Options, style check.Style, asJSON bool) (errors int, err error) {
	all, err := check.Each(cmd.Context(), o)
	if err != nil {
		return 0, err
	}
	for i, w := range all {
		errors += w.Count(rules.Error)
		if asJSON {
			continue
		}
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		if err := w.Print(cmd.OutOrStdout(), style); err != nil {
			return 0, err
		}
	}
	if asJSON {
		err = check.JSONOf(cmd.OutOrStdout(), all)
	}
	return errors, err
}

// cutAtDash parts a command's own words from those behind --.
func cutAtDash(cmd *cobra.Command, args []string) (own, behind []string) {
	dash := cmd.ArgsLenAtDash()
	if dash < 0 {
		return args, nil
	}
	return args[:dash], args[dash:]
}

// isTerminal reports whether colours are of use: somebody reads along, and has not asked for none.
func isTerminal(out any) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// An exit is an error with the process's exit code. Without an error of its own everything has been said.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }
