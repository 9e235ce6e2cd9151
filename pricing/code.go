package pricing

import (
	"strings"

	"github.com/keelshop/commerce/fault"
)

// CodeReason says why a code has no effect, in the words of the Agentic
// Commerce Protocol.
type CodeReason string

// The reasons.
const (
	CodeInvalid     CodeReason = "discount_code_invalid"
	CodeExpired     CodeReason = "discount_code_expired"
	CodeMinimum     CodeReason = "discount_code_minimum_not_met"
	CodeNotLoggedIn CodeReason = "discount_code_user_not_logged_in"
	CodeIneligible  CodeReason = "discount_code_user_ineligible"
	CodeCombination CodeReason = "discount_code_combination_disallowed"
	CodeApplied     CodeReason = "discount_code_already_applied"
	CodeLimit       CodeReason = "discount_code_usage_limit_reached"
)

// maxCode bounds a code, in bytes.
const maxCode = 64

// NormalizeCode returns a code as it is kept: in capitals, without spaces at
// its ends. It returns fault.Invalid for what can be no code.
func NormalizeCode(code string) (string, error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	ok := code != "" && len(code) <= maxCode
	for i := range len(code) {
		c := code[i]
		ok = ok && ('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
	}
	if !ok {
		return "", fault.Wrong("code", "a code is 1 to %d letters, digits, hyphens and underscores", maxCode)
	}
	return code, nil
}

// CodeState says what has become of a code on a cart.
type CodeState struct {
	Code      string
	Promotion string
	Name      string     // of the promotion; "" if it is gone
	Reason    CodeReason // why it has no effect; "" if it has
}

// codes says what has become of each code.
func (p *pricer) codes() error {
	for _, coupon := range p.in.Coupons {
		state := CodeState{Code: coupon.Code, Promotion: coupon.Promotion, Reason: CodeInvalid}
		for i := range p.rules.promotions {
			c := &p.rules.promotions[i]
			if c.ID != coupon.Promotion {
				continue
			}
			state.Name = c.Name
			if state.Reason = p.usable(&coupon); state.Reason == "" {
				state.Reason = p.holds(c)
			}
			if state.Reason == "" && !p.quote.applies(coupon) {
				state.Reason = CodeCombination
			}
			break
		}
		p.quote.Codes = append(p.quote.Codes, state)
	}
	return nil
}

func (q *Quote) applies(c Coupon) bool {
	for _, a := range q.Promotions {
		if a.Promotion == c.Promotion && a.Code == c.Code {
			return true
		}
	}
	return false
}
