//go:build !linux

package main

import (
	"syscall"
	"time"
)

// The benchmark reads /proc and runs on Linux only; elsewhere it compiles.

func dieWithParent(*syscall.SysProcAttr) {}
func sharpen()                           {}
func nap(d time.Duration)                { time.Sleep(d) }
