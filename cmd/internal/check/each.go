package check

import (
	"context"
	"errors"
	"slices"
)

// Each reads every stack file for itself, beside those that hold a router: files that are no one swarm's, a folder of examples say.
// Of each World the findings are those of its own file.
func Each(ctx context.Context, o Options) ([]*World, error) {
	in, err := gather(o)
	switch {
	case err != nil:
		return nil, err
	case in.recording != nil:
		return nil, errors.New("a recording is one swarm: it is not looked at file by file")
	case len(in.stacks) == 0:
		return nil, errors.New("name the files that are to be looked at one by one")
	}
	var routers, others []*stack
	for _, s := range in.stacks {
		if s.hasRouter() {
			routers = append(routers, s)
			continue
		}
		others = append(others, s)
	}
	var all []*World
	for _, g := range groups(routers, others) {
		w, err := (&inputs{stacks: g.stacks, order: in.order, frozen: in.frozen}).read(ctx, o)
		if err != nil {
			return nil, err
		}
		w.Findings = slices.DeleteFunc(w.Findings, func(f Finding) bool { return f.File != "" && !slices.Contains(g.own, f.File) })
		all = append(all, w)
	}
	return all, nil
}

// hasRouter reports whether a service of the file looks like a router's, whatever else is wrong with it.
func (s *stack) hasRouter() bool {
	for _, service := range s.file.Services {
		if isRouter(service.Image) && !laterImage.MatchString(service.Image) {
			return true
		}
	}
	return false
}

// A group is a file with the routers' that are in front of it.
type group struct {
	stacks []*stack
	own    []string // the files whose findings are told
}

func groups(routers, others []*stack) (all []group) {
	if len(routers) > 0 {
		g := group{stacks: routers}
		for _, s := range routers {
			g.own = append(g.own, s.path)
		}
		all = append(all, g)
	}
	for _, s := range others {
		all = append(all, group{append(slices.Clone(routers), s), []string{s.path}})
	}
	return all
}
