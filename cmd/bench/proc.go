package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A tree is a process with all its descendants, as /proc tells it.
type tree []int

// treeOf reads who descends from a process.
func treeOf(root int) tree {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if s, err := parseStat(text); err == nil {
			children[s.parent] = append(children[s.parent], s.pid)
		}
	}
	t := tree{root}
	for i := 0; i < len(t); i++ {
		t = append(t, children[t[i]]...)
	}
	return t
}

// cpu is the time that all threads of all processes have spent, in user mode and in the kernel.
func (t tree) cpu() (time.Duration, error) {
	var sum time.Duration
	for _, pid := range t {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		s, err := parseStat(text)
		if err != nil {
			return 0, err
		}
		sum += s.cpu
	}
	return sum, nil
}

// memory is the proportional set size: what is shared among workers counts once.
func (t tree) memory() (int64, error) {
	var sum int64
	for _, pid := range t {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return 0, err
		}
		pss, err := parsePSS(text)
		if err != nil {
			return 0, err
		}
		sum += pss
	}
	return sum, nil
}

// stat is what we want of /proc/PID/stat, proc(5).
type stat struct {
	pid, parent int
	cpu         time.Duration // utime and stime
}

// tick is USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// parseStat counts fields after the last parenthesis: the name before it may have blanks and parentheses of its own.
func parseStat(text []byte) (stat, error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("stat without a name: %q", text)
	}
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 13 {
		return stat{}, fmt.Errorf("stat with too few fields: %q", text)
	}
	// state is field 3, and fields[0]; ppid 4, utime 14, stime 15.
	var numbers [4]int
	for i, word := range []string{string(bytes.TrimSpace(text[:open])), fields[1], fields[11], fields[12]} {
		n, err := strconv.Atoi(word)
		if err != nil {
			return stat{}, fmt.Errorf("stat: %w", err)
		}
		numbers[i] = n
	}
	return stat{pid: numbers[0], parent: numbers[1], cpu: time.Duration(numbers[2]+numbers[3]) * tick}, nil
}

func parsePSS(rollup []byte) (int64, error) {
	for line := range strings.Lines(string(rollup)) {
		rest, ok := strings.CutPrefix(line, "Pss:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		return kib << 10, err
	}
	return 0, fmt.Errorf("smaps_rollup without Pss")
}
