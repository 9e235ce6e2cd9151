package admin

import (
	"strings"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

type balancesPage struct {
	page
	Balances   []credit.Balance
	More       credit.ID
	Currencies []money.Currency
	Code       string // of the card that was just made
}

func listBalances(v *visit) error {
	data, err := v.balances()
	if err != nil {
		return err
	}
	return v.show(200, "balances", data)
}

func (v *visit) balances() (balancesPage, error) {
	data := balancesPage{page: v.page("Gift cards and credit", "balances"), Currencies: v.site.Currencies}
	for b, err := range v.site.shop.Credit.All(v.ctx(), credit.Filter{After: credit.ID(v.r.URL.Query().Get("after")), Limit: pageRows + 1}) {
		if err != nil {
			return data, err
		}
		if len(data.Balances) == pageRows {
			data.More = data.Balances[pageRows-1].ID
			break
		}
		data.Balances = append(data.Balances, b)
	}
	return data, nil
}

// issueGiftCard makes a card and shows its code, which is told only once. Sending
// the form again shows the same one.
func issueGiftCard(v *visit) error {
	amount, err := v.readAmount()
	if err != nil {
		return err
	}
	issue := credit.Issue{Amount: amount, Reason: strings.TrimSpace(v.r.PostFormValue("reason")), Key: v.key()}
	if until := strings.TrimSpace(v.r.PostFormValue("until")); until != "" {
		day, err := time.Parse(time.DateOnly, until)
		if err != nil {
			return fault.New(fault.Invalid, "%q is not a day", until)
		}
		issue.ExpiresAt = day.AddDate(0, 0, 1)
	}
	card, err := v.site.shop.Credit.Issue(v.ctx(), issue)
	if err != nil {
		return err
	}
	data, err := v.balances()
	if err != nil {
		return err
	}
	data.Code = card.Code
	return v.show(200, "balances", data)
}

func (v *visit) readAmount() (money.Amount, error) {
	return money.ParseDecimal(strings.TrimSpace(v.r.PostFormValue("amount")), money.Currency(v.r.PostFormValue("currency")))
}

// setBalance keeps a balance from paying, or lets it pay again.
func setBalance(v *visit) error {
	_, err := v.site.shop.Credit.Disable(v.ctx(), credit.Disable{
		Balance: credit.ID(v.r.PathValue("balance")), Enable: v.r.PostFormValue("disabled") != "yes", Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.done("/balances", "saved")
}

// grantCredit gives a customer money to spend in the shop.
func grantCredit(v *visit) error {
	amount, err := v.readAmount()
	if err != nil {
		return err
	}
	id := accounts.CustomerID(v.r.PathValue("customer"))
	if _, err := v.site.shop.Credit.Grant(v.ctx(), credit.Grant{Customer: id, Amount: amount, Reason: strings.TrimSpace(v.r.PostFormValue("reason")), Key: v.key()}); err != nil {
		return err
	}
	return v.done("/customers/"+string(id), "saved")
}
