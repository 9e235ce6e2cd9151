package storefront

// plurals are texts that depend on a number: English for one and for others,
// German for one and for others.
var plurals = map[string][4]string{
	"%d items":          {"1 item", "%[1]d items", "1 Artikel", "%[1]d Artikel"},
	"%d results":        {"1 result", "%[1]d results", "1 Treffer", "%[1]d Treffer"},
	"%d days":           {"1 day", "%[1]d days", "1 Tag", "%[1]d Tage"},
	"Only %d left":      {"Only 1 left", "Only %[1]d left", "Nur noch 1 Stück", "Nur noch %[1]d Stück"},
	"%d to choose from": {"1 to choose from", "%[1]d to choose from", "1 zur Auswahl", "%[1]d zur Auswahl"},
}

// germanTexts are the texts of templates and pages by their English ones.
var germanTexts = map[string]string{
	// All pages
	"Skip to the content": "Zum Inhalt springen", "Search": "Suchen", "What are you looking for?": "Was suchst du?", "Your shop": "Dein Laden",
	"Cart": "Warenkorb", "Categories": "Sortiment", "Shop": "Sortiment", "Help": "Hilfe", "Language and currency": "Sprache und Währung",
	"Language": "Sprache", "Currency": "Währung", "Apply": "Übernehmen", "Start shopping": "Stöbern", "Home": "Start", "You are here": "Du bist hier",
	// Lists
	"See all": "Alle ansehen", "from": "ab", "before": "vorher", "Sale": "Angebot", "Everything": "Alles", "Show more": "Mehr anzeigen",
	"There is nothing here yet.": "Hier gibt es noch nichts.",
	"Order":                      "Reihenfolge", "Filters": "Filter", "any": "alle", "Price": "Preis", "Remove all filters": "Alle Filter entfernen",
	"%s and more": "ab %s", "up to %s": "bis %s", "%s to %s": "%s bis %s",
	"Best first": "Das Beste zuerst", "Newest first": "Neues zuerst", "Cheapest first": "Günstiges zuerst", "Dearest first": "Teures zuerst",
	"Search for “%s”": "Suche nach „%s“", "Nothing was found for that. This is for “%s”.": "Dazu wurde nichts gefunden. Dies ist für „%s“.",
	"Nothing has all of these words. These have some of them.": "Nichts enthält alle diese Wörter. Dies enthält einige davon.",
	"We have found nothing. Perhaps here:":                     "Wir haben nichts gefunden. Vielleicht hier:",
	// Product
	"Add to cart": "In den Warenkorb", "In stock": "Auf Lager", "Sold out": "Ausverkauft", "Quantity": "Menge", "Details": "Einzelheiten", "Pictures": "Bilder",
	"You may also like": "Das könnte dir auch gefallen", "Brand": "Marke", "Weight with packaging": "Gewicht mit Verpackung",
	"Item number": "Artikelnummer", "yes": "ja", "no": "nein", "This is not sold in %s.": "Das verkaufen wir nicht in %s.",
	// Cart
	"Your cart is empty.": "Dein Warenkorb ist leer.", "Change": "Ändern", "Remove": "Entfernen", "Checkout": "Zur Kasse", "Total": "Gesamt",
	"Go on shopping": "Weiter einkaufen", "A payment for this cart is under way.": "Für diesen Warenkorb läuft eine Zahlung.",
	"Look at the order": "Bestellung ansehen", "Subtotal": "Zwischensumme", "Discount": "Rabatt", "Shipping": "Versand", "Tax": "Steuer",
	"It is in your cart.": "Liegt in deinem Warenkorb.", "Your cart was changed.": "Dein Warenkorb wurde geändert.",
	"Please enter a quantity from 1 to 999.":                               "Bitte gib eine Menge von 1 bis 999 ein.",
	"A payment for this cart is under way. Finish it or give it up first.": "Für diesen Warenkorb läuft eine Zahlung. Schließe sie erst ab oder brich sie ab.",
	"We do not have that many.":                                            "So viele haben wir nicht.", "That can no longer be bought.": "Das kann man nicht mehr kaufen.",
	"The cart has changed meanwhile. Please look at it again.":     "Der Warenkorb hat sich inzwischen geändert. Bitte sieh ihn dir noch einmal an.",
	"Some goods have no price in that currency and were left out.": "Manches hat in dieser Währung keinen Preis und wurde weggelassen.",
	"Please fill in your address first.":                           "Bitte gib zuerst deine Adresse ein.",
	"The price has changed from %s to %s.":                         "Der Preis hat sich von %s auf %s geändert.", "of which tax": "davon Steuer", "of which %s": "davon %s", "VAT": "MwSt.",
	"Please take out what can no longer be bought.": "Bitte nimm heraus, was man nicht mehr kaufen kann.",
	// Delivery
	"How shall it come?": "Wie soll es kommen?", "%d to %d days": "%d bis %d Tage", "free": "kostenlos", "Please choose how it shall come.": "Bitte wähle, wie es kommen soll.",
	"We cannot send these goods to this address.": "Diese Waren können wir nicht an diese Adresse schicken.",
	"Parcel": "Paket", "Express": "Express", "Standard": "Standard", "Pickup": "Abholung", "Collect in our workshop": "Abholen in der Werkstatt",
	// Checkout
	"Address": "Adresse", "Payment": "Zahlung", "Your address": "Deine Adresse", "Your order": "Deine Bestellung", "Where shall it go?": "Wohin soll es gehen?",
	"E-mail": "E-Mail", "Name": "Name", "Company": "Firma", "Street and number": "Straße und Hausnummer", "More about the address": "Adresszusatz",
	"Postcode": "Postleitzahl", "Town": "Ort", "Country": "Land", "Phone": "Telefon", "optional": "freiwillig", "Continue": "Weiter",
	"Please look at the marked fields.": "Bitte sieh dir die markierten Felder an.", "Please fill this in.": "Bitte ausfüllen.",
	"That is too long or holds signs that cannot be printed.": "Das ist zu lang oder enthält Zeichen, die sich nicht drucken lassen.",
	"That is not a postcode of this country.":                 "Das ist keine Postleitzahl dieses Landes.",
	"We do not send goods there.":                             "Dorthin liefern wir nicht.",
	"Please enter an e-mail address, as in name@example.com.": "Bitte gib eine E-Mail-Adresse ein, wie name@example.com.",
	"Delivery to": "Lieferung an", "Card details": "Kartendaten", "Card ending in %s": "Karte mit der Endung %s", "Use another one": "Eine andere verwenden",
	"Pay %s": "%s zahlen", "Card": "Karte", "Invoice": "Rechnung", "Bank transfer": "Überweisung", "Cash on delivery": "Nachnahme",
	"The card has not enough money on it. Please try another one.":                       "Die Karte ist nicht gedeckt. Bitte versuche eine andere.",
	"The card has expired. Please try another one.":                                      "Die Karte ist abgelaufen. Bitte versuche eine andere.",
	"Number, date or security code of the card are not right. Please check them.":        "Nummer, Datum oder Prüfnummer der Karte stimmen nicht. Bitte prüfe sie.",
	"Your bank could not confirm that it was you. Please try again or use another card.": "Deine Bank konnte nicht bestätigen, dass du es warst. Versuche es noch einmal oder nimm eine andere Karte.",
	"The bank had a problem. Please try again in a moment.":                              "Die Bank hatte ein Problem. Bitte versuche es gleich noch einmal.",
	"The card was declined. Please try another card or another way to pay.":              "Die Karte wurde abgelehnt. Bitte versuche eine andere oder zahle auf andere Weise.",
	// Order
	"Your bank asks you to confirm": "Deine Bank bittet um Bestätigung", "Confirmation by your bank": "Bestätigung durch deine Bank", "To your bank": "Zu deiner Bank",
	"Your goods are set aside meanwhile.": "Deine Sachen sind so lange zurückgelegt.", "We are waiting for your bank": "Wir warten auf deine Bank",
	"This takes a moment. Your goods are set aside meanwhile, and you need not do anything.": "Das dauert einen Moment. Deine Sachen sind so lange zurückgelegt, und du musst nichts tun.",
	"Ask again": "Noch einmal fragen", "Give this payment up": "Diese Zahlung abbrechen", "Thank you for your order": "Danke für deine Bestellung",
	"Order %s of %s": "Bestellung %s vom %s", "This order was canceled": "Diese Bestellung wurde storniert",
	"No money was taken, or it is on its way back to you.": "Es wurde kein Geld abgebucht, oder es ist auf dem Weg zurück zu dir.",
	"Try again": "Noch einmal versuchen", "State": "Stand", "Order number": "Bestellnummer", "Delivery": "Lieferung",
	"payment none": "offen", "payment authorized": "reserviert", "payment partially_paid": "teilweise bezahlt", "payment paid": "bezahlt",
	"payment partially_refunded": "teilweise erstattet", "payment refunded": "erstattet", "payment overcharged": "zu viel bezahlt", "payment voided": "nicht abgebucht",
	"delivery unfulfilled": "in Vorbereitung", "delivery partial": "teilweise verschickt", "delivery fulfilled": "verschickt", "delivery canceled": "storniert",
	// Account
	"Log in": "Anmelden", "Account": "Konto", "Create an account": "Konto anlegen", "E-mail address or password are not right.": "E-Mail-Adresse oder Passwort stimmen nicht.",
	"That failed too often. Please wait a little and try again.": "Das ist zu oft misslungen. Bitte warte ein wenig und versuche es noch einmal.",
	"There is an account with this address. Please log in.":      "Zu dieser Adresse gibt es schon ein Konto. Bitte melde dich an.",
	"A password needs at least %d characters.":                   "Ein Passwort braucht mindestens %d Zeichen.",
	"That password is easy to guess. Please choose another.":     "Dieses Passwort ist leicht zu erraten. Bitte wähle ein anderes.",
	"Password": "Passwort", "At least 8 characters. A sentence is easier to remember.": "Mindestens 8 Zeichen. Einen Satz kann man sich leichter merken.",
	"Forgotten your password?": "Passwort vergessen?", "New here?": "Neu hier?", "Been here before?": "Schon einmal hier gewesen?",
	"We send you a link by which you can choose another one.": "Wir schicken dir einen Link, mit dem du ein anderes wählen kannst.",
	"Send me the link": "Link schicken", "New password": "Neues Passwort", "Save": "Speichern", "Confirm your e-mail address": "E-Mail-Adresse bestätigen", "Confirm": "Bestätigen",
	"If there is an account with this address, a letter is on its way to it. Its link is good for a quarter of an hour.": "Wenn es zu dieser Adresse ein Konto gibt, ist eine Mail dorthin unterwegs. Ihr Link gilt eine Viertelstunde.",
	"This link is not good any more. Please ask for another letter.":                                                     "Dieser Link gilt nicht mehr. Bitte lass dir eine neue Mail schicken.",
	"Thank you, your e-mail address is confirmed.":                                                                       "Danke, deine E-Mail-Adresse ist bestätigt.",
	"Your account": "Dein Konto", "Your orders": "Deine Bestellungen", "Date": "Datum", "You have not ordered anything yet.": "Du hast noch nichts bestellt.",
	"You": "Du", "Your addresses": "Deine Adressen", "New address": "Neue Adresse", "Log out": "Abmelden", "order pending": "wartet auf Zahlung", "order placed": "bestellt", "order canceled": "storniert",
	"That was saved.": "Das ist gespeichert.", "A letter is on its way to you.": "Eine Mail ist zu dir unterwegs.",
	"You can buy as a guest.": "Du kannst als Gast kaufen.", "Keep this address in my account": "Diese Adresse in meinem Konto behalten",
	// Errors
	"That did not work": "Das hat nicht geklappt", "Page not found": "Seite nicht gefunden", "Something has changed": "Etwas hat sich geändert",
	"One moment, please": "Einen Moment, bitte", "Something went wrong": "Etwas ist schiefgegangen",
	"It may have been sold out, renamed or never been there.": "Vielleicht ist es ausverkauft, heißt jetzt anders oder war nie da.",
	"Please look at your cart again.":                         "Bitte sieh dir deinen Warenkorb noch einmal an.",
	"It is not your fault. Please try again in a moment.":     "Es liegt nicht an dir. Bitte versuche es gleich noch einmal.",
	"Please go back and try again.":                           "Bitte geh zurück und versuche es noch einmal.",
	"To the home page":                                        "Zur Startseite",
}

// englishTexts are keys that are not their own English text.
var englishTexts = map[string]string{
	"payment none": "open", "payment authorized": "reserved", "payment partially_paid": "partly paid", "payment paid": "paid",
	"payment partially_refunded": "partly refunded", "payment refunded": "refunded", "payment overcharged": "overpaid", "payment voided": "not taken",
	"order pending": "waiting for payment", "order placed": "ordered", "order canceled": "canceled",
	"delivery unfulfilled": "being prepared", "delivery partial": "partly sent", "delivery fulfilled": "sent", "delivery canceled": "canceled",
}
