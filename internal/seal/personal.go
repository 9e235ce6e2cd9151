package seal

import (
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"

	"github.com/keelshop/commerce/fault"
)

// Mask is what a [Personal] shows wherever it is printed.
const Mask = "***"

// Personal is a personal field (a name, an e-mail, a street) while it is in the clear: in what a caller passes in
// and in what a read returns. Only [Personal.Reveal] and a conversion give its text away. It prints, logs and
// encodes as JSON, XML or any other text as [Mask]. It cannot be encoded as CBOR or binary, nor given to a database,
// so that an unsealed value never reaches a command, the log or a table. JSON decodes into it as into a string.
//
// Methods are all that guards it, so it belongs in exported fields only: fmt calls no methods on unexported ones,
// nor for the misplaced verbs %p and %w, and encoding/json calls none on the keys of a map.
type Personal string

// Reveal returns the text. Search for its callers to see where personal data is used.
func (p Personal) Reveal() string { return string(p) }

// String returns [Mask].
func (p Personal) String() string { return Mask }

// Format prints [Mask], whatever the verb and flags.
func (p Personal) Format(w fmt.State, _ rune) { io.WriteString(w, Mask) }

// LogValue returns [Mask] for log/slog.
func (p Personal) LogValue() slog.Value { return slog.StringValue(Mask) }

// MarshalText returns [Mask], for encoding/json, encoding/xml and the like.
func (p Personal) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// MarshalCBOR refuses: a command carries [Sealed] values. An empty Personal is refused too, so that a command with
// such a field fails its first test and not its first customer.
func (p Personal) MarshalCBOR() ([]byte, error) { return nil, unsealed() }

// UnmarshalCBOR refuses, as [Personal.MarshalCBOR] does.
func (p *Personal) UnmarshalCBOR([]byte) error { return unsealed() }

// MarshalBinary refuses, for encoding/gob, MessagePack and the like.
func (p Personal) MarshalBinary() ([]byte, error) { return nil, unsealed() }

// UnmarshalBinary refuses, as [Personal.MarshalBinary] does.
func (p *Personal) UnmarshalBinary([]byte) error { return unsealed() }

// Value refuses to become a parameter of an SQL statement.
func (p Personal) Value() (driver.Value, error) { return nil, unsealed() }

func unsealed() error {
	return fault.New(fault.Broken, "a personal value is unsealed: seal it before it is encoded or stored")
}
