package web

// PositionHeader carries what a client has seen and written, from an answer to
// the next request. PositionCookie does in a browser.
const (
	PositionHeader = "Shop-Position"
	PositionCookie = "position"
)
