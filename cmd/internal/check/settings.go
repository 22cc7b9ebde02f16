package check

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// A router's service in a stack file says all that a router reads: its command, its environment, and a file of options that the
// stack mounts. Only files that lie beside the stack file are opened: what else a path leads to is on another machine.

// BadFlag is the code of what is wrong with the options of a router in a stack file.
const BadFlag = "bad-flag"

// useFlagsOf reads the options of a router in a stack file. What is wrong with them is a finding, and the defaults hold.
func (w *World) useFlagsOf(router embedded.Service) {
	around := &container{service: router, folder: w.router.stack.folder}
	c, remarks, err := readFlags(flagsOf(router), around.surroundings())
	place := cmp.Or(w.router.service.CommandPlace, w.router.service.Place)
	if err != nil {
		w.findAt(w.router.stack, place, rules.Diagnostic{
			Service: router.Name, Code: BadFlag, Severity: rules.Error, Message: err.Error() + "; everything else here is checked with no flag at all",
		})
		w.Config, _, _ = readFlags(nil, nothing)
		return
	}
	w.Config = c
	w.remark("the router's flags are those of %s (%s:%d)%s", router.Name, w.router.stack.path, place.Line, around.also())
	for _, name := range around.unknown {
		w.remark("the router reads %s, which is not beside the stack file: what it says is not known here, and flags behind -- say it", name)
	}
	for _, r := range remarks {
		w.findAt(w.router.stack, place, rules.Diagnostic{Service: router.Name, Code: BadFlag, Severity: rules.Warning, Message: r})
	}
}

// nothing is the surroundings of a router of which nothing but flags is known.
var nothing = config.Surroundings{ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist }}

// readFlags is the configuration of a router with these flags. That it is told to look at a swarm goes without saying here.
func readFlags(given []string, around config.Surroundings) (c *config.Config, remarks []string, err error) {
	clean, remarks, err := config.Normalize(given)
	if err != nil {
		return nil, nil, err
	}
	c = config.Default()
	if err := config.Flags(c).Parse(clean); err != nil {
		return nil, nil, err
	}
	c.Docker, c.SwarmMode = true, true
	more, err := c.Load(around)
	return c, append(remarks, more...), err
}

// flagsOf is a router's command line without the program.
func flagsOf(router embedded.Service) []string {
	args := router.Args
	if len(router.Command) > 0 && isProgram(router.Command[0]) {
		args = slices.Concat(router.Command[1:], args)
	}
	if len(args) > 0 && isProgram(args[0]) {
		args = args[1:]
	}
	return args
}

func isProgram(word string) bool {
	name := path.Base(word)
	return name == "appia" || name == "traefik"
}

// A container is what a router finds around it.
type container struct {
	service embedded.Service
	folder  string   // of the stack file
	places  []string // where a router looks for a file of options unasked
	read    []string // files here that were read
	unknown []string // files there that could not be
}

func (c *container) surroundings() config.Surroundings {
	for _, place := range config.Places("/root") {
		c.places = append(c.places, absolute(place))
	}
	around := config.Surroundings{ReadFile: c.readFile, Places: c.places}
	for _, v := range c.service.Env {
		name, value, _ := strings.Cut(v, "=")
		if strings.HasSuffix(strings.ToUpper(name), "_FILE") && isOption(name) {
			if _, err := c.open(value); err != nil {
				c.unknown = append(c.unknown, value)
				continue
			}
		}
		around.Environ = append(around.Environ, v)
	}
	return around
}

func isOption(variable string) bool {
	variable = strings.ToUpper(variable)
	return strings.HasPrefix(variable, "APPIA_") || strings.HasPrefix(variable, "TRAEFIK_")
}

// absolute is a path in a container whose working folder is the root.
func absolute(name string) string { return path.Join("/", name) }

// readFile takes a file that is not here for an empty one, lest all other options be lost with it. Where a router looks unasked
// and nobody has put anything, there is none.
func (c *container) readFile(name string) ([]byte, error) {
	name = absolute(name)
	_, mounted := c.source(name)
	switch text, err := c.open(name); {
	case err == nil:
		return text, nil
	case c.within(name) != "":
		return nil, err
	case !mounted && slices.Contains(c.places, name):
		return nil, fs.ErrNotExist
	}
	if !slices.Contains(c.unknown, name) {
		c.unknown = append(c.unknown, name)
	}
	return nil, nil
}

// open reads a file of the container that lies beside the stack file.
func (c *container) open(name string) ([]byte, error) {
	here := c.within(name)
	if here == "" {
		return nil, fs.ErrNotExist
	}
	info, err := os.Stat(here)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > mostOptions:
		return nil, fmt.Errorf("%s is no file of options", here)
	}
	text, err := os.ReadFile(here)
	if err == nil && !slices.Contains(c.read, here) {
		c.read = append(c.read, here)
	}
	return text, err
}

// mostOptions bounds a file that is taken for one.
const mostOptions = 4 << 20

// within is the path here of a file there; "": it is not of the stack file's folder.
func (c *container) within(name string) string {
	here, _ := c.source(name)
	rest, err := filepath.Rel(c.folder, here)
	if here == "" || err != nil || !filepath.IsLocal(rest) {
		return ""
	}
	return here
}

// source is where a file of the container comes from, by itself or with a folder that it is in.
func (c *container) source(name string) (here string, mounted bool) {
	for at, rest := absolute(name), ""; ; at, rest = path.Dir(at), path.Join(path.Base(at), rest) {
		from, ok := c.service.Files[at]
		switch {
		case ok && from != "":
			return filepath.Join(from, filepath.FromSlash(rest)), true
		case ok:
			return "", true
		case at == "/":
			return "", false
		}
	}
}

// also names what was read beside the command.
func (c *container) also() string {
	text := ""
	if slices.ContainsFunc(c.service.Env, isOption) {
		text = ", with its environment"
	}
	for _, name := range c.read {
		if rest, err := filepath.Rel(c.folder, name); err == nil {
			text += ", with " + rest
		}
	}
	return text
}

// firstRouter is the oldest service that runs Appia, or Traefik 1.x.
func firstRouter(services []embedded.Service) (embedded.Service, bool) {
	i := slices.IndexFunc(services, func(s embedded.Service) bool { return isRouter(s.Image) && !isLater(s) })
	if i < 0 {
		return embedded.Service{}, false
	}
	return services[i], true
}

func isRouter(image string) bool {
	image, _, _ = strings.Cut(image, "@")
	name, _, _ := strings.Cut(path.Base(image), ":")
	return name == "appia" || name == "traefik"
}

// laterImage is Traefik 2's or 3's, by its tag.
var laterImage = regexp.MustCompile(`traefik:v?[2-9](\.|-|$|@)`)

// isLater reports whether a service is Traefik 2 or 3, by its image or its options.
func isLater(s embedded.Service) bool {
	return laterImage.MatchString(s.Image) || slices.ContainsFunc(slices.Concat(s.Command, s.Args, s.Env), func(option string) bool {
		option = strings.TrimPrefix(strings.ToLower(strings.TrimLeft(option, "-")), "traefik_")
		option = strings.ReplaceAll(option, "_", ".")
		return strings.HasPrefix(option, "providers.") || strings.HasPrefix(option, "entrypoints.")
	})
}
