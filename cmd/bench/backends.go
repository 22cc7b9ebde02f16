package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// backends are what all contenders forward to. They cost as little as can be, so that they leave the cores to the contender.
type backends struct {
	files []string // nginx: /1k from memory, /100k and /10m by sendfile
	sink  []string // reads an upload and throws it away
	echo  []string // sends WebSocket messages back

	nginx     *process
	listeners []net.Listener
}

// startBackends starts them in a folder that outlives them.
func startBackends(ctx context.Context, dir string) (*backends, error) {
	b := &backends{}
	if err := b.startFiles(ctx, dir); err != nil {
		b.stop()
		return nil, err
	}
	for _, own := range []struct {
		at    *[]string
		serve func(net.Listener)
	}{
		{&b.sink, serveSink},
		{&b.echo, serveEcho},
	} {
		list, err := listenTwins()
		if err != nil {
			b.stop()
			return nil, err
		}
		*own.at = addresses(list)
		b.listeners = append(b.listeners, list...)
		for _, l := range list {
			go own.serve(l)
		}
	}
	return b, nil
}

func (b *backends) startFiles(ctx context.Context, dir string) error {
	list, err := listenTwins()
	if err != nil {
		return err
	}
	b.files = addresses(list)
	for _, l := range list {
		l.Close()
	}
	if err := writeFiles(filepath.Join(dir, "files")); err != nil {
		return err
	}
	p := &plan{Dir: dir, Files: b.files, Text: strings.Repeat("x", 1024), Root: os.Getuid() == 0}
	path, err := p.render("backend.conf")
	if err != nil {
		return err
	}
	b.nginx, err = start(command{argv: []string{"nginx", "-e", dir + "/backend.err", "-c", path}}, filepath.Join(dir, "backend.out"))
	if err != nil {
		return err
	}
	return b.nginx.ready(ctx, b.files[1], "any", 5*time.Second)
}

func writeFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, size := range map[string]int{"100k": 100 << 10, "10m": 10 << 20} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (b *backends) stop() {
	for _, l := range b.listeners {
		l.Close()
	}
	if b.nginx != nil {
		b.nginx.stop()
	}
}

// serveSink reads bodies in large pieces: io.Discard's 8 KiB would make it 30 times as many calls.
func serveSink(l net.Listener) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 256<<10)
		for {
			if _, err := r.Body.Read(buf); err == io.EOF {
				break
			} else if err != nil {
				return
			}
		}
		fmt.Fprint(w, "ok")
	}
	http.Serve(l, http.HandlerFunc(answer)) //nolint:errcheck // ends with its listener
}
