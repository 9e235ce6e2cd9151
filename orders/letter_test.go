package orders_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

// TestLetterIsSentByOne: whoever takes a letter has it alone until its time is
// over, by the shard's clock; what was sent stays sent, what was given up is told
// to staff, and the order stays as it is.
func TestLetterIsSentByOne(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("card", 2500, 0)
	o := s.get(s.sold(wanted{"card", 2}))
	note := func(unit int, by string, state orders.LetterState, pause time.Duration) orders.Letter {
		t.Helper()
		l, err := s.orders.NoteLetter(t.Context(), orders.NoteLetter{Order: o.ID, Line: 1, Unit: unit, By: by, State: state, Pause: pause.Milliseconds()})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	want := func(l orders.Letter, state orders.LetterState, by string, tries int) {
		t.Helper()
		if l.State != state || l.By != by || l.Tries != tries {
			t.Errorf("the letter is %+v, not %s by %q at try %d", l, state, by, tries)
		}
	}
	want(note(1, "a", orders.LetterSending, time.Hour), orders.LetterSending, "a", 1)
	if l := note(1, "b", orders.LetterSending, time.Hour); l.By != "a" || l.Wait < 1 || l.Wait > time.Hour.Milliseconds() {
		t.Errorf("another one gets %+v", l)
	}
	want(note(1, "b", orders.LetterFailed, 0), orders.LetterSending, "a", 1)
	want(note(1, "a", orders.LetterWaiting, time.Hour), orders.LetterWaiting, "", 1)
	want(note(1, "a", orders.LetterSending, time.Hour), orders.LetterWaiting, "", 1)
	s.engine.Advance(time.Hour)
	want(note(1, "b", orders.LetterSending, time.Hour), orders.LetterSending, "b", 2)
	want(note(1, "a", orders.LetterSent, 0), orders.LetterSent, "", 2)
	want(note(1, "b", orders.LetterFailed, 0), orders.LetterSent, "", 2)
	note(2, "a", orders.LetterSending, 0)
	want(note(2, "a", orders.LetterFailed, 0), orders.LetterFailed, "", 1)

	_, err := s.orders.NoteLetter(t.Context(), orders.NoteLetter{Order: o.ID, Line: 1, Unit: 1000, By: "a", State: orders.LetterSending})
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a letter about a unit that is not there: %v", err)
	}
	for _, bad := range []orders.NoteLetter{
		{Order: o.ID, Line: 0, Unit: 1, By: "a", State: orders.LetterSent},
		{Order: o.ID, Line: 1, Unit: 0, By: "a", State: orders.LetterSent},
		{Order: o.ID, Line: 1, Unit: 1, State: orders.LetterSent},
		{Order: o.ID, Line: 1, Unit: 1, By: "a", State: "lost"},
		{Order: o.ID, Line: 1, Unit: 1, By: "a", State: orders.LetterSending, Pause: -1},
	} {
		if _, err := s.orders.NoteLetter(t.Context(), bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if all, err := s.orders.Letters(t.Context(), o.ID); err != nil || len(all) != 2 {
		t.Errorf("the letters are %+v, %v", all, err)
	}
	moments, err := s.orders.Timeline(t.Context(), o.ID)
	if err != nil || moments[len(moments)-1].Kind != "gift_card.letter_failed" || len(orders.ForShoppers(moments)) != len(moments)-1 {
		t.Errorf("the timeline is %+v, %v", moments, err)
	}
	if now, err := s.orders.Get(t.Context(), o.ID); err != nil || now.Version != o.Version {
		t.Errorf("the order is of version %d, not %d, %v", now.Version, o.Version, err)
	}
}
