package endpoints

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/subject"
)

// Put makes an endpoint, with a secret of its own, or changes all fields of
// one. A new one hears of what happens from now on. To enable one that was
// disabled after failures lets it go on from where it was.
type Put struct {
	ID          ID            `cbor:"1,keyasint,omitempty"` // "" makes one
	URL         seal.Personal `cbor:"-"`
	Description string        `cbor:"2,keyasint,omitempty"`
	Kinds       []string      `cbor:"3,keyasint,omitempty"` // see Endpoint
	Disabled    bool          `cbor:"4,keyasint,omitempty"`
	Version     int64         `cbor:"5,keyasint,omitempty"` // the one that the caller has read; 0 for any
	Key         string        `cbor:"-"`

	NewID        ID              `cbor:"6,keyasint,omitempty" command:"stamped"`
	Wrapped      seal.WrappedKey `cbor:"7,keyasint" command:"stamped"`
	SealedURL    seal.Sealed     `cbor:"8,keyasint" command:"stamped"`
	SealedSecret seal.Sealed     `cbor:"9,keyasint,omitempty" command:"stamped"`
	Position     string          `cbor:"10,keyasint,omitempty" command:"stamped"`
}

// Kind returns "endpoints.put".
func (Put) Kind() command.Kind { return "endpoints.put" }

// Validate returns fault.Invalid if nothing could be sent there. Whether an
// address is reachable, and may be reached, is only known when it is used.
func (c Put) Validate() error {
	if c.ID != "" {
		if err := id.Check("whe", string(c.ID)); err != nil {
			return err
		}
	}
	if c.Version < 0 || c.ID == "" && c.Version != 0 {
		return fault.Wrong("version", "version %d of an endpoint cannot exist", c.Version)
	}
	if len(c.Description) > mostText || !utf8.ValidString(c.Description) {
		return fault.Wrong("description", "the description is longer than %d bytes or not UTF-8", mostText)
	}
	return firstError(checkURL(c.URL), checkKinds(c.Kinds))
}

func checkURL(text seal.Personal) error {
	u, err := url.Parse(text.Reveal())
	if err != nil || len(text) > mostURL || u.Hostname() == "" || !isPort(u.Port()) || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return fault.InField("url", fault.New(fault.Invalid, "an endpoint's address is of the form https://host/path, of at most %d bytes, without user and fragment", mostURL))
	}
	return nil
}

// isPort reports whether something can listen there; "" is the scheme's own port.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

func checkKinds(kinds []string) error {
	if len(kinds) > mostKinds {
		return fault.Wrong("kinds", "an endpoint names at most %d kinds of events, not %d", mostKinds, len(kinds))
	}
	for _, k := range kinds {
		if k == "" || len(k) > 100 || strings.Trim(strings.TrimSuffix(k, "*"), "abcdefghijklmnopqrstuvwxyz_.") != "" {
			return fault.Wrong("kinds", "%q is no kind of event: write order.placed, or order.* for all that begin so", k)
		}
	}
	return nil
}

func (c Put) apply(tx *command.Tx) (ID, error) {
	kinds, err := json.Marshal(slices.Compact(slices.Sorted(slices.Values(c.Kinds))))
	if err != nil {
		return "", err
	}
	if c.Kinds == nil {
		kinds = []byte("[]")
	}
	endpoint := c.ID
	if endpoint == "" {
		endpoint = c.NewID
	}
	if err := subject.EnsureTx(tx, string(endpoint), c.Wrapped); err != nil {
		return "", err
	}
	if c.ID != "" {
		return endpoint, c.change(tx, kinds)
	}
	return endpoint, c.create(tx, kinds)
}

func (c Put) why() string {
	if c.Disabled {
		return "on request"
	}
	return ""
}

func (c Put) create(tx *command.Tx, kinds []byte) error {
	n, _, err := tx.Int64(`SELECT count(*) FROM endpoints`)
	if err != nil {
		return err
	}
	if n >= mostEndpoints {
		return &TooManyError{Most: mostEndpoints}
	}
	_, err = tx.Exec(`INSERT INTO endpoints (id, slot, url, description, kinds, disabled, position, generation, failing_since, next_delivery,
			version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0, 1, 1, ?, ?)`,
		c.NewID, tx.Slot, []byte(c.SealedURL), c.Description, string(kinds), c.why(), c.Position, tx.At, tx.At)
	if err != nil {
		return err
	}
	return addSecret(tx, c.NewID, c.SealedSecret)
}

func (c Put) change(tx *command.Tx, kinds []byte) error {
	if _, err := findTx(tx, c.ID, c.Version); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE endpoints SET url = ?, description = ?, kinds = ?,
			failing_since = CASE WHEN disabled <> '' AND ?4 = '' THEN 0 ELSE failing_since END,
			disabled = CASE WHEN disabled <> '' AND ?4 <> '' THEN disabled ELSE ?4 END,
			version = version + 1, updated_at = ? WHERE id = ?`,
		[]byte(c.SealedURL), c.Description, string(kinds), c.why(), tx.At, c.ID)
	return err
}

// Put makes or changes an endpoint and returns it.
func (s *Service) Put(ctx context.Context, c Put) (Endpoint, error) {
	if err := c.Validate(); err != nil {
		return Endpoint{}, err
	}
	call := command.Call{Key: c.Key, Slot: id.StoreSlot, Prepare: func(stamp command.Stamp) error {
		c.NewID, c.SealedSecret, c.Position = "", nil, ""
		endpoint := c.ID
		if endpoint == "" {
			endpoint = ID(stamp.NewID("whe"))
			c.NewID, c.Position = endpoint, s.latest()
		}
		key, wrapped, _, err := subject.Key(ctx, s.engine, s.sealer, stamp.Slot, string(endpoint))
		if err != nil {
			return err
		}
		c.Wrapped = wrapped
		if c.SealedURL, err = s.sealer.SealText(key, string(endpoint), urlField, c.URL); err != nil || c.ID != "" {
			return err
		}
		c.SealedSecret, err = s.sealer.SealText(key, string(endpoint), secretField, newSecret())
		return err
	}}
	e, err := command.DoThen(ctx, s.engine, &c, call, s.Get)
	if err != nil {
		return Endpoint{}, fmt.Errorf("putting an endpoint: %w", err)
	}
	return e, nil
}

// SecretPrefix is what a secret begins with, as Standard Webhooks has it.
const SecretPrefix = "whsec_"

func newSecret() seal.Personal {
	b := make([]byte, 32)
	rand.Read(b)
	return seal.Personal(SecretPrefix + base64.StdEncoding.EncodeToString(b))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
