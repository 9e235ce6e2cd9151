package httpapi_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
)

// notServed are the methods of the store's services that no route calls, and
// why. Whoever adds a method decides: a route, or a reason.
var notServed = map[string]string{
	"CheckAcross CheckCollections CheckReferences CheckNumbers": "part of Store.Verify",
	"Holds": "asked by package claim",
	"CollectTimer LeaveTimer RulesTimer ExpireTimer ForgetTimer BookTimer RecallTimer MergeTimer ReleaseTimer NumberTimer OverdueTimer DeliverTimer " +
		"MethodTimer SettleTimer HearTimer PayTimer Recover DeliverDue AssignNumbers Follow": "work of the store itself, by timers",

	"Accounts.SetPassword":   "for programs that bring customers along; people change or reset theirs",
	"Accounts.StartReset":    "SendReset is it, without telling who has an account",
	"Accounts.WithPasswords": "an option",

	"Catalog.ByReference":         "for programs that import; staff find by SKU and handle",
	"Catalog.CollectionsOf":       "the products of a collection are listed",
	"Catalog.IDs":                 "for indexes inside the program",
	"Catalog.MoveCategory":        "putting a category names its parent",
	"Catalog.Renew Pricing.Renew": "parts of a cart's quote",
	"Catalog.Products":            "for pages: /products and /prices say the same",
	"Catalog.StoreProducts":       "PutProducts without its answer",
	"Catalog.Variants":            "/variants and /prices read them one by one, from the cache",

	"Inventory.Annotate Inventory.Note": "notes of the program on its stock",
	"Inventory.Available Inventory.AvailableOf Inventory.AvailableOne Inventory.Left Inventory.LeftOf Inventory.LeftOfKits Inventory.Needs Inventory.Levels Inventory.Source": "parts of /availability and of checkout",
	"Inventory.Fill Inventory.Settle": "borrowing between shards",

	"Pricing.Describe Pricing.Exclude Pricing.MarkSpent Pricing.PriceLists Pricing.Quote Pricing.Redemptions Pricing.SpentCoupon " +
		"Pricing.SpentPromotions Pricing.Variant Pricing.Variants": "parts of a cart's quote",

	"Carts.AddLine": "AddLines with one", "Carts.RemoveLine": "SetQuantity of none", "Carts.MergeWith": "Merge says what to do",
	"Carts.AddAgain":                   "Reorder says of which order",
	"Carts.EraseGuest":                 "carts of guests erase themselves",
	"Carts.Freeze Carts.Thaw":          "steps of a checkout",
	"Carts.NoteLimit Carts.QuoteAdded": "steps of a checkout",
	"Carts.PriceFor":                   "a cart says by what it means to be paid, and its quote goes by that",

	"Orders.CheckJoins":                       "part of Store.Verify",
	"Orders.Letters Orders.NoteLetter":        "steps of sending letters of gift cards",
	"Orders.Terms":                            "TermsAndVersion has them, with their version",
	"Orders.AnnotateReturn Orders.ReturnNote": "notes of the program on returns",
	"Orders.OfCustomer":                       "for pages; /staff/orders and /me/orders list them, by customer",
	"Orders.Find":                             "for pages with one field for everything; /staff/orders takes a number and a customer",
	"Orders.PreviewChange Orders.SealAddress Orders.SealContact": "steps of a change and of a checkout",
	"Orders.ReturnOf Orders.Returnable":                          "an order's returns are listed, and a request is judged",
	"Orders.Timeline":                                            "Store.Timeline has it, with payments and documents",

	"Documents.ByNumber Documents.Get Documents.Contact": "an order's documents are listed, with whom they are for",
	"Documents.Moments": "part of Store.Timeline",

	"Payments.Annotate Payments.Note Payments.Resolutions": "notes of the program on payments",
	"Payments.Compare Payments.Report Payments.Unheard":    "steps of Checkout.Reconcile",
	"Payments.GiveBackLost Payments.KeepInView":            "steps of Checkout.Reconcile",
	"Payments.Get":          "an order's payments are listed",
	"Payments.WithGiveBack": "an option",
	"Payments.Listers Payments.MayUse Payments.Parse Payments.Pay Payments.Purse Payments.Ready Payments.Settle": "steps of a checkout",
	"Payments.Moments":     "part of Store.Timeline",
	"Payments.WriteLedger": "for a file on the machine: cmd/commerce",

	"Documents.Deliveries": "parcels and addresses of an order are listed",
	"Inventory.SourceEach": "a step of a checkout",

	"Credit.HandOverDue Credit.IssueTimer": "timers of the store",
	"Orders.TermsNamed":                    "part of the list of terms",
	"Credit.Get Credit.OfCustomer":         "balances are listed, by customer",
	"Credit.Providers":                     "part of opening a store",

	"Endpoints.Lease Endpoints.Progress Endpoints.Versions": "the dispatcher of webhooks",
	"Merchandising.NoteMisses":                              "a Finder notes what found nothing",
}

// TestEveryMethodIsServedOrNot compares the services of the store with what the
// sources of the API call.
func TestEveryMethodIsServedOrNot(t *testing.T) {
	reasons := map[string]bool{} // whether the reason is of use
	for names := range notServed {
		for name := range strings.FieldsSeq(names) {
			reasons[name] = false
		}
	}
	called := calls(t)
	store := reflect.TypeFor[commerce.Store]()
	for i := range store.NumField() {
		field := store.Field(i)
		if !field.IsExported() || field.Type.Kind() != reflect.Pointer {
			continue
		}
		for j := range field.Type.NumMethod() {
			method := field.Type.Method(j).Name
			name := field.Name + "." + method
			own, known := reasons[name]
			_, shared := reasons[method]
			switch {
			case called[name] && known: // it has got a route since
				reasons[name] = true
			case !called[name] && !known && !shared:
				t.Errorf("no route calls %s: add one, or the reason to notServed", name)
			case !called[name] && known && !own:
				reasons[name] = true
			case !called[name] && shared:
				reasons[method] = true
			}
		}
	}
	for name, used := range reasons {
		if !used {
			t.Errorf("%s is listed as not served, and there is no such method", name)
		}
	}
	if !called["Catalog.History"] || !called["Checkout.Reorder"] || called["Carts.Freeze"] {
		t.Error("the calls are not found: this test proves nothing")
	}
}

// calls returns the methods of services that the package's sources name.
func calls(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`shop\.([A-Z]\w*\.[A-Z]\w*)\b`).FindAllSubmatch(text, -1) {
			out[string(m[1])] = true
		}
	}
	return out
}
