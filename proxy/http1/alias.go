package http1

import "unsafe"

// All that is unsafe in Appia.

// alias is b as a string without a copy: a head has a score of names and values, and copying them is a fifth of parsing
// it. The string is good as long as b is not written to, which is what message.Exchange promises: until the exchange ends.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// address is where b begins, for a system call.
func address(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
