package command

// UnservedError says that this node cannot serve, since it is cut off from the
// others or closing: another node may. It counts as what Err counts as.
type UnservedError struct{ Err error }

// Error says what Err says.
func (e *UnservedError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UnservedError) Unwrap() error { return e.Err }
