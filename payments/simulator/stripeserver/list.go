package stripeserver

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// listIntents lists the PaymentIntents that were made since a time, the newest
// first, with their charges if it is asked for them.
func (s *Server) listIntents(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, err := strconv.ParseInt(cmp.Or(r.Form.Get("created[gte]"), "0"), 10, 64)
	if err != nil {
		return nil, invalid("created[gte]", "Invalid integer: "+r.Form.Get("created[gte]"))
	}
	ids := slices.Sorted(maps.Keys(s.intents))
	slices.Reverse(ids)
	if s.now != nil {
		ids = slices.DeleteFunc(ids, func(id string) bool { return s.intents[id].created < since })
	}
	if after := r.Form.Get("starting_after"); after != "" {
		ids = ids[slices.Index(ids, after)+1:]
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
