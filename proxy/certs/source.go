package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A source is one certificate with its key, where they stand, and what was last read of them.
type source struct {
	pair        Pair
	origin      string   // as people are told of it: never a text
	entryPoints []string // none: all
	seen        [2]stamp
	read        bool
	cert        *tls.Certificate // the last that could be used; nil: none yet
	problem     error            // why the last that was read could not be; nil: it could
}

// A stamp tells a file from a changed one. Files are replaced by others (os.SameFile) or written to.
type stamp struct {
	info fs.FileInfo
	err  string
}

func (s stamp) same(o stamp) bool {
	if s.info == nil || o.info == nil {
		return s.info == nil && o.info == nil && s.err == o.err
	}
	return os.SameFile(s.info, o.info) && s.info.Size() == o.info.Size() && s.info.ModTime().Equal(o.info.ModTime())
}

func newSource(p Pair, entryPoints []string) *source {
	s := &source{pair: p, entryPoints: entryPoints, origin: "a PEM text"}
	if !isPEM(p.Cert) {
		s.origin = p.Cert
	}
	return s
}

func isPEM(text string) bool { return strings.Contains(text, "-----BEGIN ") }

func stampOf(item string) stamp {
	if isPEM(item) {
		return stamp{err: "text"}
	}
	info, err := os.Stat(item)
	if err != nil {
		return stamp{err: err.Error()}
	}
	return stamp{info: info}
}

// look reads the pair if it has changed. Stamps are taken before, so that what is written meanwhile is seen the next time.
func (s *source) look() {
	now := [2]stamp{stampOf(s.pair.Cert), stampOf(s.pair.Key)}
	if s.read && now[0].same(s.seen[0]) && now[1].same(s.seen[1]) {
		return
	}
	s.seen, s.read = now, true
	cert, err := load(s.pair)
	if err != nil {
		s.problem = fmt.Errorf("certificate %s: %w", s.origin, err)
		return
	}
	s.cert, s.problem = cert, nil
}

func load(p Pair) (*tls.Certificate, error) {
	cert, err := contents(p.Cert)
	if err != nil {
		return nil, err
	}
	key, err := contents(p.Key)
	if err != nil {
		return nil, fmt.Errorf("its key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "tls: "))
	}
	return &pair, nil
}

func contents(item string) ([]byte, error) {
	if isPEM(item) {
		return []byte(item), nil
	}
	return os.ReadFile(item)
}

// expired tells whether a certificate's time is over.
func expired(c *tls.Certificate, now time.Time) bool { return now.After(c.Leaf.NotAfter) }

// A folder is a directory of certificates: NAME.crt or NAME.pem with NAME.key or NAME-key.pem, NAME.pem with both in it, and
// fullchain.pem with privkey.pem, there or one level below, as certbot lays them out. Docker secrets can be named so, too.
type folder struct {
	path    string
	sources []*source // by name
	problem error
}

// look lists the folder. Sources that were there before are the same, with what was read of them.
func (f *folder) look() {
	pairs, err := f.list()
	if err != nil {
		f.problem = fmt.Errorf("folder of certificates: %w", err)
		return // what was there goes on being served
	}
	var all []*source
	for _, p := range pairs {
		i := slices.IndexFunc(f.sources, func(s *source) bool { return s.pair == p })
		if i < 0 {
			all = append(all, newSource(p, nil))
			continue
		}
		all = append(all, f.sources[i])
	}
	f.sources, f.problem = all, nil
}

func (f *folder) list() ([]Pair, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil, err
	}
	pairs := pairsIn(f.path, entries)
	for _, e := range entries {
		below := filepath.Join(f.path, e.Name())
		if strings.HasPrefix(e.Name(), ".") || !isFolder(below) {
			continue
		}
		if inner, err := os.ReadDir(below); err == nil {
			pairs = append(pairs, pairsIn(below, inner)...)
		}
	}
	return pairs, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path) // certbot's are links
	return err == nil && info.IsDir()
}

// pairsIn finds certificates by the names of files. A .pem without a key beside it may hold one, or be something else, such as
// a CA: that is seen when it is read.
func pairsIn(path string, entries []fs.DirEntry) (pairs []Pair) {
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	for _, e := range entries {
		name := e.Name()
		ext := filepath.Ext(name)
		stem := strings.TrimSuffix(name, ext)
		if ext != ".crt" && ext != ".pem" || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "-key.pem") {
			continue
		}
		key := ""
		for _, candidate := range []string{stem + ".key", stem + "-key.pem"} {
			if key == "" && names[candidate] {
				key = candidate
			}
		}
		switch file := filepath.Join(path, name); {
		case key != "":
			pairs = append(pairs, Pair{file, filepath.Join(path, key)})
		case name == "fullchain.pem" && names["privkey.pem"]:
			pairs = append(pairs, Pair{file, filepath.Join(path, "privkey.pem")})
		case ext == ".pem" && holdsBoth(file):
			pairs = append(pairs, Pair{file, file})
		}
	}
	return pairs
}

func holdsBoth(file string) bool {
	text, err := os.ReadFile(file)
	return err == nil && strings.Contains(string(text), "-----BEGIN CERTIFICATE-----") && strings.Contains(string(text), "PRIVATE KEY-----")
}
