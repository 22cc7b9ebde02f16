package middleware

import (
	"fmt"

	"github.com/appia-edge/appia/rules"
)

// build makes what runs of what is asked for: an Asker, an Answerer, a Doner, or several of these in one; an io.Closer if
// it holds something.
func build(f rules.Filter, o Options) (any, error) {
	switch f := f.(type) {
	case rules.Compress:
		return compressor{f}, nil
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
	}
	return nil, fmt.Errorf("not served")
}
