package rules

import (
	"math"
	"strings"
)

// A node is a stretch of path in a radix tree. On the way from the root, along a request's path, are all routes whose
// literal prefix the path has. Children stand in their parent's slice and not behind pointers, and what most requests
// need comes first: in a large table each step is a wait for memory.
type node struct {
	text       string      // the bytes between the parent and here
	first      int32       // the least route ID here and below
	sure       int32       // the first candidate's, if nothing is left to check of it; else none
	heads      string      // the first bytes of the children's texts
	children   []node      // they stay where they are once the tree is complete
	candidates []candidate // in the order they are to be tried
}

// none is no route's ID: every route comes before it.
const none = math.MaxInt32

// A candidate is a route that may be meant, with what is left to check.
type candidate struct {
	id   int32 // not the route itself, so that one tree serves all tables that differ in endpoints only
	rest condition
}

// newNode is a leaf.
func newNode(text string, c candidate) node {
	n := node{text: text, first: none, sure: none}
	n.enter(c)
	return n
}

func (n *node) enter(c candidate) {
	if len(n.candidates) == 0 && c.rest == nil {
		n.sure = c.id
	}
	n.first = min(n.first, c.id)
	n.candidates = append(n.candidates, c)
}

// next is the child that a path may lead to; nil when there is none.
func (n *node) next(path string) *node {
	if path == "" {
		return nil
	}
	i := strings.IndexByte(n.heads, path[0])
	if i < 0 {
		return nil
	}
	return &n.children[i]
}

// add enters a candidate. Candidates come in order.
func (n *node) add(path string, c candidate) {
	shared := sharedPrefix(n.text, path)
	if shared < len(n.text) {
		n.split(shared)
	}
	path = path[shared:]
	if path == "" {
		n.enter(c)
		return
	}
	n.first = min(n.first, c.id)
	if child := n.next(path); child != nil {
		child.add(path, c)
		return
	}
	n.heads += path[:1]
	n.children = append(n.children, newNode(path, c))
}

// split makes n the first size bytes of its text, and all that it was its child.
func (n *node) split(size int) {
	below := *n
	below.text = n.text[size:]
	*n = node{text: n.text[:size], first: below.first, sure: none, heads: below.text[:1], children: []node{below}}
}

func sharedPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// goingOn are the nodes right after a prefix whose text goes on there with anything but a slash.
func (n *node) goingOn(prefix string) []*node {
	if n == nil {
		return nil
	}
	shared := sharedPrefix(n.text, prefix)
	switch {
	case shared < len(n.text) && (shared < len(prefix) || n.text[shared] == '/'):
		return nil
	case shared < len(n.text):
		return []*node{n}
	case shared < len(prefix):
		return n.next(prefix[shared:]).goingOn(prefix[shared:])
	}
	var after []*node
	for i := range n.children {
		if n.heads[i] != '/' {
			after = append(after, &n.children[i])
		}
	}
	return after
}
