package inventory

import (
	"context"
	"strconv"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// bookPage bounds one round of booking, and so its commands.
const bookPage = 1000

// BookTimer is the handler of TimerBook: it tells the authorities what a
// shard has shipped, taken back and given back, and the shard what they have
// booked. The timer goes when everything is booked.
func (s *Service) BookTimer(ctx context.Context, shard string) error {
	n, err := strconv.Atoi(shard)
	if err != nil || n < 0 || n >= s.engine.Shards() {
		return fault.New(fault.Invalid, "%q is not the number of a shard", shard)
	}
	for {
		lines, err := s.unbookedOn(ctx, n)
		if err != nil {
			return err
		}
		if err := s.book(ctx, lines); err != nil {
			return err
		}
		// Without lines this clears the timer of a booking that was made in
		// between.
		if _, err := command.Do[struct{}](ctx, s.engine, &acknowledge{Shard: n, Lines: lines}, command.Call{Slot: s.engine.SlotOn(n)}); err != nil {
			return err
		}
		if len(lines) < bookPage {
			return nil
		}
	}
}

func (s *Service) unbookedOn(ctx context.Context, shard int) ([]totals, error) {
	var out []totals
	err := s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT pool, given_back, shipped, returned FROM allowances
			WHERE given_back > booked_given_back OR shipped > booked_shipped OR returned > booked_returned ORDER BY pool LIMIT ?`, bookPage)
		for rows.Next() {
			out = append(out, totals{PoolID(rows.Text(0)), shard, rows.Int64(1), rows.Int64(2), rows.Int64(3)})
		}
		return rows.Close()
	})
	return out, err
}

// Settle finishes everything that is on its way: loans that a crash left
// between their legs, bookings, and shortages that can be worked off. It is
// run when a store opens; it may run at any time, and more than once.
func (s *Service) Settle(ctx context.Context) error {
	books, err := readBooks(ctx, s.engine)
	if err != nil {
		return err
	}
	if err := s.deposit(ctx, books.late()); err != nil {
		return err
	}
	for i := range s.engine.Shards() {
		pending, err := s.bookingPending(ctx, i)
		if err == nil && pending {
			err = s.BookTimer(ctx, strconv.Itoa(i))
		}
		if err != nil {
			return err
		}
	}
	for i := range s.engine.Shards() {
		if err := s.recallShortages(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) bookingPending(ctx context.Context, shard int) (pending bool, err error) {
	err = s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
		_, pending, err = tx.Int64(`SELECT 1 FROM bookings`)
		return err
	})
	return pending, err
}

func (s *Service) recallShortages(ctx context.Context, shard int) error {
	var pools []string
	err := s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT pool FROM pools WHERE shortage > owed ORDER BY pool`)
		for rows.Next() {
			pools = append(pools, rows.Text(0))
		}
		return rows.Close()
	})
	for _, p := range pools {
		if err == nil {
			err = s.RecallTimer(ctx, p)
		}
	}
	return err
}
