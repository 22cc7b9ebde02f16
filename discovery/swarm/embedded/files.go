package embedded

import (
	"path"

	compose "github.com/docker/cli/cli/compose/types"
)

// Files are what a stack puts into containers from beside its file: by the path in the container, the path here, or
// "" for a config or a secret that is somebody else's. The engine itself opens none of them.
type Files map[string]string

// filesOf are the configs, secrets and bind mounts of a service. Docker's loader has made the paths absolute.
func filesOf(s *compose.ServiceConfig, config *compose.Config) Files {
	files := Files{}
	for _, v := range s.Volumes {
		if v.Type == "bind" {
			files[path.Clean(v.Target)] = v.Source
		}
	}
	for _, c := range s.Configs {
		files[target(c.Target, c.Source, "/")] = config.Configs[c.Source].File
	}
	for _, c := range s.Secrets {
		files[target(c.Target, c.Source, "/run/secrets")] = config.Secrets[c.Source].File
	}
	return files
}

// target is where docker puts a config or a secret: under its own name where none is given.
func target(given, source, folder string) string {
	if given == "" {
		given = source
	}
	if path.IsAbs(given) {
		return path.Clean(given)
	}
	return path.Join(folder, given)
}
