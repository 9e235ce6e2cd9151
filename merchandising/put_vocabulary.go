package merchandising

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// PutVocabulary replaces the synonyms and stop words of a locale. An empty
// vocabulary takes them away.
type PutVocabulary struct {
	Vocabulary Vocabulary `cbor:"1,keyasint"`
	Version    int64      `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read; 0 for any
	Key        string     `cbor:"-"`
}

// Kind returns "merchandising.put_vocabulary".
func (PutVocabulary) Kind() command.Kind { return "merchandising.put_vocabulary" }

// Validate returns fault.Invalid for a vocabulary that cannot be meant or is
// too large.
func (c PutVocabulary) Validate() error {
	if err := checkVersion(c.Version); err != nil {
		return err
	}
	return c.Vocabulary.check()
}

func (c PutVocabulary) apply(tx *command.Tx) (Receipt, error) {
	v := c.Vocabulary
	next, err := advance(tx, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	synonyms, err := encode(v.Synonyms)
	if err != nil {
		return Receipt{}, err
	}
	stops, err := encode(v.StopWords)
	if err != nil {
		return Receipt{}, err
	}
	if len(v.Synonyms)+len(v.StopWords) == 0 {
		_, err = tx.Exec(`DELETE FROM search_vocabularies WHERE locale = ?`, v.Locale)
	} else {
		_, err = tx.Exec(`INSERT INTO search_vocabularies (locale, slot, synonyms, stop_words, version, updated_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (locale) DO UPDATE SET synonyms = excluded.synonyms, stop_words = excluded.stop_words,
				version = excluded.version, updated_at = excluded.updated_at`, v.Locale, tx.Slot, synonyms, stops, next, tx.At)
	}
	if err != nil {
		return Receipt{}, err
	}
	return changed(tx, ChangedEvent{What: "vocabulary", Locale: v.Locale, Version: next})
}

// PutVocabulary replaces a vocabulary, and returns the rules as they are then.
// The error is a *VersionError.
func (s *Service) PutVocabulary(ctx context.Context, c PutVocabulary) (*Rules, error) {
	return s.do(ctx, &c, c.Key)
}
