package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/storefront"
)

// console is a mailer that writes letters down instead of sending them. A real
// one hands them to a queue, which sends them by SMTP or a provider's API.
type console struct {
	mu   sync.Mutex
	to   io.Writer
	site string // as in http://localhost:8080
}

// Send implements accounts.Mailer.
func (c *console) Send(_ context.Context, l accounts.Letter) error {
	subject := "Confirm your e-mail address"
	if l.Kind == accounts.ResetPassword {
		subject = "Choose a new password"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := fmt.Fprintf(c.to, "\n--- letter to %s\nSubject: %s\n\nDear %s,\n\nplease follow this link, which is good until %s:\n%s%s\n\nJuniper & Oar\n---\n",
		l.To.Reveal(), subject, l.Name.Reveal(), l.ExpiresAt.Format("15:04 MST"), c.site, storefront.LetterPath(l))
	return err
}

// SendGiftCard implements storefront.GiftCardMailer.
func (c *console) SendGiftCard(_ context.Context, l storefront.GiftCardLetter) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := fmt.Fprintf(c.to, "\n--- letter to %s\nSubject: %s\n\n%s---\n", l.To.Reveal(), l.Subject, l.Text.Reveal())
	return err
}
