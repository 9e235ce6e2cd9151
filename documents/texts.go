package documents

var english = &locale{code: "en", point: ".", group: ",", date: "2 January 2006"}

var german = &locale{code: "de", point: ",", group: ".", date: "02.01.2006", texts: map[string]string{
	"Invoice":                         "Rechnung",
	"Credit note":                     "Gutschrift",
	"To invoice":                      "Zur Rechnung",
	"Number":                          "Nummer",
	"Date":                            "Datum",
	"Order":                           "Bestellung",
	"Delivered on":                    "Geliefert am",
	"Payable until":                   "Zahlbar bis",
	"Delivery":                        "Lieferung",
	"Reason":                          "Grund",
	"Description":                     "Bezeichnung",
	"Quantity":                        "Menge",
	"Unit price":                      "Einzelpreis",
	"Net":                             "Netto",
	"Tax":                             "Steuer",
	"Gross":                           "Brutto",
	"Total":                           "Gesamt",
	"Base":                            "Grundlage",
	"Amount":                          "Betrag",
	"Shipping":                        "Versand",
	"Fees":                            "Gebühren",
	"Lower price":                     "Preisnachlass",
	"Credited before":                 "Bereits gutgeschrieben",
	"Tax ID":                          "USt-IdNr.",
	"Not issued yet":                  "Noch nicht ausgestellt",
	"The recipient's data was erased": "Die Daten des Empfängers wurden gelöscht",
	"Unit prices include tax.":        "Einzelpreise enthalten die Steuer.",
	"Unit prices are without tax.":    "Einzelpreise sind ohne Steuer.",
}}
