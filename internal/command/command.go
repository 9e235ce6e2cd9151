// Package command says what a command is: one change of state, as a value that
// can be logged, shipped and applied again with the same outcome.
//
// The Go struct that a caller fills in is the command. A proposer validates
// it, stamps what only it can know (time, IDs, prices, sealed fields), encodes
// it and submits it; every replica decodes it and runs its apply function in a
// transaction. Decoding, idempotency, events and refusals are handled once,
// here and in package shard, for all commands of all packages.
package command

import (
	"reflect"

	"github.com/fxamacker/cbor/v2"
	"github.com/keelshop/commerce/fault"
)

// Kind names a command on the wire, as in "orders.cancel". It never changes.
type Kind string

// Command is what the struct of a command implements.
type Command interface {
	// Kind returns the name under which the command is logged.
	Kind() Kind
	// Validate reports what can be known to be wrong without reading the
	// store. Its errors carry fault.Invalid.
	Validate() error
}

// A Definition joins a kind with the code that applies it.
type Definition struct {
	Kind Kind
	// Recorded commands leave their answer under the caller's key, so that a
	// retry gets the first answer. A command that is not recorded must be
	// harmless to apply twice by its own state.
	Recorded bool
	// Lasting answers are kept for ever if the caller named the key: asking
	// for the same order, payment or refund again is never a new one.
	Lasting bool
	// Body is the type of the command's struct, for the golden wire file.
	Body reflect.Type
	// Answer is the type of the command's result.
	Answer reflect.Type

	apply func(body []byte, tx *Tx) (any, error)
}

// Define returns the definition of a recorded command whose struct is C.
// apply runs on every replica and may use only its arguments.
func Define[C Command, R any](apply func(C, *Tx) (R, error)) Definition {
	var zero C
	return Definition{
		Kind:     zero.Kind(),
		Recorded: true,
		Body:     reflect.TypeFor[C](),
		Answer:   reflect.TypeFor[R](),
		apply: func(body []byte, tx *Tx) (any, error) {
			var c C
			if err := Unmarshal(body, &c); err != nil {
				return nil, &UndecodableError{Kind: c.Kind(), Err: err}
			}
			return apply(c, tx)
		},
	}
}

// DefineLasting is Define for a command that makes an order, a payment or a
// refund: its answer is kept for as long as those.
func DefineLasting[C Command, R any](apply func(C, *Tx) (R, error)) Definition {
	d := Define(apply)
	d.Lasting = true
	return d
}

// DefineRepeatable is Define for a command that may be applied twice without
// harm by its own state, so that no answer needs to be kept for it.
func DefineRepeatable[C Command, R any](apply func(C, *Tx) (R, error)) Definition {
	d := Define(apply)
	d.Recorded = false
	return d
}

// Apply decodes body and runs it in tx.
func (d Definition) Apply(body []byte, tx *Tx) (any, error) { return d.apply(body, tx) }

// UndecodableError says that a logged command cannot be read by this program.
// A replica that meets one stops: to skip it would be to diverge.
type UndecodableError struct {
	Kind Kind
	Err  error
}

func (e *UndecodableError) Error() string {
	return "command " + string(e.Kind) + " cannot be decoded by this version: " + e.Err.Error()
}

// Unwrap returns fault.Broken and what the decoder said.
func (e *UndecodableError) Unwrap() []error { return []error{fault.Broken, e.Err} }

// A codec holds the one encoding of commands: CBOR with integer keys in
// canonical order. A field that this version does not know is an error, since
// a decoder that skips it would apply half a command.
type codec struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

var wire = newCodec()

func newCodec() codec {
	enc, err := cbor.EncOptions{
		Sort:          cbor.SortCoreDeterministic,
		IndefLength:   cbor.IndefLengthForbidden,
		OmitEmpty:     cbor.OmitEmptyGoValue, // a pointer to nothing is not no pointer
		NilContainers: cbor.NilContainerAsNull,
	}.EncMode()
	if err != nil {
		panic(err)
	}
	dec, err := cbor.DecOptions{
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		MaxArrayElements:  1 << 20,
		MaxNestedLevels:   16,
		// Do refuses texts that are not UTF-8. One that got into a log all the
		// same must not stop the shard: its bytes are the same everywhere.
		UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return codec{enc, dec}
}

// Marshal encodes a command, an answer or a part of one. Equal values give
// equal bytes.
func Marshal(v any) ([]byte, error) { return wire.enc.Marshal(v) }

// Unmarshal decodes what Marshal wrote and refuses unknown fields.
func Unmarshal(b []byte, v any) error { return wire.dec.Unmarshal(b, v) }
