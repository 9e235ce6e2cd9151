package storefront

import (
	"net/url"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

// LetterPath returns where the link of a letter leads, below the shop's
// address and Options.Base, for the program's accounts.Mailer.
func LetterPath(l accounts.Letter) string {
	q := "?" + url.Values{"token": {l.Token.Reveal()}}.Encode()
	if l.Kind == accounts.ResetPassword {
		return "/password/new" + q
	}
	return "/verify" + q
}

func showForgotten(v *visit) error {
	data, err := v.accountPage("Forgotten your password?")
	if err != nil {
		return err
	}
	return v.show(200, "forgotten", data)
}

// forgotten sends a letter if somebody has the address. The answer is the same
// if nobody has.
func forgotten(v *visit) error {
	data, err := v.accountPage("Forgotten your password?")
	if err != nil {
		return err
	}
	if v.checkEmail(data.Form); len(data.Form.Errors) > 0 {
		return v.show(422, "forgotten", data)
	}
	err = v.site.shop.Accounts.SendReset(v.ctx(), v.site.Mailer, accounts.StartReset{Email: commerce.Personal(data.Form.Values["email"])})
	if err != nil && fault.CodeOf(err) != fault.Invalid {
		return err
	}
	data.Done = v.locale.text("If there is an account with this address, a letter is on its way to it. Its link is good for a quarter of an hour.")
	return v.show(200, "forgotten", data)
}

func showNewPassword(v *visit) error {
	data, err := v.accountPage("New password")
	if err != nil {
		return err
	}
	data.Token = v.r.FormValue("token")
	return v.show(200, "newpassword", data)
}

func newPassword(v *visit) error {
	data, err := v.accountPage("New password")
	if err != nil {
		return err
	}
	data.Token = v.r.PostFormValue("token")
	session, err := v.site.shop.Accounts.Reset(v.ctx(), accounts.Reset{
		Token: commerce.Personal(data.Token), Password: commerce.Personal(v.r.PostFormValue("password")),
	})
	switch {
	case err == nil:
		return v.enter(session, v.site.Base+"/account")
	case is[*accounts.PasswordError](err):
		data.Form.wrong("password", v.passwordProblem(err))
	case is[*accounts.NoLetterError](err), fault.CodeOf(err) == fault.Invalid:
		data.Problem = v.locale.text("This link is not good any more. Please ask for another letter.")
	default:
		return err
	}
	return v.show(422, "newpassword", data)
}

// sendVerification sends the customer a letter to verify their address.
func sendVerification(v *visit) error {
	if v.customer == "" {
		return v.toLogIn()
	}
	letter, err := v.site.shop.Accounts.StartVerification(v.ctx(), accounts.StartVerification{Customer: v.customer})
	if err == nil {
		err = v.site.Mailer.Send(v.ctx(), letter)
	}
	if err != nil && !is[*accounts.TooManyLettersError](err) {
		return err
	}
	return v.redirect("/account?note=letter")
}

func showVerify(v *visit) error {
	data, err := v.accountPage("Confirm your e-mail address")
	if err != nil {
		return err
	}
	data.Token = v.r.FormValue("token")
	return v.show(200, "verify", data)
}

func verify(v *visit) error {
	data, err := v.accountPage("Confirm your e-mail address")
	if err != nil {
		return err
	}
	mailbox, err := v.site.shop.Accounts.VerifyMailbox(v.ctx(), accounts.Verify{Token: commerce.Personal(v.r.PostFormValue("token"))})
	switch {
	case err == nil:
		data.Done = v.locale.text("Thank you, your e-mail address is confirmed.")
		if err := v.joinOrders(mailbox, &data); err != nil {
			return err // the link is good for a week: they may press again
		}
		return v.show(200, "verify", data)
	case is[*accounts.NoLetterError](err), fault.CodeOf(err) == fault.Invalid:
		data.Problem = v.locale.text("This link is not good any more. Please ask for another letter.")
		return v.show(422, "verify", data)
	}
	return err
}

// joinOrders joins what the shopper ordered as a guest to their account. They must
// be logged in where they open the link: whoever has registered with somebody
// else's address must get nothing when its owner presses the button.
func (v *visit) joinOrders(mailbox accounts.Mailbox, data *accountPage) error {
	if v.customer == "" || v.customer != mailbox.Customer() {
		data.Done += " " + v.locale.text("If you ordered with it before, without logging in: log in and open the link again to have that in your account.")
		return nil
	}
	joined, err := v.site.shop.Orders.JoinGuests(v.ctx(), orders.JoinGuests{Customer: v.customer, Mailbox: mailbox})
	if is[*accounts.NoLetterError](err) || is[*accounts.UnverifiedError](err) {
		return nil // an old link, of an address before: it is confirmed, and nothing more
	}
	if joined > 0 {
		data.Done += " " + v.locale.text("What you ordered with it before, without logging in, is in your account now.")
	}
	return err
}
