package http1

import "sync"

// Buffers are borrowed between a wake-up and the answer, and given back before a connection sleeps. Two sizes: a page
// holds a head and most bodies; a sheet carries long bodies, in fewer system calls.
const (
	pageSize  = 16 << 10
	sheetSize = 64 << 10
)

type (
	page  [pageSize]byte
	sheet [sheetSize]byte
)

var (
	pages  = sync.Pool{New: func() any { return new(page) }}
	sheets = sync.Pool{New: func() any { return new(sheet) }}
)
