package httpapi_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce/httpapi"
)

// TestAGiftCardAndACardPay: a gift card pays as far as it goes and a card the
// rest; whoever has the code sees what is left.
func TestAGiftCardAndACardPay(t *testing.T) {
	w := newWorld(t)
	card := w.must(201, w.staff, "POST", "/staff/gift-cards", `{"amount":{"minor":1000,"currency":"EUR"},"reason":"sold"}`)
	code := card.at("code").(string)
	if left := w.must(200, "", "POST", "/gift-cards/balance", `{"code":"`+code+`"}`); left.at("left.minor") != 1000.0 || left.at("usable") != true {
		t.Errorf("a new gift card: %s", left.text)
	}
	w.must(404, "", "POST", "/gift-cards/balance", `{"code":"NOSUCHCODE123456"}`)
	cart := w.cart("", "mug", 2)
	tenders := `{"tenders":[{"pay_with":"gift_card","token":"` + code + `"},{"pay_with":"simulator","token":"pm_card_visa"}]}`
	if order := w.must(200, "", "POST", cart+"/checkout", tenders); order.at("order.status") != "placed" {
		t.Errorf("paid with both: %s", order.text)
	}
	if left := w.must(200, "", "POST", "/gift-cards/balance", `{"code":"`+code+`"}`); left.at("left.minor") != 0.0 {
		t.Errorf("afterwards: %s", left.text)
	}
	cart = w.cart("", "mug", 1)
	w.must(422, "", "POST", cart+"/checkout", `{"tenders":[{"pay_with":"simulator","token":"pm_card_visa","amount":{"minor":1,"currency":"EURO"}}]}`)
}

// TestCreditOfACustomer is granted, seen, spent by its customer alone, and kept
// from paying.
func TestCreditOfACustomer(t *testing.T) {
	w := newWorld(t)
	granted := w.must(200, w.staff, "POST", "/staff/customers/"+w.alice+"/credit", `{"amount":{"minor":5000,"currency":"EUR"},"reason":"sorry"}`)
	if mine := w.must(200, w.alice, "GET", "/customers/me/credit", ""); mine.at("items.0.left.minor") != 5000.0 {
		t.Errorf("alice sees %s", mine.text)
	}
	if other := w.must(200, w.bob, "GET", "/customers/me/credit", ""); other.at("items.0") != nil {
		t.Errorf("bob sees %s", other.text)
	}
	cart := w.cart(w.alice, "mug", 1)
	if order := w.must(200, w.alice, "POST", cart+"/checkout", `{"pay_with":"store_credit"}`); order.at("order.status") != "placed" {
		t.Errorf("paid with credit: %s", order.text)
	}
	balance := "/staff/balances/" + granted.at("id").(string)
	if less := w.must(200, w.staff, "POST", balance+"/adjustments", `{"amount":{"minor":-750,"currency":"EUR"},"reason":"by mistake"}`); less.at("left.minor") != 3000.0 {
		t.Errorf("after taking some out: %s", less.text)
	}
	if off := w.must(200, w.staff, "PUT", balance+"/state", `{"disabled":true}`); off.at("usable") != false {
		t.Errorf("disabled: %s", off.text)
	}
	if list := w.must(200, w.staff, "GET", "/staff/balances?kind=store_credit&customer="+w.alice, ""); list.at("items.0.spent.minor") != 1250.0 {
		t.Errorf("the list: %s", list.text)
	}
}

// TestGuessingGiftCardsIsLimited at the checkout, too, and nobody who pays
// otherwise is stopped by it.
func TestGuessingGiftCardsIsLimited(t *testing.T) {
	for name, body := range map[string]string{
		"alone":   `{"pay_with":"gift_card","token":"NOSUCHCODE123456"}`,
		"of many": `{"tenders":[{"pay_with":"gift_card","token":"NOSUCHCODE123456"},{"pay_with":"simulator","token":"pm_card_visa"}]}`,
	} {
		w := newWorld(t, httpapi.Options{Auth: &shopAuth{}, PerAddress: httpapi.Unlimited, PerAccount: httpapi.Unlimited,
			PerSecret: httpapi.Rate{Requests: 2, Per: time.Hour}})
		cart := w.cart("", "mug", 1)
		for range 2 {
			w.must(404, "", "POST", cart+"/checkout", body)
		}
		if last := w.ask("", "POST", cart+"/checkout", body); last.status != 429 {
			t.Errorf("%s, the third guess of two: %d %s", name, last.status, last.text)
		}
		w.must(200, "", "POST", cart+"/checkout", goodCard)
	}
}
