package merchandising

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// rulesKey names the snapshot to the cache.
const rulesKey = "merchandising:rules"

// Rules returns the store's rules and vocabularies as they are now.
func (s *Service) Rules(ctx context.Context) (*Rules, error) {
	if err := s.engine.Recent(ctx, id.StoreSlot); err != nil {
		return nil, err
	}
	v, err := s.cache.Get(rulesKey, func() (any, error) {
		return s.load(context.WithoutCancel(ctx)) // others may wait for this load
	})
	if err != nil {
		return nil, err
	}
	return v.(*Rules), nil
}

func (s *Service) load(ctx context.Context) (r *Rules, err error) {
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		r, err = rulesTx(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the rules of merchandising: %w", err)
	}
	return r, nil
}

func rulesTx(tx *sqlite.Tx) (*Rules, error) {
	r := new(Rules)
	var err error
	if r.Version, err = versionTx(tx); err != nil {
		return nil, err
	}
	rows := tx.Query(`SELECT locale, query, pins, buries, boosts, redirect FROM search_rules ORDER BY locale, query`)
	for rows.Next() && err == nil {
		rule := Rule{Locale: rows.Text(0), Query: rows.Text(1), Redirect: rows.Text(5)}
		err = decode(rows.Text(2), &rule.Pins, rows.Text(3), &rule.Buries, rows.Text(4), &rule.Boosts)
		r.Rules = append(r.Rules, rule)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	rows = tx.Query(`SELECT locale, synonyms, stop_words FROM search_vocabularies ORDER BY locale`)
	for rows.Next() && err == nil {
		v := Vocabulary{Locale: rows.Text(0)}
		err = decode(rows.Text(1), &v.Synonyms, rows.Text(2), &v.StopWords)
		r.Vocabularies = append(r.Vocabularies, v)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	return r, err
}

// decode reads texts of JSON, each into what comes behind it.
func decode(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := json.Unmarshal([]byte(pairs[i].(string)), pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// encode writes a list as JSON; an empty one as [].
func encode[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// Misses returns the texts that found nothing, the most frequent first.
func (s *Service) Misses(ctx context.Context) (list []Miss, err error) {
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		list = nil
		rows := tx.Query(`SELECT locale, text, count, last_at FROM search_misses ORDER BY count DESC, last_at DESC, locale, text`)
		for rows.Next() {
			list = append(list, Miss{Locale: rows.Text(0), Text: rows.Text(1), Count: rows.Int64(2), LastAt: rows.Int64(3)})
		}
		return rows.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("reading the texts that found nothing: %w", err)
	}
	return list, nil
}

func versionTx(tx *sqlite.Tx) (int64, error) {
	version, _, err := tx.Int64(`SELECT version FROM search_rules_version WHERE one = 1`)
	return version, err
}

// advance moves the version of the rules on. want is the one that the caller
// has read, 0 for any.
func advance(tx *command.Tx, want int64) (next int64, err error) {
	have, err := versionTx(tx.Tx)
	if err != nil {
		return 0, err
	}
	if !command.Meets(want, have) {
		return 0, &VersionError{Have: have, Want: want}
	}
	_, err = tx.Exec(`INSERT INTO search_rules_version (one, version) VALUES (1, ?)
		ON CONFLICT (one) DO UPDATE SET version = excluded.version`, have+1)
	return have + 1, err
}

// Receipt is the recorded answer of a change of the rules.
type Receipt struct {
	Version int64 `cbor:"1,keyasint"` // of all rules, after the change
}

// ChangedEvent is the data of the event merchandising.changed.
type ChangedEvent struct {
	What    string `json:"what"` // rule or vocabulary
	Locale  string `json:"locale,omitempty"`
	Query   string `json:"query,omitempty"`
	Version int64  `json:"version"` // of all rules
}

func changed(tx *command.Tx, e ChangedEvent) (Receipt, error) {
	tx.Touch(rulesKey)
	return Receipt{Version: e.Version}, tx.Emit("merchandising.changed", e.What+":"+e.Locale+":"+e.Query, e)
}

// do runs a command that changes the rules and returns them as they are then.
func (s *Service) do(ctx context.Context, c command.Command, key string) (*Rules, error) {
	call := command.Call{Key: key, Slot: id.StoreSlot}
	return command.DoThen(ctx, s.engine, c, call, func(ctx context.Context, _ Receipt) (*Rules, error) { return s.Rules(ctx) })
}
