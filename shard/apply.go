package shard

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// An Entry is one entry of the shard's log: an encoded command.Batch.
type Entry struct {
	Index, Term uint64
	Data        []byte
}

// A Reply is what one command of an entry answered: an answer or a refusal.
type Reply struct {
	Answer command.Answer
	Err    error
	// Steps is set for commands that this process has proposed and applied,
	// if somebody watches.
	Steps Steps
}

// Steps says when a command got how far, by this process's clock.
type Steps struct {
	Proposed time.Time // it was put into an entry of the log
	Began    time.Time // the log held the entry; the transaction of its batch began, unless it had been begun ahead
	Applied  time.Time // the transaction was committed
}

// ApplyBatch applies entries in order, in one transaction unless a cut falls
// between them, and returns the replies of each. Entries that the file already
// holds are skipped and have no replies. An error means that the shard must
// stop: nothing of the failed transaction was kept, and the file must not be
// used again before it is reopened.
func (s *Shard) ApplyBatch(entries []Entry) ([][]Reply, error) {
	defer s.use()()
	if !s.ahead.begins(entries) {
		if err := s.forget(); err != nil {
			return nil, err
		}
	}
	replies := make([][]Reply, len(entries))
	batches := make([]command.Batch, len(entries))
	for i, e := range entries {
		var err error
		if batches[i], err = command.DecodeBatch(e.Data); err != nil {
			return nil, s.stopped(e, "", err)
		}
	}
	for i := 0; i < len(entries); {
		n, err := s.applyUntilCut(entries[i:], batches[i:], replies[i:])
		if err != nil {
			return nil, err
		}
		i += n
	}
	return replies, nil
}

// applyUntilCut applies entries in one transaction, up to the next that comes
// from behind a higher cut, and returns how many.
func (s *Shard) applyUntilCut(entries []Entry, batches []command.Batch, replies [][]Reply) (n int, err error) {
	if err := s.takeCut(entries[0], batches[0].Cut); err != nil {
		return 0, err
	}
	n, err = s.transact(entries, batches, replies)
	if err == errUndo {
		s.careful = carefulFor
		n, err = s.transact(entries, batches, replies)
	}
	s.careful = max(s.careful-1, 0)
	return n, err
}

// transact applies entries in one transaction, which may have been begun with
// the first of them: see Prepare.
func (s *Shard) transact(entries []Entry, batches []command.Batch, replies [][]Reply) (n int, err error) {
	t, n := s.resume(replies)
	if t == nil {
		if t, err = s.begin(entries[0]); err != nil {
			return 0, err
		}
	}
	more, err := s.applyIn(t, entries[n:], batches[n:], replies[n:])
	if err == nil {
		n += more
		s.state.nextEvent = t.effects.NextEvent
		if err = s.commit(t.effects.Touched); err != nil {
			err = s.stopped(entries[n-1], "", err)
		}
	}
	if err != nil {
		return 0, s.rollback(t, entries[0], err)
	}
	return n, nil
}

// A transaction is one that is open, with what the writer was before it.
type transaction struct {
	before   meta
	recorded int64
	effects  command.Effects
}

func (s *Shard) begin(first Entry) (*transaction, error) {
	if err := s.conn.Begin(); err != nil {
		return nil, s.stopped(first, "", err)
	}
	return &transaction{before: s.state, recorded: s.recorded.Load(), effects: command.Effects{NextEvent: s.state.nextEvent}}, nil
}

// rollback undoes a transaction because of err, which it returns.
func (s *Shard) rollback(t *transaction, first Entry, err error) error {
	s.state = t.before
	s.recorded.Store(t.recorded)
	if e := s.conn.Rollback(); e != nil {
		return s.stopped(first, "", errors.Join(err, e))
	}
	return err
}

// applyIn applies entries in an open transaction, up to the next that comes
// from behind a higher cut, and returns how many.
func (s *Shard) applyIn(t *transaction, entries []Entry, batches []command.Batch, replies [][]Reply) (n int, err error) {
	for n < len(entries) && batches[n].Cut <= s.state.cut {
		if e := entries[n]; e.Index > s.state.applied {
			if replies[n], err = s.applyEntry(e, batches[n], &t.effects); err != nil {
				return 0, err
			}
			s.state.applied, s.state.term = e.Index, e.Term
		}
		n++
	}
	return n, nil
}

// takeCut moves the shard to a higher cut, in a transaction of its own, so
// that a read snapshot can be opened exactly between what its senders did
// before the cut and what they did after it.
func (s *Shard) takeCut(e Entry, cut uint64) error {
	if cut <= s.state.cut {
		return nil
	}
	s.state.cut = cut
	err := s.conn.Begin()
	if err == nil {
		err = s.commit(nil)
	}
	if err != nil {
		return s.stopped(e, "", errors.Join(err, s.conn.Rollback()))
	}
	if s.cfg.AtCut != nil {
		s.cfg.AtCut(cut)
	}
	return nil
}

// commit ends the transaction and shows it to readers, before any caller hears
// of it. What was cached is known to be old before anybody can read of the
// change, in the events, say: see Events.
func (s *Shard) commit(touched []string) error {
	if err := s.writeMeta(); err != nil {
		return err
	}
	if err := s.conn.Commit(); err != nil {
		return err
	}
	if s.cfg.Committed != nil {
		s.cfg.Committed(touched)
	}
	s.publish()
	s.changed.fire()
	return nil
}

func (s *Shard) writeMeta() error {
	m := &s.state
	_, err := s.conn.Tx().Exec(`UPDATE meta SET applied = ?, term = ?, clock = ?, wall = ?, cut = ?, level = ?, next_event = ? WHERE one = 1`,
		m.applied, m.term, m.clock, m.wall, m.cut, m.level, m.nextEvent)
	return err
}

func (s *Shard) applyEntry(e Entry, batch command.Batch, effects *command.Effects) ([]Reply, error) {
	// The clock never goes back, whoever leads.
	s.state.clock = max(s.state.clock, batch.Clock)
	replies := make([]Reply, len(batch.Commands))
	for i, raw := range batch.Commands {
		env, err := command.DecodeEnvelope(raw)
		if err != nil {
			return nil, s.stopped(e, "", err)
		}
		replies[i], err = s.applyCommand(env, effects)
		if err == errUndo {
			return nil, err
		}
		if err != nil {
			return nil, s.stopped(e, env.Kind, err)
		}
	}
	return replies, nil
}

// applyCommand applies one command. The outcome depends on the command and on
// the tables before it, never on where batches were cut.
func (s *Shard) applyCommand(env command.Envelope, effects *command.Effects) (Reply, error) {
	def, known := s.cfg.Commands.Lookup(env.Kind)
	if !known && env.Skippable {
		return Reply{}, nil
	}
	if !known {
		return Reply{}, &command.UndecodableError{Kind: env.Kind, Err: errors.New("the kind is unknown")}
	}
	if int(env.Slot) >= len(s.owned) || !s.owned[env.Slot] {
		return Reply{Err: fault.New(fault.Unavailable, "slot %d does not live on shard %d", env.Slot, s.cfg.Shard)}, nil
	}
	s.state.wall = max(s.state.wall, env.At)

	var scope [16]byte
	if def.Recorded {
		scope = env.Scope()
		if r, found, err := Recall(s.conn.Tx(), s.cfg.Commands.Errors(), env); err != nil || found {
			return r, err
		}
	}
	firstEvent := effects.NextEvent
	reply, err := s.run(def, env, effects)
	if err == nil && env.Staff {
		f := footstepOf(env, reply, firstEvent, effects.NextEvent)
		err = f.leave(s.conn.Tx())
	}
	if err != nil || !def.Recorded {
		return reply, err
	}
	return reply, s.record(scope[:], env, reply, def.Lasting && reply.Err == nil && env.Named())
}

// run applies a command. A refusal undoes what it has changed.
func (s *Shard) run(def command.Definition, env command.Envelope, effects *command.Effects) (Reply, error) {
	undo, err := s.undoPoint()
	if err != nil {
		return Reply{}, err
	}
	events, touched := effects.NextEvent, len(effects.Touched)
	tx := command.NewTx(s.conn.Tx(), effects)
	tx.Slot, tx.Shard, tx.At, tx.Clock = env.Slot, s.cfg.Shard, env.At, s.state.clock
	tx.Level, tx.Principal, tx.Cut = s.state.level, env.Principal, s.state.cut

	value, err := def.Apply(env.Body, tx)
	if err == nil {
		if level, ok := value.(levelChange); ok {
			s.state.level = level.Level
		}
		return Reply{Answer: command.Answer{Value: value}}, undo.keep()
	}
	refusal, isRefusal := asRefusal(err)
	if !isRefusal {
		return Reply{}, err
	}
	effects.NextEvent, effects.Touched = events, effects.Touched[:touched]
	return Reply{Err: refusal}, undo.back()
}

// asRefusal tells a refusal, which every replica gives alike, from a failure.
func asRefusal(err error) (error, bool) {
	if e, ok := errors.AsType[*sqlite.Error](err); ok && sqlite.IsConstraint(err) {
		// The error's own text names this replica's file.
		return fault.New(fault.Refused, "the change breaks a rule of the tables: %s", e.Msg), true
	}
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.Refused, fault.Denied, fault.Unavailable:
		return err, true
	}
	return nil, false
}

// Recall finds the answer that the same request was given before. The error
// says that it could not be looked up.
func Recall(tx *sqlite.Tx, types *fault.Types, env command.Envelope) (r Reply, found bool, err error) {
	scope := env.Scope()
	rows := tx.Query(`SELECT fingerprint, refused, body FROM answers WHERE scope = ?`, scope[:])
	if !rows.Next() {
		return Reply{}, false, rows.Close()
	}
	print, refused, body := rows.Blob(0), rows.Bool(1), rows.Blob(2)
	if err := rows.Close(); err != nil {
		return Reply{}, false, err
	}
	switch {
	case !bytes.Equal(print, env.Fingerprint):
		return Reply{Err: &KeyReusedError{Key: env.Key, Kind: string(env.Kind)}}, true, nil
	case refused:
		return Reply{Err: types.Decode(body)}, true, nil
	}
	return Reply{Answer: command.Answer{Body: body}}, true, nil
}

// record keeps an answer under the request's key. "Unavailable" is not an
// answer: asking again may go better.
func (s *Shard) record(scope []byte, env command.Envelope, r Reply, lasting bool) error {
	var body []byte
	var err error
	switch {
	case r.Err == nil:
		if body, err = command.Marshal(r.Answer.Value); err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
	case fault.CodeOf(r.Err) == fault.Unavailable:
		return nil
	default:
		body = s.cfg.Commands.Errors().Encode(r.Err)
	}
	s.recorded.Add(int64(len(body)) + answerOverhead)
	_, err = s.conn.Tx().Exec(`INSERT INTO answers (scope, slot, at, owner, lasting, fingerprint, refused, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		scope, env.Slot, env.At, env.Owner(), lasting, append([]byte{}, env.Fingerprint...), r.Err != nil, body)
	return err
}

// KeyReusedError says that an idempotency key came back with another request.
type KeyReusedError struct {
	Key  string
	Kind string
}

func (e *KeyReusedError) Error() string {
	return fmt.Sprintf("key %q was used for another %s request: use a new key, or send the same request", e.Key, e.Kind)
}

// Unwrap returns fault.Conflict.
func (e *KeyReusedError) Unwrap() error { return fault.Conflict }

// StoppedError says that an entry could not be applied, so the shard stopped.
type StoppedError struct {
	Shard int
	Path  string
	Index uint64
	Kind  command.Kind // "" if it was not one command
	Err   error
}

func (e *StoppedError) Error() string {
	what := ""
	if e.Kind != "" {
		what = " (" + string(e.Kind) + ")"
	}
	return fmt.Sprintf("shard %d stopped at log entry %d%s, file %s: %v", e.Shard, e.Index, what, e.Path, e.Err)
}

// Unwrap returns fault.Broken and the cause.
func (e *StoppedError) Unwrap() []error { return []error{fault.Broken, e.Err} }

func (s *Shard) stopped(e Entry, kind command.Kind, err error) error {
	s.Abandon()
	return &StoppedError{Shard: s.cfg.Shard, Path: s.cfg.Path, Index: e.Index, Kind: kind, Err: err}
}
