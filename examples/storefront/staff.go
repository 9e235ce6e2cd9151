package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
)

// staffEmail is who runs the sample shop.
const staffEmail = "staff@juniper.example"

// hireStaff makes the account of the staff at the first start, with a password
// that is shown once. A password that is given takes the place of the old one.
func hireStaff(ctx context.Context, shop *commerce.Store, password string, to io.Writer) error {
	c, err := shop.Accounts.ByEmail(ctx, staffEmail)
	switch {
	case err == nil && password == "":
		return nil
	case err == nil:
		return shop.Accounts.SetPassword(ctx, accounts.SetPassword{Customer: c.ID, Password: commerce.Personal(password)})
	case !errors.Is(err, fault.NotFound):
		return err
	}
	if password == "" {
		password = rand.Text()
		fmt.Fprintf(to, "The staff log in at /admin as %s with the password %s (-staff-password changes it)\n", staffEmail, password)
	}
	_, err = shop.Accounts.Register(ctx, accounts.Register{
		Email: staffEmail, Name: "Juniper", Groups: []string{accounts.StaffGroup}, Password: commerce.Personal(password),
	})
	return err
}
