package downloads_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

func asType[E error](err error) (E, bool) { return errors.AsType[E](err) }

// TestPaidIsDelivered: what is paid can be downloaded by itself, each file as
// often as it was bought for, and not more often.
func TestPaidIsDelivered(t *testing.T) {
	s := newShop(t, commerce.WithShards(3))
	o := s.buys(checkout.Complete{}, 1, 2)
	s.delivered(o)
	got, err := s.Orders.Get(t.Context(), o)
	s.must(err)
	if got.FulfilmentStatus != orders.Partial || got.Shipped != 1 || got.Delivered != 1 {
		t.Errorf("the order is %s: %d shipped, %d delivered", got.FulfilmentStatus, got.Shipped, got.Delivered)
	}
	files := s.files(o)
	if len(files) != 2 || files[0].Limit != 2 || files[0].Used != 0 || files[1].Name != "scarf-us.pdf" || files[0].Until.IsZero() {
		t.Fatalf("the files are %+v", files)
	}

	l := s.link(o, 1)
	s.must(s.download(l, "first"))
	s.must(s.download(l, "first")) // the same download
	if used := s.files(o)[0].Used; used != 1 {
		t.Errorf("one download counts %d times", used)
	}
	other := s.link(o, 1)
	s.must(s.download(other, "first")) // of another link, so another
	refused[*downloads.UsedUpError](t, s.download(l, "third"))
	_, err = s.Downloads.Link(t.Context(), downloads.Link{Order: o, Line: 1, File: 1})
	refused[*downloads.UsedUpError](t, err)
	s.must(s.download(l, "first")) // which was answered before
	for range 2 {                  // who is known to be the buyer needs no link
		got, err := s.Downloads.Download(t.Context(), downloads.Download{Order: o, Line: 1, File: 2, Key: "k"})
		s.must(err)
		s.must(got.Body.Close())
	}
	if f, err := s.Downloads.ByToken(t.Context(), l.Token); err != nil || f.Used != 2 || f.State != downloads.UsedUp {
		t.Errorf("the link leads to %+v, %v", f, err)
	}
	_, err = s.Downloads.Download(t.Context(), downloads.Download{Order: o, Line: 1, File: 2, Token: l.Token})
	wants(t, err, fault.Invalid)
	if files = s.files(o); files[0].State != downloads.UsedUp || files[1].State != downloads.Ready || files[1].Used != 1 {
		t.Errorf("the files are %+v", files)
	}

	_, err = s.Orders.Ship(t.Context(), orders.Ship{Order: o})
	s.must(err)
	got, err = s.Orders.Get(t.Context(), o)
	if err != nil || got.FulfilmentStatus != orders.Fulfilled {
		t.Errorf("the order is %s, %v", got.FulfilmentStatus, err)
	}
}

// TestDownloadsEnd: with the time, with what was paid back, and with links that
// were never made.
func TestDownloadsEnd(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	o := s.buys(checkout.Complete{}, 2, 0)
	s.delivered(o)
	l := s.link(o, 1)
	s.must(s.download(l, "k"))
	if f := s.files(o)[0]; f.Limit != 4 {
		t.Errorf("two units may be downloaded %d times", f.Limit)
	}

	// Half of it goes back.
	_, err := s.Orders.GrantRefund(ctx, orders.GrantRefund{Order: o, Lines: []orders.RefundLine{{Line: 1, Quantity: 1}}, Reason: "one too many", Release: true})
	s.must(err)
	if f := s.files(o)[0]; f.Limit != 2 || f.State != downloads.Ready {
		t.Errorf("after one of two went back: %+v", f)
	}
	s.clock.Advance(2 * time.Hour)
	refused[*downloads.RepeatedError](t, s.download(l, "k"))
	s.must(s.download(l, "k2"))
	refused[*downloads.UsedUpError](t, s.download(l, "k3"))

	late := s.buys(checkout.Complete{}, 1, 0)
	s.delivered(late)
	kept := s.link(late, 1)
	s.clock.Advance(31 * 24 * time.Hour)
	refused[*downloads.ExpiredError](t, s.download(kept, "k"))

	back := s.buys(checkout.Complete{}, 1, 0)
	s.delivered(back)
	kept = s.link(back, 1)
	s.must(s.download(kept, "k"))
	_, err = s.Payments.Refund(ctx, payments.Refund{Order: back, Reason: "as a favour"})
	s.must(err)
	refused[*downloads.WithdrawnError](t, s.download(kept, "k"))
	refused[*downloads.WithdrawnError](t, s.download(kept, "k2"))

	for _, token := range []string{"dwn_", kept.Token.Reveal() + "A", "dwn_" + strings.Repeat("A", 46), "ses" + kept.Token.Reveal()[3:]} {
		unknown := kept
		unknown.Token = seal.Personal(token)
		refused[*downloads.NotFoundError](t, s.download(unknown, "k"))
	}
	_, err = s.Downloads.Link(ctx, downloads.Link{Order: back, Line: 1, File: 3})
	refused[*downloads.NotFoundError](t, err)
	_, err = s.Downloads.Link(ctx, downloads.Link{Order: back, Line: 9, File: 1})
	refused[*downloads.NotFoundError](t, err)
	_, err = s.Downloads.Link(ctx, downloads.Link{Order: back})
	wants(t, err, fault.Invalid)
}

// TestStaffDeliver: nothing is handed over before it is paid, and, if the
// settings say so, not before staff do it.
func TestStaffDeliver(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	held := s.buys(checkout.Complete{AuthorizeOnly: true}, 1, 0)
	_, err := s.Orders.Deliver(ctx, orders.Deliver{Order: held})
	refused[*orders.StatusError](t, err)
	_, err = s.Downloads.Link(ctx, downloads.Link{Order: held, Line: 1, File: 1})
	refused[*downloads.NotReadyError](t, err)
	attempts, err := s.Payments.ByOrder(ctx, held)
	s.must(err)
	_, err = s.Payments.Capture(ctx, payments.Capture{Attempt: attempts[0].ID})
	s.must(err)
	s.delivered(held)

	settings, err := s.Downloads.PutSettings(ctx, downloads.PutSettings{ByStaff: true})
	if err != nil || !settings.ByStaff || settings.Version != 1 {
		t.Fatalf("got %+v, %v", settings, err)
	}
	_, err = s.Downloads.PutSettings(ctx, downloads.PutSettings{Version: 7})
	wants(t, err, fault.Conflict)
	o := s.buys(checkout.Complete{}, 1, 1)
	s.must(s.Downloads.DeliverTimer(ctx, string(o))) // as the timer does
	if f := s.files(o)[0]; f.State != downloads.Waiting {
		t.Errorf("staff have done nothing, and it is %s", f.State)
	}
	got, err := s.Orders.Deliver(ctx, orders.Deliver{Order: o, Key: "k"})
	if err != nil || got.Shipped != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	s.must(s.download(s.link(o, 1), "k"))
	_, err = s.Orders.Deliver(ctx, orders.Deliver{Order: o})
	refused[*orders.StatusError](t, err)

	// Of many links the newest work.
	var links []downloads.Linked
	for range 22 {
		s.clock.Advance(time.Second)
		links = append(links, s.link(o, 2))
	}
	refused[*downloads.NotFoundError](t, s.download(links[0], "k"))
	refused[*downloads.NotFoundError](t, s.download(links[1], "k"))
	s.must(s.download(links[2], "k"))
}

// TestALostFileDoesNotCount: what the shop does not have is its own fault.
func TestALostFileDoesNotCount(t *testing.T) {
	s := newShop(t)
	o := s.buys(checkout.Complete{}, 1, 0)
	s.delivered(o)
	l := s.link(o, 1)
	s.must(s.Assets.Remove(t.Context(), s.pattern))
	refused[*downloads.MissingError](t, s.download(l, "k"))
	if f := s.files(o)[0]; f.Used != 0 {
		t.Errorf("nothing was downloaded, and %d counts", f.Used)
	}
	_, err := s.Assets.Put(t.Context(), strings.NewReader(text))
	s.must(err)
	s.must(s.download(l, "k"))
}

// TestWhatIsAddedIsDelivered: a file that is added to an order is handed over
// once its part is paid, one that costs nothing at once.
func TestWhatIsAddedIsDelivered(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	o := s.buys(checkout.Complete{}, 1, 1)
	s.delivered(o)
	got, err := s.Orders.Get(ctx, o)
	s.must(err)
	free := euro(0)
	_, err = s.Checkout.Confirm(ctx, checkout.Change{Order: o, Version: got.Version, Reason: "a gift", Add: []checkout.AddedLine{
		{SKU: "pattern", Quantity: 1, AgreedPrice: &free, Reason: "a gift"},
	}})
	s.must(err)
	for deadline := time.Now().Add(testWait); ; time.Sleep(5 * time.Millisecond) {
		files := s.files(o)
		if len(files) == 4 && files[3].State == downloads.Ready {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the files are %+v", files)
		}
	}
	names := slices.Collect(func(yield func(string) bool) {
		for _, f := range s.files(o) {
			if !yield(f.Name) {
				return
			}
		}
	})
	if len(names) != 4 || names[2] != "scarf.pdf" {
		t.Errorf("the files are %v", names)
	}
}

func wants(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code {
		t.Errorf("got error %v with code %v, want code %v", err, fault.CodeOf(err), code)
	}
}
