package check

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/appia-edge/appia/cmd/internal/stackfile"
	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// StackRefused is the code of what docker refuses a file for.
const StackRefused = "stack-refused"

// deployed is when the first service of a file is made, the others a second later each: files have no age, so that of two
// that claim one route the one given first is the older.
var deployed = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// rehearse deploys the stacks to a swarm in miniature and looks at it.
func (w *World) rehearse(ctx context.Context, o Options, in *inputs) error {
	clock := deployed
	engine := embedded.New(embedded.Options{Now: func() time.Time {
		clock = clock.Add(time.Second)
		return clock
	}})
	defer engine.Close()
	for _, s := range in.stacks {
		w.deploy(engine, s)
	}
	if err := w.configure(o, engine.Services()); err != nil {
		return err
	}
	seen, err := see(ctx, engine)
	if err != nil {
		return err
	}
	w.Swarm = seen
	if in.recording != nil {
		w.Swarm, w.origin = join(in.recording, seen), in.path
	}
	return nil
}

// deploy tells what is wrong with a file. A service that docker refuses is left out, so that the others are still seen.
func (w *World) deploy(engine *embedded.Engine, s *stack) {
	for _, p := range s.file.Problems {
		w.findAt(s, p.Place, inStack(s, p.Diagnostic))
	}
	for _, service := range s.file.Services {
		w.written[s.name+"_"+service.Name] = written{s, service}
	}
	for {
		text, ok := s.file.Mended()
		if !ok {
			return
		}
		external, err := engine.DeployFrom(s.folder, s.name, text)
		s.external = external
		if err == nil {
			return
		}
		if left := w.tellRefused(s, err); !left {
			return
		}
	}
}

func inStack(s *stack, d rules.Diagnostic) rules.Diagnostic {
	if d.Service != "" {
		d.Service = s.name + "_" + d.Service
	}
	return d
}

var (
	inFile   = regexp.MustCompile(`\b(?:services|networks|volumes|configs|secrets)\.[^\s,"]+`)
	property = regexp.MustCompile(`Additional property (\S+) is not allowed`)
)

// tellRefused says what docker refuses and where, and takes it out, or the service that it is about.
func (w *World) tellRefused(s *stack, err error) (left bool) {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "stack "+s.name+": "), "the file is no stack file: ")
	paths := placesRefused(s.file, text)
	for _, path := range paths {
		at, _ := s.file.Find(path)
		d := rules.Diagnostic{Code: StackRefused, Severity: rules.Error, Message: "docker refuses the file: " + text + hint(s.file, text)}
		service := serviceIn(s.file, path)
		if service != "" {
			d.Service = s.name + "_" + service
		}
		w.findAt(s, at, d)
		left = takeOut(s.file, path, service) || left
	}
	return left
}

// placesRefused are the paths to what docker refuses, as its words tell; "": the file as a whole.
func placesRefused(file *stackfile.File, text string) (paths []string) {
	if keys, ok := strings.CutPrefix(text, "no service of a stack can have "); ok {
		paths = placesOf(file, strings.Split(keys, ", "))
	}
	if strings.HasPrefix(text, "env_file ") {
		paths = placesOf(file, []string{"env_file"})
		paths = paths[:min(len(paths), 1)] // if it is another's, that one is told next
	}
	if len(paths) > 0 {
		return paths
	}
	if strings.HasPrefix(text, "unsupported Compose file version") {
		return []string{"version"}
	}
	path := strings.TrimRight(inFile.FindString(text), ":.")
	if more := property.FindStringSubmatch(text); more != nil {
		path = strings.TrimPrefix(path+"."+more[1], ".")
	}
	path = strings.TrimSuffix(path, ".[]")
	if strings.Contains(text, "undefined network") {
		path += ".networks"
	}
	return []string{path}
}

// placesOf are the services' keys of some names.
func placesOf(file *stackfile.File, keys []string) (paths []string) {
	for _, s := range file.Services {
		for _, key := range keys {
			if path := "services." + s.Name + "." + key; file.Has(path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// takeOut takes out as little as can be, so that what docker would refuse next is told too, and labels are read. A service with
// other networks or without an image would be another one.
func takeOut(file *stackfile.File, path, service string) (done bool) {
	if service == "" {
		return path == "version" && file.Without(path)
	}
	at := "services." + service
	key, _, _ := strings.Cut(strings.TrimPrefix(path, at+"."), ".")
	if path != at && key != "networks" && key != "image" && file.Without(path) {
		return true
	}
	return len(file.Services) > 1 && file.Without(at)
}

// hint is what is most likely meant by a file that has no services.
func hint(file *stackfile.File, text string) string {
	if strings.HasPrefix(text, "at its top: Additional property") && !file.Has("services") {
		return "; services stand below a key services:"
	}
	return ""
}

// serviceIn is the service that a path leads into; its name may hold dots.
func serviceIn(file *stackfile.File, path string) (name string) {
	rest, ok := strings.CutPrefix(path, "services.")
	if !ok {
		return ""
	}
	for _, s := range file.Services {
		if (rest == s.Name || strings.HasPrefix(rest, s.Name+".")) && len(s.Name) > len(name) {
			name = s.Name
		}
	}
	return name
}

// see looks at the miniature swarm through the docker client, as the router would.
func see(ctx context.Context, engine *embedded.Engine) (*snapshot.Swarm, error) {
	folder, err := os.MkdirTemp(tempRoot(), "appia-check-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	endpoint, err := engine.ListenUnix(filepath.Join(folder, "docker.sock"))
	if err != nil {
		return nil, err
	}
	client, err := swarm.Dial(swarm.Options{Endpoint: endpoint, Self: func() []string { return nil }})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.Snapshot(ctx)
}

// tempRoot is where sockets can be: their paths may have 104 bytes on macOS, 108 on Linux.
func tempRoot() string {
	if dir := os.TempDir(); len(dir) <= 70 {
		return dir
	}
	return "/tmp"
}

// look sees the running swarm.
func (w *World) look(ctx context.Context, o Options) error {
	if err := w.configure(o, nil); err != nil {
		return err
	}
	client, err := swarm.Dial(w.Config.Engine)
	if err != nil {
		return err
	}
	defer client.Close()
	w.Swarm, err = client.Snapshot(ctx)
	return err
}
