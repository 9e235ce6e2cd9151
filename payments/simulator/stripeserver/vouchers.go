package stripeserver

import "time"

// The tokens of methods that are paid elsewhere, days later: the server takes
// them as PaymentMethods, and what comes of them is for Decide to say.
const (
	TokenBoleto       = "pm_sim_boleto"
	TokenOXXO         = "pm_sim_oxxo"
	TokenKonbini      = "pm_sim_konbini"
	TokenMultibanco   = "pm_sim_multibanco"
	TokenPix          = "pm_sim_pix"
	TokenBankTransfer = "pm_sim_bank_transfer"
)

// vouchers make the next actions of such methods, as Stripe writes them.
var vouchers = map[string]func(*intent) object{
	TokenBoleto: func(i *intent) object {
		return object{"type": "boleto_display_details", "boleto_display_details": object{
			"expires_at": i.expires, "number": "34191.79001 01043.510047 91020.150008 5 00000000000000",
			"hosted_voucher_url": voucherURL(i), "pdf": voucherURL(i) + ".pdf",
		}}
	},
	TokenOXXO: func(i *intent) object {
		return object{"type": "oxxo_display_details", "oxxo_display_details": object{
			"expires_after": i.expires, "number": "12345678901234657890123456789012", "hosted_voucher_url": voucherURL(i),
		}}
	},
	TokenKonbini: func(i *intent) object {
		return object{"type": "konbini_display_details", "konbini_display_details": object{
			"expires_at": i.expires, "hosted_voucher_url": voucherURL(i), "stores": object{},
		}}
	},
	TokenMultibanco: func(i *intent) object {
		return object{"type": "multibanco_display_details", "multibanco_display_details": object{
			"expires_at": i.expires, "entity": "12345", "reference": "999999999", "hosted_voucher_url": voucherURL(i),
		}}
	},
	TokenPix: func(i *intent) object {
		return object{"type": "pix_display_qr_code", "pix_display_qr_code": object{
			"expires_at": i.expires, "data": "00020126580014br.gov.bcb.pix", "hosted_instructions_url": voucherURL(i),
		}}
	},
	TokenBankTransfer: func(i *intent) object {
		return object{"type": "display_bank_transfer_instructions", "display_bank_transfer_instructions": object{
			"amount_remaining": i.amount.Minor(), "currency": lower(i.amount.Currency()), "reference": "REF-" + i.id, "type": "eu_bank_transfer",
			"hosted_instructions_url": voucherURL(i),
			"financial_addresses": []object{{"type": "iban", "supported_networks": []string{"sepa"}, "iban": object{
				"account_holder_name": "Shop", "bic": "SIMUDEFF", "country": "DE", "iban": "DE89370400440532013000",
			}}},
		}}
	},
}

func voucherURL(i *intent) string { return "https://simulator.invalid/vouchers/" + i.id }

// SetVoucherExpiry says when vouchers expire that are made from now on. The
// server has no clock: that one does is for Decide to say.
func (s *Server) SetVoucherExpiry(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expiry = t.Unix()
}

// Decide ends a payment that waits for a voucher to be paid, or for a bank:
// the money came, or it did not in time.
func (s *Server) Decide(id string, paid bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.intents[id]
	if i == nil {
		return missing("intent", id)
	}
	if err := s.bank.Decide(i.key(), paid); err != nil {
		return err
	}
	s.tell(i)
	return nil
}
