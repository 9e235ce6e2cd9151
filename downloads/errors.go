package downloads

import (
	"fmt"
	"time"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

// NotFoundError says that no link has a token, or that an order has no such
// file.
type NotFoundError struct {
	Order      orders.ID // "" if a token is unknown
	Line, File int
}

func (e *NotFoundError) Error() string {
	if e.Order == "" {
		return "there is no such link to download: ask for another"
	}
	return fmt.Sprintf("order %s has no file %d on line %d", e.Order, e.File, e.Line)
}

// Unwrap returns fault.NotFound.
func (e *NotFoundError) Unwrap() error { return fault.NotFound }

// NotReadyError says that a line has not been handed over: it is not paid yet,
// or staff have not delivered it.
type NotReadyError struct {
	Order orders.ID
	Line  int
}

func (e *NotReadyError) Error() string {
	return fmt.Sprintf("line %d of order %s cannot be downloaded yet: it has not been delivered", e.Line, e.Order)
}

// Unwrap returns fault.Conflict.
func (e *NotReadyError) Unwrap() error { return fault.Conflict }

// UsedUpError says that a file was downloaded as often as it may be.
type UsedUpError struct {
	Order orders.ID
	Name  string
	Limit int64
}

func (e *UsedUpError) Error() string {
	return fmt.Sprintf("%s of order %s has been downloaded %d times, as often as it may be", e.Name, e.Order, e.Limit)
}

// Unwrap returns fault.Refused.
func (e *UsedUpError) Unwrap() error { return fault.Refused }

// ExpiredError says that the time to download a file is over.
type ExpiredError struct {
	Order orders.ID
	Name  string
	Until time.Time
}

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("%s of order %s could be downloaded until %s", e.Name, e.Order, e.Until.UTC().Format(time.DateTime))
}

// Unwrap returns fault.Refused.
func (e *ExpiredError) Unwrap() error { return fault.Refused }

// WithdrawnError says that what a file belongs to was canceled, returned or paid
// back.
type WithdrawnError struct {
	Order orders.ID
	Name  string
}

func (e *WithdrawnError) Error() string {
	return fmt.Sprintf("%s of order %s was canceled or paid back and cannot be downloaded any more", e.Name, e.Order)
}

// Unwrap returns fault.Refused.
func (e *WithdrawnError) Unwrap() error { return fault.Refused }

// RepeatedError says that a download is asked for again by a key that is too old
// for it: it takes a new one, and counts again.
type RepeatedError struct{ At time.Time }

func (e *RepeatedError) Error() string {
	return fmt.Sprintf("this download was made at %s: ask with another key", e.At.UTC().Format(time.DateTime))
}

// Unwrap returns fault.Conflict.
func (e *RepeatedError) Unwrap() error { return fault.Conflict }

// MissingError says that the shop does not have the file that it sold. The
// download does not count.
type MissingError struct {
	Order orders.ID
	Name  string
	Asset assets.ID
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("the shop has lost %s of order %s: the asset %s is not there", e.Name, e.Order, e.Asset)
}

// Unwrap returns fault.NotFound.
func (e *MissingError) Unwrap() error { return fault.NotFound }
