package stackfile

import (
	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// shown is a label's value as it may be told: output of a check goes to the logs of a build.
func shown(name, value string) string {
	if snapshot.Secret(name) || snapshot.Hashed(value) {
		return rules.NotShown
	}
	return snapshot.WithoutQuery(name, value)
}
