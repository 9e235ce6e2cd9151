package command

import (
	"context"
	"errors"
	"time"

	"github.com/keelshop/commerce/fault"
)

// readTimeout bounds the read that follows a command, which does not end with
// the caller's context.
const readTimeout = 5 * time.Second

// DoThen is Do for a command whose result is read afterwards: read gets the
// command's answer. The errors are those of Do and of Then.
func DoThen[R, T any](ctx context.Context, e Engine, c Command, call Call, read func(ctx context.Context, answer R) (T, error)) (T, error) {
	call.Key = KeyOr(e, call.Key)
	answer, err := Do[R](ctx, e, c, call)
	if err != nil {
		var zero T
		return zero, err
	}
	return Then(ctx, call.Key, func(ctx context.Context) (T, error) { return read(ctx, answer) })
}

// Then reads the result of the command that was carried out under key. The
// caller's haste cannot hide what happened: read gets five seconds of its own,
// whatever becomes of ctx. A failure to read is an *UncertainError with the
// key, which gives the result when it is used again. That there is nothing to
// read any more (fault.NotFound) is no failure to read, and returned as it is.
func Then[T any](ctx context.Context, key string, read func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	out, err := read(ctx)
	if err == nil || fault.CodeOf(err) == fault.NotFound {
		return out, err
	}
	var zero T
	return zero, &UncertainError{Key: key, Err: fault.Wrap(fault.Uncertain, err, "the command was carried out, reading the result failed")}
}

// KeyOr returns key, or a new one if it is "": for a caller who has to know
// the key of a command before it runs.
func KeyOr(e Engine, key string) string {
	if key == "" {
		return NewKey(e.Now())
	}
	return key
}

// UnderKey returns an err of one of the commands that a request consists of as
// an error of the request. One that is uncertain gets the request's key: that
// of the single command is of no use to the caller.
func UnderKey(key string, err error) error {
	if fault.CodeOf(err) != fault.Uncertain {
		return err
	}
	return &UncertainError{Key: key, Err: cause(err)}
}

// Begun returns an err that a request without a key of its own met after its
// first effect. Where err says that nothing happened or names the key of a
// single command, the result is fault.Uncertain with the text, which says what
// is to be asked again.
func Begun(err error, text string) error {
	if !fault.Retryable(err) {
		return err
	}
	return fault.Wrap(fault.Uncertain, cause(err), "%s", text)
}

// cause returns what made a single command uncertain, without its key.
func cause(err error) error {
	if u, ok := errors.AsType[*UncertainError](err); ok {
		return u.Err
	}
	return err
}
