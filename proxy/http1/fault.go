package http1

// A fault is a message that we do not take: the status that a request with it deserves, and a word for logs and metrics.
type fault struct {
	status int
	code   string
}

// Error implements error.
func (f *fault) Error() string { return f.code }

// Code is the word.
func (f *fault) Code() string { return f.code }

// What is refused, and why it is. Each leaves room for two readers to disagree on what was said or where it ends, but for
// those with another status than 400.
var (
	badLine        = &fault{400, "start-line"}
	badTarget      = &fault{400, "target"}
	longTarget     = &fault{414, "target-too-long"}
	badVersion     = &fault{505, "version"}
	noMethod       = &fault{501, "connect"}
	badHost        = &fault{400, "host"}
	tlsOnPlain     = &fault{400, "tls-on-plain"}
	missingHost    = &fault{400, "host-missing"}
	severalHosts   = &fault{400, "host-several"}
	otherHost      = &fault{400, "host-differs-from-target"}
	bareLF         = &fault{400, "bare-lf"}
	badName        = &fault{400, "field-name"}
	badValue       = &fault{400, "field-value"}
	folded         = &fault{400, "obs-fold"}
	manyFields     = &fault{431, "fields-too-many"}
	longHead       = &fault{431, "head-too-long"}
	badLength      = &fault{400, "content-length"}
	severalLengths = &fault{400, "content-length-several"}
	badCoding      = &fault{400, "transfer-encoding"}
	oldCoding      = &fault{400, "transfer-encoding-in-1.0"}
	bothFramings   = &fault{400, "content-length-with-transfer-encoding"}
	badExpect      = &fault{417, "expectation"}
	badChunk       = &fault{400, "chunk-size"}
	badExtension   = &fault{400, "chunk-extension"}
	badChunkEnd    = &fault{400, "chunk-end"}
	cutBody        = &fault{400, "body-cut-short"}
	badTrailer     = &fault{400, "trailer"}
	longTrailer    = &fault{431, "trailer-too-long"}
	badStatus      = &fault{502, "status"}
	manyInterim    = &fault{502, "interim-responses"}
	unasked        = &fault{502, "upgrade-unasked"}
	earlyUpgrade   = &fault{502, "upgrade-early"}
	lateBody       = &fault{408, "body-timeout"}
	endpointLate   = &fault{504, "endpoint-head-timeout"}
	endpointStalls = &fault{504, "endpoint-write-timeout"}
	endpointGone   = &fault{504, "endpoint-unreachable"}
)
