package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Options come from four places, and what a later one says counts: defaults, a TOML file, the environment, the command line.
// Lists of a later place replace those of an earlier one; entry points are united, by name. A place's settings are gathered
// first and applied when all are there, since the command line says which file is to be read.

// A setting is one value that somebody gave.
type setting struct {
	name  string // of the option
	where string // as errors call it
	set   func(*Config) error
	bare  bool // a section's name alone
}

func (c *Config) apply(all []setting) error {
	c.source++
	for _, s := range all {
		if err := s.set(c); err != nil {
			return fmt.Errorf("%s: %w", s.where, err)
		}
	}
	return nil
}

// Surroundings are what a process finds beside its command line.
type Surroundings struct {
	Environ  []string
	Places   []string // of a file that need not be there; the first one that is counts
	ReadFile func(path string) ([]byte, error)
}

// Here are the process's own.
func Here() Surroundings {
	return Surroundings{Environ: os.Environ(), ReadFile: os.ReadFile, Places: slices.DeleteFunc(Places(os.Getenv("HOME")), outOfReach)}
}

// Places are where a router with a home looks for a file that no flag names.
func Places(home string) (places []string) {
	for _, name := range []string{"appia", "traefik"} { // whoever writes an appia.toml means us
		places = append(places, filepath.Join("/etc", name, name+".toml"))
		if home != "" {
			places = append(places, filepath.Join(home, "."+name, name+".toml"))
		}
		places = append(places, name+".toml")
	}
	return places
}

// outOfReach tells whether a place is in a folder that we may not enter, such as another user's home: nobody left a file for
// us there. One that is there and may not be read is another matter, and stops the router: it may hold a lock.
func outOfReach(place string) bool {
	_, err := os.Stat(place)
	return errors.Is(err, fs.ErrPermission)
}

// Load is Finish with what the surroundings say, too.
func (c *Config) Load(s Surroundings) (warnings []string, err error) {
	environment, err := c.environment(s)
	if err != nil {
		return nil, err
	}
	file, err := c.file(s, environment)
	if err != nil {
		return nil, err
	}
	c.warnBareSections(file)
	if err := c.apply(file); err != nil {
		return nil, err
	}
	if err := c.apply(environment); err != nil {
		return nil, err
	}
	return c.Finish()
}

// file finds and reads the TOML file, if there is one.
func (c *Config) file(s Surroundings, environment []setting) ([]setting, error) {
	probe := Default()
	for _, o := range append(environment, c.flags...) {
		if o.name == "configFile" {
			_ = o.set(probe) // takes any text
		}
	}
	if probe.configFile != "" {
		text, err := s.ReadFile(probe.configFile)
		if err != nil {
			return nil, fmt.Errorf("configFile: %w", err)
		}
		return c.readTOML(probe.configFile, text)
	}
	for _, path := range s.Places {
		text, err := s.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the file of options is there and cannot be read: %w", err)
		}
		return c.readTOML(path, text)
	}
	return nil, nil
}

// warnBareSections tells of the one place where 1.x forgets what its file says.
func (c *Config) warnBareSections(file []setting) {
	for _, flag := range c.flags {
		if !flag.bare {
			continue
		}
		for _, s := range file {
			if strings.HasPrefix(s.name, flag.name+".") {
				c.warn("%s: Traefik 1.x would forget what %s says below [%s]; Appia keeps it", flag.where, strings.SplitN(s.where, ":", 2)[0], flag.name)
				break
			}
		}
	}
}

func (c *Config) warn(format string, args ...any) {
	c.warnings = append(c.warnings, fmt.Sprintf(format, args...))
}
