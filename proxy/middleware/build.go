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
		return newCompressor(f)
	case rules.BasicAuth:
		return newBasicAuth(f, o)
	case rules.DigestAuth:
		return newDigestAuth(f, o)
	case rules.ForwardAuth:
		return newForwardAuth(f, o)
	case rules.AllowList:
		return allowList{f}, nil
	case rules.Redirect:
		return newRedirect(f)
	case rules.RedirectScheme:
		return newRedirectScheme(f), nil
	case rules.RedirectEntryPoint:
		return newRedirectEntryPoint(f), nil
	case rules.Headers:
		return newHeaders(f), nil
	case rules.ClientCert:
		return clientCert{f}, nil
	case rules.ContentType:
		return contentType{}, nil
	case rules.RateLimit:
		return newLimiter(f, o), nil
	case rules.InFlight:
		return newCrowd(f, o), nil
	case rules.CircuitBreaker:
		return newBreaker(f, o), nil
	case rules.Buffering:
		return buffering{f}, nil
	case rules.ErrorPage:
		return errorPage{f}, nil
	case rules.Closed:
		return shut{}, nil
	}
	return nil, fmt.Errorf("not served")
}
