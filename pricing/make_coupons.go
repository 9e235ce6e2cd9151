package pricing

import (
	"context"
	"encoding/base32"
	"fmt"
	"strconv"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"golang.org/x/sync/errgroup"
)

// MakeCoupons makes many codes for a promotion, each a prefix and random
// letters and digits. It is many commands: if it fails half way, the same call
// with the same Key makes the rest, with the codes that it would have made.
type MakeCoupons struct {
	Promotion string
	Prefix    string // as in "MAIL-"
	Count     int    // 1 to MaxCoupons
	Length    int    // random characters of each code; 0 is 12
	Limits    Limits // of each code, as in Uses: 1
	Key       string // "" generates one: then asking again makes others
}

// MaxCoupons bounds the codes of one MakeCoupons.
const MaxCoupons = 100_000

const (
	usualLength = 12
	leastLength = 8 // 40 bits: nobody guesses one in a million codes
	mostLength  = 26
	makeAtOnce  = 256
)

// codeLetters leave out what people confuse: I and L with 1, O with 0, U with
// V (Crockford's Base32).
var codeLetters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// MakeCoupons makes the codes and returns them. It returns a *NotFoundError if
// there is no such promotion, and fault.Uncertain if some may have been made.
func (s *Service) MakeCoupons(ctx context.Context, c MakeCoupons) ([]string, error) {
	if c.Length == 0 {
		c.Length = usualLength
	}
	if c.Count < 1 || c.Count > MaxCoupons || c.Length < leastLength || c.Length > mostLength {
		return nil, fault.Wrong("count", "%d codes of %d characters: make 1 to %d of %d to %d", c.Count, c.Length, MaxCoupons, leastLength, mostLength)
	}
	if err := s.takesCodes(ctx, c.Promotion, false); err != nil {
		return nil, err
	}
	if c.Prefix != "" {
		if _, err := NormalizeCode(c.Prefix); err != nil {
			return nil, &fault.FieldError{Field: "prefix", Err: err}
		}
	}
	key := command.KeyOr(s.engine, c.Key)
	codes := make([]string, c.Count)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(makeAtOnce)
	for i := range codes {
		h := s.engine.Hash("coupons", key+"\x00"+strconv.Itoa(i))
		codes[i] = c.Prefix + codeLetters.EncodeToString(h[:])[:c.Length]
		work.Go(func() error {
			_, err := s.PutCoupon(ctx, PutCoupon{Code: codes[i], Promotion: c.Promotion, Limits: c.Limits, Key: key + ":" + strconv.Itoa(i)})
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, command.UnderKey(key, fmt.Errorf("making codes: %w", err))
	}
	return codes, nil
}
