package main

import (
	"syscall"
	"time"
)

// dieWithParent ends a child when we are killed.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }

// sharpen makes this thread's naps exact: by default Linux adds up to 50 us to save wake-ups.
func sharpen() {
	const setTimerSlack = 29                                      // PR_SET_TIMERSLACK
	syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, 1000, 0) //nolint:errcheck // a dull timer is no reason to stop
}

// nap sleeps without Go's timers, which are as coarse as epoll's millisecond.
func nap(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	syscall.Nanosleep(&t, nil) //nolint:errcheck // woken early, the caller naps again
}
