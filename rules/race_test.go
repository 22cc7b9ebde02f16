//go:build race

package rules

// raceEnabled: the detector empties sync.Pools at random, so regexps allocate under it.
const raceEnabled = true
