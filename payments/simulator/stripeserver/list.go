package stripeserver

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// listIntents lists all PaymentIntents, with their charges if it is asked for
// them: the server has no clock, so all were made at the same time.
func (s *Server) listIntents(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := slices.Sorted(maps.Keys(s.intents))
	if after := r.Form.Get("starting_after"); after != "" {
		at, _ := slices.BinarySearch(ids, after)
		ids = ids[min(len(ids), at+1):]
	}
	limit, err := strconv.Atoi(r.Form.Get("limit"))
	if err != nil || limit < 1 || limit > 100 {
		limit = 10
	}
	data := []object{}
	for _, id := range ids[:min(len(ids), limit)] {
		shown := s.show(s.intents[id])
		if c, ok := s.bank.Charge(s.intents[id].key()); ok && shown["latest_charge"] != nil && slices.Contains(r.Form["expand[0]"], "data.latest_charge") {
			shown["latest_charge"] = object{"id": shown["latest_charge"], "object": "charge", "amount_refunded": c.Refunded.Minor()}
		}
		data = append(data, shown)
	}
	return object{"object": "list", "url": "/v1/payment_intents", "has_more": len(ids) > limit, "data": data}, nil
}
