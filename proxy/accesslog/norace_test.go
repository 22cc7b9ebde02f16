//go:build !race

package accesslog

const race = false
