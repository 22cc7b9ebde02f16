package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// The prefixes of environment variables; the first one wins. Traefik 1.x reads no environment, 2 and 3 spell it like this.
var prefixesOfEnvironment = []string{"APPIA_", "TRAEFIK_"}

// environmentName is an option's: --docker.swarmMode is APPIA_DOCKER_SWARMMODE.
func environmentName(option string) string {
	return prefixesOfEnvironment[0] + strings.ToUpper(strings.ReplaceAll(option, ".", "_"))
}

// fromFile is behind the name of a variable whose value is the name of a file that holds the option's, such as a secret.
const fromFile = "_FILE"

// borrowed are names, behind Traefik's prefix, of variables that others set and nobody means for the router: docker's of linked
// containers (NAME, PORT, PORT_80_TCP_ADDR, ENV_…) and Kubernetes' of services (SERVICE_HOST), of a container or service that is
// called traefik or traefik-x, and the image's tag that stack files are filled in with.
var borrowed = regexp.MustCompile(`^(NAME|ENV_.*|VERSION|IMAGE|TAG|(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?))$`)

// environment reads the variables. One under our prefixes that is no option is a warning, but for borrowed ones.
func (c *Config) environment(s Surroundings) ([]setting, error) {
	given := map[string]string{}
	for _, v := range s.Environ {
		if name, value, ok := strings.Cut(v, "="); ok {
			given[strings.ToUpper(name)] = value
		}
	}
	used := map[string]bool{}
	var all []setting
	for i := range options {
		set, name, err := fromEnvironment(&options[i], given, s)
		if err != nil {
			return nil, err
		}
		if name != "" {
			used[name] = true
			all = append(all, set)
		}
	}
	if err := misspelledLock(given, used); err != nil {
		return nil, err
	}
	c.warnVariables(given, used)
	return all, nil
}

func fromEnvironment(o *option, given map[string]string, s Surroundings) (set setting, name string, err error) {
	own := strings.TrimPrefix(environmentName(o.name), prefixesOfEnvironment[0])
	for _, prefix := range prefixesOfEnvironment {
		name := prefix + own
		if value, ok := given[name]; ok {
			return o.setting(name, unquote(value)), name, nil
		}
		if path, ok := given[name+fromFile]; ok {
			text, err := s.ReadFile(path)
			if err != nil {
				return setting{}, "", fmt.Errorf("%s: %w", name+fromFile, err)
			}
			return o.setting(name+fromFile, strings.TrimRight(string(text), "\r\n")), name + fromFile, nil
		}
	}
	return setting{}, "", nil
}

// setting is a value for the option; of a list of entry points each line is one.
func (o *option) setting(where, value string) setting {
	return setting{name: o.name, where: where, set: func(c *Config) error {
		if o.kind != "entry point" {
			return o.set(c, value)
		}
		for line := range strings.Lines(value) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if err := o.set(c, line); err != nil {
				return err
			}
		}
		return nil
	}}
}

// misspelledLock is why the router does not start with a variable that was to close the admin page and is none.
func misspelledLock(given map[string]string, used map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		for _, prefix := range prefixesOfEnvironment {
			rest, ours := strings.CutPrefix(name, prefix)
			if ours && !used[name] && !isVariable(rest) && looksLikeLock(strings.Split(rest, "_")) {
				return errors.New("environment variable " + lockText(name))
			}
		}
	}
	return nil
}

// isVariable tells whether a variable's name without its prefix is an option's; one of two spellings is not used.
func isVariable(rest string) bool {
	name := prefixesOfEnvironment[0] + strings.TrimSuffix(rest, fromFile)
	return slices.ContainsFunc(options, func(o option) bool { return environmentName(o.name) == name })
}

func (c *Config) warnVariables(given map[string]string, used map[string]bool) {
	var names []string
	for i := range options {
		names = append(names, environmentName(options[i].name))
	}
	var odd []string
	for name := range given {
		own, ours := strings.CutPrefix(name, prefixesOfEnvironment[0])
		theirs, traefiks := strings.CutPrefix(name, prefixesOfEnvironment[1])
		if (ours && !isVariable(own) || traefiks && !isVariable(theirs) && !borrowed.MatchString(theirs)) && !used[name] {
			odd = append(odd, name)
		}
	}
	slices.Sort(odd)
	for _, name := range odd {
		_, rest, _ := strings.Cut(name, "_")
		if near, ok := rules.Nearest(prefixesOfEnvironment[0]+rest, names); ok {
			c.warn("environment variable %s is no option and has no effect; did you mean %s?", name, near)
			continue
		}
		c.warn("environment variable %s is no option and has no effect", name)
	}
}
