package rules

import (
	"math"
	"strings"
)

// A node is a stretch of path in a radix tree. On the way from the root, along a request's path, are all routes whose
// literal prefix the path has.
type node struct {
	text       string      // the bytes between the parent and here
	candidates []candidate // in the order they are to be tried
	first      int         // the least route ID here and below
	heads      string      // the first bytes of the children's texts
	children   []*node
}

// A candidate is a route that may be meant, with what is left to check.
type candidate struct {
	id    int // the route's, here so that routes that come too late are not even touched
	route *Route
	rest  condition // nil: nothing
}

func newNode(text string) *node { return &node{text: text, first: math.MaxInt} }

// next is the child that a path leads to, with the rest of the path; nil when there is none.
func (n *node) next(path string) (*node, string) {
	if path == "" {
		return nil, ""
	}
	i := strings.IndexByte(n.heads, path[0])
	if i < 0 {
		return nil, ""
	}
	child := n.children[i]
	if !strings.HasPrefix(path, child.text) {
		return nil, ""
	}
	return child, path[len(child.text):]
}

// add enters a candidate below n. Candidates come in order.
func (n *node) add(path string, c candidate) {
	n.first = min(n.first, c.id)
	if path == "" {
		n.candidates = append(n.candidates, c)
		return
	}
	i := strings.IndexByte(n.heads, path[0])
	if i < 0 {
		i = len(n.heads)
		n.heads += path[:1]
		n.children = append(n.children, newNode(path))
	}
	child := n.children[i]
	if shared := sharedPrefix(child.text, path); shared < len(child.text) {
		child = child.split(shared)
		n.children[i] = child
	}
	child.add(path[len(child.text):], c)
}

// split puts a node in front of n that holds the first size bytes of its text.
func (n *node) split(size int) *node {
	front := newNode(n.text[:size])
	n.text = n.text[size:]
	front.first, front.heads, front.children = n.first, n.text[:1], []*node{n}
	return front
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
	for prefix != "" {
		i := strings.IndexByte(n.heads, prefix[0])
		if i < 0 {
			return nil
		}
		n = n.children[i]
		shared := sharedPrefix(n.text, prefix)
		if shared == len(prefix) && shared < len(n.text) && n.text[shared] != '/' {
			return []*node{n}
		}
		if shared < len(n.text) {
			return nil
		}
		prefix = prefix[shared:]
	}
	var after []*node
	for i, child := range n.children {
		if n.heads[i] != '/' {
			after = append(after, child)
		}
	}
	return after
}
