package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
)

// Sessions returns the Auth of a shop's own accounts: a request carries the
// token of a session as Authorization: Bearer TOKEN. Customers in
// accounts.StaffGroup are staff.
func Sessions(shop *commerce.Store) Auth { return sessions{shop} }

type sessions struct{ shop *commerce.Store }

// Authenticate implements Auth.
func (s sessions) Authenticate(r *http.Request) (Caller, error) {
	token, err := bearer(r)
	if err != nil || token == "" {
		return Caller{}, err
	}
	session, err := s.shop.Accounts.Session(r.Context(), token)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Customer: session.Customer, Staff: session.Staff}, nil
}

// bearer returns the token that a request carries, "" if it carries none.
func bearer(r *http.Request) (seal.Personal, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", nil
	}
	if len(r.Header.Values("Authorization")) > 1 { // which of them a proxy has looked at is not known
		return "", &anonymousError{"the Authorization header is there more than once"}
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", &anonymousError{"the Authorization header is not of the form Bearer TOKEN"}
	}
	return seal.Personal(token), nil
}

// Session is a customer who is logged in somewhere.
type Session struct {
	Token     string    `json:"token,omitempty" doc:"To send as Authorization: Bearer TOKEN. The shop does not keep it, and tells it again only to who asks again with the same Idempotency-Key and the password."`
	Customer  string    `json:"customer"`
	Staff     bool      `json:"staff"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *api) addSessions() {
	add(a, route{forAnyone, "POST", "/customers", "register", "Customers", "Register", 201, true}, a.register)
	add(a, route{forAnyone, "POST", "/sessions", "log-in", "Customers", "Log in", 201, true}, a.logIn)
	add(a, route{forCustomer, "GET", "/sessions/current", "get-session", "Customers", "Get the session that the request is made in", 0, false}, a.getSession)
	add(a, route{forSession, "DELETE", "/sessions/current", "log-out", "Customers", "Log out", 204, false}, a.logOut)
	add(a, route{forCustomer, "GET", "/sessions", "list-sessions", "Customers", "List where one is logged in, the newest first", 0, false}, a.listSessions)
	add(a, route{forCustomer, "DELETE", "/sessions/{session}", "end-session", "Customers", "Log out somewhere else", 204, false}, a.endSession)
	add(a, route{forCustomer, "DELETE", "/sessions", "log-out-everywhere", "Customers", "Log out everywhere", 204, false}, a.logOutEverywhere)
	add(a, route{forSession, "PUT", "/customers/me/password", "change-password", "Customers", "Change one's password, which ends all sessions and opens a new one", 0, true}, a.changePassword)
	if a.options.Mailer == nil {
		return // nobody could ever get a letter
	}
	add(a, route{forCustomer, "POST", "/customers/me/verification", "start-verification", "Customers", "Get a letter to verify one's e-mail address", 202, true}, a.startVerification)
	add(a, route{forAnyone, "POST", "/verifications", "verify", "Customers", "Verify an e-mail address by the token in a letter", 204, true}, a.verify)
	add(a, route{forCustomer, "POST", "/customers/me/guest-orders", "join-guest-orders", "Customers", "Verify one's e-mail address by the token in a letter, and join to the account what was ordered with it without logging in", 0, true}, a.joinGuestOrders)
	add(a, route{forAnyone, "POST", "/password-resets", "start-reset", "Customers", "Get a letter to reset a password", 202, true}, a.startReset)
	add(a, route{forAnyone, "PUT", "/password-resets", "reset", "Customers", "Reset a password by the token in a letter", 201, true}, a.reset)
}

type registerInput struct {
	Keyed
	Body struct {
		Email    string `json:"email" minLength:"3" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
		Name     string `json:"name,omitempty" maxLength:"200"`
		Phone    string `json:"phone,omitempty" maxLength:"40"`
	}
}

// register answers with what the request says and no more: anybody may repeat
// it with its key years later, and must not read then what the customer has
// become.
func (a *api) register(ctx context.Context, in *registerInput) (*answer[Customer], error) {
	c, err := a.shop.Accounts.Register(ctx, accounts.Register{
		Email: seal.Personal(in.Body.Email), Password: seal.Personal(in.Body.Password),
		Name: seal.Personal(in.Body.Name), Phone: seal.Personal(in.Body.Phone), Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return customerAnswer(accounts.Customer{
		ID: c.ID, Email: seal.Personal(in.Body.Email), Name: seal.Personal(in.Body.Name), Phone: seal.Personal(in.Body.Phone),
		Version: firstVersion,
	}), nil
}

// firstVersion is that of every customer who was just registered.
const firstVersion = 1

type logInInput struct {
	Keyed
	Body struct {
		Email    string `json:"email" minLength:"3" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
		Device   string `json:"device,omitempty" maxLength:"200" doc:"What the customer will know it by in their list of sessions."`
	}
}

func (a *api) logIn(ctx context.Context, in *logInInput) (*answer[Session], error) {
	s, err := a.shop.Accounts.LogIn(ctx, accounts.LogIn{
		Email: seal.Personal(in.Body.Email), Password: seal.Personal(in.Body.Password), Device: seal.Personal(in.Body.Device), Key: in.Key,
	})
	return sessionOr(s, err)
}

func sessionOr(s accounts.Session, err error) (*answer[Session], error) {
	if err != nil {
		return nil, err
	}
	return &answer[Session]{Body: Session{s.Token.Reveal(), string(s.Customer), s.Staff, s.ExpiresAt}}, nil
}

// HeaderToken carries the token of a session to those routes that need it.
type HeaderToken struct {
	Authorization string `header:"Authorization" hidden:"true" maxLength:"500"`
}

// token returns the session's token; a request in a session of the host
// program has none of ours.
func (h HeaderToken) token() (seal.Personal, error) {
	scheme, token, _ := strings.Cut(h.Authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", fault.New(fault.Refused, "this request is not made in a session of the shop's own accounts")
	}
	return seal.Personal(token), nil
}

func (a *api) getSession(ctx context.Context, in *HeaderToken) (*answer[Session], error) {
	token, err := in.token()
	if err != nil {
		return nil, err
	}
	return sessionOr(a.shop.Accounts.Session(ctx, token))
}

type logOutInput struct {
	HeaderToken
	Repeatable
}

func (a *api) logOut(ctx context.Context, in *logOutInput) (*struct{}, error) {
	token, err := in.token()
	if err != nil {
		return nil, err
	}
	return nil, a.shop.Accounts.LogOut(ctx, accounts.LogOut{Token: token})
}

type logOutEverywhereInput struct {
	Repeatable
}

func (a *api) logOutEverywhere(ctx context.Context, _ *logOutEverywhereInput) (*struct{}, error) {
	return nil, a.shop.Accounts.LogOutEverywhere(ctx, accounts.LogOutEverywhere{Customer: callerOf(ctx).Customer})
}

// SessionEntry is one place where a customer is logged in.
type SessionEntry struct {
	ID        string    `json:"id"`
	Device    string    `json:"device,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *api) listSessions(ctx context.Context, _ *struct{}) (*answer[List[SessionEntry]], error) {
	all, err := a.shop.Accounts.Sessions(ctx, callerOf(ctx).Customer)
	if err != nil {
		return nil, err
	}
	out := List[SessionEntry]{Items: []SessionEntry{}}
	for _, s := range all {
		out.Items = append(out.Items, SessionEntry{string(s.ID), s.Device.Reveal(), s.CreatedAt, s.ExpiresAt})
	}
	return &answer[List[SessionEntry]]{Body: out}, nil
}

type endSessionInput struct {
	Repeatable
	Session string `path:"session" maxLength:"64" doc:"A session's ID."`
}

func (a *api) endSession(ctx context.Context, in *endSessionInput) (*struct{}, error) {
	return nil, a.shop.Accounts.LogOutEverywhere(ctx, accounts.LogOutEverywhere{
		Customer: callerOf(ctx).Customer, Only: accounts.SessionID(in.Session),
	})
}

type changePasswordInput struct {
	Keyed
	HeaderToken
	Body struct {
		Old    string `json:"old_password" minLength:"1" maxLength:"1024"`
		New    string `json:"new_password" minLength:"1" maxLength:"1024"`
		Device string `json:"device,omitempty" maxLength:"200"`
	}
}

func (a *api) changePassword(ctx context.Context, in *changePasswordInput) (*answer[Session], error) {
	token, err := in.token()
	if err != nil {
		return nil, err
	}
	return sessionOr(a.shop.Accounts.ChangePassword(ctx, accounts.ChangePassword{
		Token: token, Old: seal.Personal(in.Body.Old), New: seal.Personal(in.Body.New), Device: seal.Personal(in.Body.Device), Key: in.Key,
	}))
}

type startVerificationInput struct {
	Keyed
}

func (a *api) startVerification(ctx context.Context, in *startVerificationInput) (*struct{}, error) {
	letter, err := a.shop.Accounts.StartVerification(ctx, accounts.StartVerification{Customer: callerOf(ctx).Customer, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return nil, a.options.Mailer.Send(ctx, letter)
}

// A letter's token is a key by itself.
type verifyInput struct {
	Repeatable
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"500"`
	}
}

func (a *api) verify(ctx context.Context, in *verifyInput) (*struct{}, error) {
	_, err := a.shop.Accounts.Verify(ctx, accounts.Verify{Token: seal.Personal(in.Body.Token)})
	return nil, err
}

// JoinedOrders says how many orders of guests were joined to an account.
type JoinedOrders struct {
	Joined int `json:"joined" doc:"How many were found just now; they are among the customer's orders from now on."`
}

// joinGuestOrders needs a customer who is logged in and a letter to their address:
// neither shows alone that they are the ones who ordered with it. A letter that
// was shown to POST /verifications is used up.
func (a *api) joinGuestOrders(ctx context.Context, in *verifyInput) (*answer[JoinedOrders], error) {
	mailbox, err := a.shop.Accounts.VerifyMailbox(ctx, accounts.Verify{Token: seal.Personal(in.Body.Token)})
	if err != nil {
		return nil, err
	}
	n, err := a.shop.Orders.JoinGuests(ctx, orders.JoinGuests{Customer: callerOf(ctx).Customer, Mailbox: mailbox})
	if err != nil {
		return nil, err
	}
	return &answer[JoinedOrders]{Body: JoinedOrders{Joined: n}}, nil
}

type startResetInput struct {
	Keyed
	Body struct {
		Email string `json:"email" minLength:"3" maxLength:"254"`
	}
}

// startReset answers the same whether or not somebody has the address.
func (a *api) startReset(ctx context.Context, in *startResetInput) (*struct{}, error) {
	return nil, a.shop.Accounts.SendReset(ctx, a.options.Mailer, accounts.StartReset{Email: seal.Personal(in.Body.Email), Key: in.Key})
}

type resetInput struct {
	Keyed
	Body struct {
		Token    string `json:"token" minLength:"1" maxLength:"500"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
		Device   string `json:"device,omitempty" maxLength:"200"`
	}
}

func (a *api) reset(ctx context.Context, in *resetInput) (*answer[Session], error) {
	return sessionOr(a.shop.Accounts.Reset(ctx, accounts.Reset{
		Token: seal.Personal(in.Body.Token), Password: seal.Personal(in.Body.Password), Device: seal.Personal(in.Body.Device), Key: in.Key,
	}))
}
