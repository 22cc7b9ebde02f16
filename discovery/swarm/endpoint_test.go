package swarm

import "testing"

func TestConnectionsThatNobodyUsesGoByThemselves(t *testing.T) {
	if (endpoint{url: DefaultEndpoint}).transport().IdleConnTimeout == 0 {
		t.Error("idle connections stay for ever")
	}
}
