package accounts

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/seal"
)

// Prove checks a customer's password for what a session alone should not be
// enough for, such as another e-mail address: whoever finds a device unlocked
// could take the account over. A customer without a password, as the host
// program's own users are, has nothing to prove. Failures count as those of
// log-ins do. The error is a *WrongPasswordError, *ThrottledError or
// *UnknownCustomerError.
func (s *Service) Prove(ctx context.Context, customer CustomerID, password seal.Personal) error {
	who, err := s.account(ctx, customer)
	if err == nil && who.password != nil {
		_, err = s.prove(ctx, who, s.throttleOf(who), password)
	}
	if err != nil {
		return fmt.Errorf("proving a password: %w", err)
	}
	return nil
}
