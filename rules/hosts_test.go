package rules

import (
	"strings"
	"testing"
)

func TestHostsOfEveryLengthAreFound(t *testing.T) {
	trees := map[string]*node{"": {}, strings.Repeat("x", maxHost+1): {}} // which no request has
	for size := 1; size <= maxHost; size += 2 {
		for _, c := range "abc" {
			n := newNode("", candidate{id: int32(size)*4 + c - 'a'})
			trees[strings.Repeat(string(c), size)] = &n
		}
	}
	h := newHosts(trees)
	for size := 1; size <= maxHost; size++ {
		for _, c := range "abcd" {
			p := h.find([]byte(strings.Repeat(string(c), size)))
			if known := size%2 == 1 && c != 'd'; (p != nil) != known || known && p.first != int32(size)*4+c-'a' {
				t.Errorf("%d of %c: %v", size, c, p)
			}
		}
	}
}

func TestNoHostIsFoundAmongNone(t *testing.T) {
	h := newHosts(nil)
	if p := h.find([]byte("a.com")); p != nil {
		t.Errorf("found %v", p)
	}
}
