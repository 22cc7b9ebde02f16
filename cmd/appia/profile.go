//go:build profile

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profile writes where the time goes, from now to the call of what it returns, into a file of the folder APPIA_PROFILE.
// make pgo builds with the tag that this file needs; a released binary has none of it.
func profile() (stop func()) {
	f, err := os.Create(filepath.Join(os.Getenv("APPIA_PROFILE"), fmt.Sprintf("%d.prof", os.Getpid())))
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}
}
