package middleware

import (
	"fmt"

	"github.com/appia-edge/appia/rules"
)

// build makes what runs of what is asked for: an Asker, an Answerer, a Doner, or several of these in one; an io.Closer if
// it holds something.
func build(f rules.Filter, o Options) (any, error) {
	switch f := f.(type) {
	case rules.Rewrite:
		return rewriter{f}, nil
	case rules.Compress:
		return compressor{f}, nil
	}
	return nil, fmt.Errorf("not served")
}
