package endpoints

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// The names of sealed fields. They are part of the sealed form and never
// change.
const (
	urlField    = "url"
	secretField = "secret"
)

// found is what commands need to know of an endpoint.
type found struct {
	version, generation, nextDelivery int64
}

// findTx returns an endpoint that may be changed.
func findTx(tx *command.Tx, endpoint ID, version int64) (f found, err error) {
	rows := tx.One(`SELECT version, generation, next_delivery FROM endpoints WHERE id = ?`, endpoint)
	if rows.Next() {
		f = found{rows.Int64(0), rows.Int64(1), rows.Int64(2)}
	}
	switch err := rows.Close(); {
	case err != nil:
		return found{}, err
	case f.version == 0:
		return found{}, &UnknownEndpointError{Endpoint: endpoint}
	case version != 0 && version != f.version:
		return found{}, &VersionError{Endpoint: endpoint, Have: f.version, Want: version}
	}
	return f, nil
}

const columns = `id, url, description, kinds, disabled, position, generation, failing_since, version, created_at, updated_at`

// sealed is an endpoint as it is stored.
type sealed struct {
	Endpoint
	url     seal.Sealed
	wrapped seal.WrappedKey
}

func readSealed(tx *sqlite.Tx, where string, args ...any) (all []sealed, err error) {
	rows := tx.Query(`SELECT `+columns+` FROM endpoints `+where, args...)
	for rows.Next() {
		e := sealed{url: rows.Blob(1)}
		e.Endpoint = Endpoint{
			ID: ID(rows.Text(0)), Description: rows.Text(2), Disabled: rows.Text(4), Position: rows.Text(5), Generation: rows.Int64(6),
			FailingSince: timeOf(rows, 7), Version: rows.Int64(8), CreatedAt: timeOf(rows, 9), UpdatedAt: timeOf(rows, 10),
		}
		if err := json.Unmarshal([]byte(rows.Text(3)), &e.Kinds); err != nil {
			rows.Close()
			return nil, fault.Wrap(fault.Broken, err, "reading the kinds of endpoint %s", e.ID)
		}
		all = append(all, e)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].wrapped, err = subject.WrappedTx(tx, string(all[i].ID)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Service) open(ctx context.Context, e sealed) (Endpoint, seal.DataKey, error) {
	key, err := s.sealer.OpenKey(ctx, string(e.ID), e.wrapped)
	if err != nil {
		return Endpoint{}, key, err
	}
	e.URL, err = s.sealer.OpenText(key, string(e.ID), urlField, e.url)
	return e.Endpoint, key, err
}

// Get returns an endpoint. The error is an *UnknownEndpointError if there is
// none.
func (s *Service) Get(ctx context.Context, endpoint ID) (Endpoint, error) {
	e, _, err := s.get(ctx, endpoint)
	return e, err
}

func (s *Service) get(ctx context.Context, endpoint ID) (Endpoint, seal.DataKey, error) {
	slot, err := slotOf(endpoint)
	if err != nil {
		return Endpoint{}, seal.DataKey{}, err
	}
	var all []sealed
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		all, err = readSealed(tx, `WHERE id = ?`, endpoint)
		return err
	})
	switch {
	case err != nil:
		return Endpoint{}, seal.DataKey{}, fmt.Errorf("reading endpoint %s: %w", endpoint, err)
	case len(all) == 0:
		return Endpoint{}, seal.DataKey{}, &UnknownEndpointError{Endpoint: endpoint}
	}
	return s.open(ctx, all[0])
}

// All returns all endpoints, the oldest first. There are a hundred at most.
func (s *Service) All(ctx context.Context) ([]Endpoint, error) {
	var all []sealed
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		all, err = readSealed(tx, `ORDER BY id`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading endpoints: %w", err)
	}
	out := make([]Endpoint, len(all))
	for i := range all {
		if out[i], _, err = s.open(ctx, all[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Versions returns the version of each endpoint that is not disabled. It opens
// nothing that is sealed.
func (s *Service) Versions(ctx context.Context) (map[ID]int64, error) {
	versions := map[ID]int64{}
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT id, version FROM endpoints WHERE disabled = ''`)
		for rows.Next() {
			versions[ID(rows.Text(0))] = rows.Int64(1)
		}
		return rows.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("reading the versions of endpoints: %w", err)
	}
	return versions, nil
}

// Secrets returns the secrets of an endpoint that sign now, the newest first.
func (s *Service) Secrets(ctx context.Context, endpoint ID) ([]Secret, error) {
	_, key, err := s.get(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	var secrets []Secret
	var texts []seal.Sealed
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT sealed, created_at, expires_at FROM endpoint_secrets
			WHERE endpoint = ? AND (expires_at = 0 OR expires_at > ?) ORDER BY n DESC`, endpoint, s.engine.Now().UnixMilli())
		for rows.Next() {
			texts = append(texts, rows.Blob(0))
			secrets = append(secrets, Secret{CreatedAt: timeOf(rows, 1), ExpiresAt: timeOf(rows, 2)})
		}
		return rows.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("reading the secrets of endpoint %s: %w", endpoint, err)
	}
	for i := range texts {
		if secrets[i].Text, err = s.sealer.OpenText(key, string(endpoint), secretField, texts[i]); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

// Deliveries returns the last attempts to deliver to an endpoint, the newest
// first: 500 at most.
func (s *Service) Deliveries(ctx context.Context, endpoint ID) (all []Delivery, err error) {
	slot, err := slotOf(endpoint)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT message, kind, subject, outcome, attempt, status, error, millis, at FROM deliveries
			WHERE endpoint = ? ORDER BY n DESC`, endpoint)
		for rows.Next() {
			all = append(all, Delivery{
				Message: rows.Text(0), Kind: rows.Text(1), Subject: rows.Text(2), Outcome: Outcome(rows.Text(3)), Attempt: rows.Int64(4),
				Status: rows.Int64(5), Error: rows.Text(6), Millis: rows.Int64(7), At: rows.Int64(8),
			})
		}
		return rows.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("reading the deliveries to endpoint %s: %w", endpoint, err)
	}
	return all, nil
}

// timeOf returns a column of wall ms as a time; 0 is the zero time.
func timeOf(rows *sqlite.Rows, col int) time.Time {
	if rows.Int64(col) == 0 {
		return time.Time{}
	}
	return time.UnixMilli(rows.Int64(col)).UTC()
}
