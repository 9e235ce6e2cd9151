package payments

import "github.com/sony/gobreaker/v2"

// NeverTrip keeps a service asking providers that do not answer. Breakers go by
// the wall clock, of which a long history of lost requests takes a second.
func NeverTrip(s *Service) {
	for _, p := range s.providers {
		gateOf(p).breaker = breaker{gobreaker.NewCircuitBreaker[Outcome](gobreaker.Settings{
			ReadyToTrip: func(gobreaker.Counts) bool { return false },
		})}
	}
}
