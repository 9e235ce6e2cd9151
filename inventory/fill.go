package inventory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

const (
	// maxFills bounds how often Fill starts over when others keep taking
	// what it brought.
	maxFills = 32
	// maxRounds bounds how often it goes back for more at one time.
	maxRounds = 8
	// legTime is how long the second leg of a loan or recall may take after
	// the caller has gone.
	legTime = 5 * time.Second
)

// Fill brings goods to the shard of home and then runs then, which is to hold
// them. If then comes back with a *ShortError, because other holds on the shard
// were faster, Fill starts over with its lines too. then must not call Fill.
//
// Shards borrow at the same time, and who borrows for a shard brings enough for
// those who wait there with it. Only goods that must be taken from other shards
// move for one caller at a time, and are not taken away again before its then
// has ended.
//
// It returns an *OutOfStockError, without moving anything, if all shards
// together cannot fill a line, and fault.Unavailable if that cannot be known
// because a shard cannot be reached. Errors of then are returned as they are.
func (s *Service) Fill(ctx context.Context, home id.Slot, short []Short, then func() error) error {
	lines := slices.Clone(short)
	for range maxFills {
		lines = widest(lines)
		err := s.fill(ctx, s.engine.ShardOf(home), lines, then)
		again, ok := errors.AsType[*ShortError](err)
		if !ok {
			return err
		}
		lines = append(lines, again.Lines...)
	}
	return fault.New(fault.Unavailable, "stock that was brought to this shard was sold to others %d times: try again", maxFills)
}

// widest sorts lines by pool and keeps the one of each that wants most.
func widest(lines []Short) []Short {
	slices.SortFunc(lines, func(a, b Short) int {
		if c := strings.Compare(string(a.Pool), string(b.Pool)); c != 0 {
			return c
		}
		return int(b.Want - a.Want)
	})
	return slices.CompactFunc(lines, func(a, b Short) bool { return a.Pool == b.Pool })
}

func (s *Service) fill(ctx context.Context, home int, lines []Short, then func() error) error {
	names := make([]string, len(lines))
	for i, l := range lines {
		names[i] = l.Pool.at(home)
	}
	unlock, free := s.locks.try(names)
	if !free {
		// Who finds the goods sold out, or brought by others, need not wait.
		needs, err := s.survey(ctx, home, lines)
		if err != nil {
			return retryable(err)
		}
		if len(needs) == 0 {
			return then()
		}
		if unlock, err = s.locks.lock(ctx, names); err != nil {
			return err
		}
	}
	scarce, done, err := s.bring(ctx, home, lines, names)
	unlock()
	if err != nil {
		return retryable(err)
	}
	if done != nil {
		defer done()
		return then()
	}
	if unlock, err = s.locks.lock(ctx, scarce); err != nil {
		return err
	}
	defer unlock()
	if err := s.gather(ctx, home, lines); err != nil {
		return retryable(err)
	}
	return then()
}

// bring makes sure that home has enough for the lines, besides what those take
// who were let go before and are not done. It returns what to call when the
// caller is done, or the pools of which goods must be taken from other shards.
// names are locked.
func (s *Service) bring(ctx context.Context, home int, lines []Short, names []string) (scarce []string, done func(), err error) {
	if done := s.locks.take(names, lines); done != nil {
		return nil, done, nil
	}
	if err := s.locks.idle(ctx, names); err != nil {
		return nil, nil, err
	}
	if scarce, err = s.borrow(ctx, home, lines); err != nil || len(scarce) > 0 {
		return scarce, nil, err
	}
	have := make([]int64, len(lines))
	err = s.engine.View(ctx, s.engine.SlotOn(home), func(tx *sqlite.Tx) error {
		for i, l := range lines {
			if have[i], _, err = tx.Int64(`SELECT available FROM allowances WHERE pool = ?`, l.Pool); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return nil, s.locks.share(names, lines, have), nil
}

// at names a pool's goods at one shard, for locks.
func (p PoolID) at(shard int) string { return string(p) + "/" + strconv.Itoa(shard) }

// retryable turns a leg whose outcome is not known into "nothing happened":
// legs may be repeated, and nothing was sold.
func retryable(err error) error {
	if fault.CodeOf(err) == fault.Uncertain {
		return fault.Wrap(fault.Unavailable, err, "bringing stock to the shard")
	}
	return err
}

// need is a line that its home shard cannot fill.
type need struct {
	*view
	Short
	scarce bool // nor can the authority alone
}

// missing is how many the home shard lacks.
func (n *need) missing(home int) int64 { return n.Want - n.holdings[home].available }

// survey finds out by reading which lines are short at home and where goods
// for them are. It returns an *OutOfStockError if there are not enough.
func (s *Service) survey(ctx context.Context, home int, lines []Short) ([]*need, error) {
	needs, err := s.shortAt(ctx, home, lines)
	if err != nil || len(needs) == 0 {
		return nil, err
	}
	if err := s.readAuthority(ctx, viewsOf(needs)); err != nil {
		return nil, err
	}
	var scarce []*need
	for _, n := range needs {
		if n.scarce = !n.Free && n.missing(home)-n.arriving(home) > n.stock.lendable(); n.scarce {
			scarce = append(scarce, n)
		}
	}
	if len(scarce) == 0 {
		return needs, nil
	}
	others := slices.DeleteFunc(allShards(s.engine), func(i int) bool { return i == home })
	if err := s.readHoldings(ctx, viewsOf(scarce), others); err != nil {
		return nil, err
	}
	if err := s.readAuthority(ctx, viewsOf(scarce)); err != nil {
		return nil, err
	}
	return needs, outOfStock(home, scarce)
}

// shortAt returns the lines that are short at home in a view of their own.
func (s *Service) shortAt(ctx context.Context, home int, lines []Short) ([]*need, error) {
	pools := make([]PoolID, len(lines))
	for i, l := range lines {
		pools[i] = l.Pool
	}
	views, err := s.newViews(pools)
	if err != nil {
		return nil, err
	}
	if err := s.readHoldings(ctx, views, []int{home}); err != nil {
		return nil, err
	}
	var needs []*need
	for i, v := range views {
		if n := (&need{view: v, Short: lines[i]}); n.missing(home) > 0 {
			needs = append(needs, n)
		}
	}
	return needs, nil
}

func viewsOf(needs []*need) []*view {
	out := make([]*view, len(needs))
	for i, n := range needs {
		out[i] = n.view
	}
	return out
}

func outOfStock(home int, scarce []*need) error {
	var out []Short
	for _, n := range scarce {
		if have := max(n.sellable(), n.holdings[home].available); have < n.Want {
			out = append(out, Short{Pool: n.Short.Pool, SKU: n.SKU, Want: n.Want, Have: have})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return &OutOfStockError{SKU: out[0].SKU, Want: out[0].Want, Have: out[0].Have, Lines: out}
}

// borrow brings what is missing to home as far as the authorities have it. It
// returns the names of the pools of which goods must be taken from other
// shards.
func (s *Service) borrow(ctx context.Context, home int, lines []Short) (scarce []string, err error) {
	for range maxRounds {
		needs, err := s.survey(ctx, home, lines)
		if err != nil || len(needs) == 0 {
			return nil, err
		}
		for _, n := range needs {
			if n.scarce {
				scarce = append(scarce, string(n.Short.Pool))
			}
		}
		if len(scarce) > 0 {
			return scarce, nil
		}
		enough, err := s.transfer(ctx, home, needs)
		if err != nil || enough {
			return nil, err
		}
	}
	return nil, tooFast(lines)
}

// gather brings what is missing to home from wherever it is. The pools of
// which it takes from other shards are locked.
func (s *Service) gather(ctx context.Context, home int, lines []Short) error {
	for range maxRounds {
		needs, err := s.survey(ctx, home, lines)
		if err != nil || len(needs) == 0 {
			return err
		}
		if err := s.recallScarce(ctx, home, needs); err != nil {
			return err
		}
		enough, err := s.transfer(ctx, home, needs)
		if err != nil || enough {
			return err
		}
	}
	return tooFast(lines)
}

func tooFast(lines []Short) error {
	return fault.New(fault.Unavailable, "stock of %s moves faster than it can be brought here: try again", lines[0].SKU)
}

func (s *Service) recallScarce(ctx context.Context, home int, needs []*need) error {
	var scarce []wanted
	for _, n := range needs {
		if short := n.missing(home) - n.arriving(home) + n.stock.withheld() - n.stock.lendable(); n.scarce && short > 0 {
			scarce = append(scarce, wanted{n.view, short})
		}
	}
	return s.recall(ctx, scarce, home)
}

// transfer runs the two legs of a loan for many pools: a grant at each
// authority's shard, and one deposit at home. It reports whether the needs
// are met.
func (s *Service) transfer(ctx context.Context, home int, needs []*need) (enough bool, err error) {
	totals := make([]granted, len(needs))
	var asked []int // positions in needs
	var lines []grantLine
	for i, n := range needs {
		totals[i] = granted{n.Short.Pool, cmp.Or(n.stock.SKU, n.SKU), n.accounts[home].granted}
		if n.arriving(home) == 0 {
			asked = append(asked, i)
			line := grantLine{Pool: n.Short.Pool, Deposited: n.holdings[home].deposited, Want: s.size(n, home), Free: n.Free}
			if n.Free {
				line.SKU = n.SKU
			}
			lines = append(lines, line)
		}
	}
	err = send(ctx, s.engine, lines,
		func(l grantLine) (id.Slot, error) { return l.Pool.Slot() },
		func(_ int, some []grantLine) command.Command { return &grant{Shard: home, Lines: some} },
		func(items []int, got []granted) {
			for j, k := range items {
				totals[asked[k]] = got[j]
			}
		})
	// What some authorities have granted is brought home even if others
	// cannot be reached.
	return met(home, needs, totals), errors.Join(err, s.depositAt(ctx, home, needs, totals))
}

// size is how much to ask the authority for: what is missing, and what those
// want who wait for the same goods at this shard, up to a fair share of what is
// left; or half of that share without anybody waiting, so that many sales need
// few loans and the last units are not scattered.
func (s *Service) size(n *need, home int) int64 {
	shards := int64(s.engine.Shards())
	fair := (n.stock.Unallocated + shards - 1) / shards
	waiting := int64(s.locks.waiting(n.Short.Pool.at(home)))
	return max(n.missing(home), min(n.missing(home)+waiting*n.Want, fair), n.stock.Unallocated/(2*shards))
}

func met(home int, needs []*need, totals []granted) bool {
	for i, n := range needs {
		if totals[i].Total-n.holdings[home].deposited < n.missing(home) {
			return false
		}
	}
	return true
}

// depositAt adds what was granted to the allowances of a shard, except what
// the shard granted itself, which is there already.
func (s *Service) depositAt(ctx context.Context, shard int, needs []*need, totals []granted) error {
	var lines []granted
	for i, n := range needs {
		if totals[i].Total > n.holdings[shard].deposited && s.engine.ShardOf(n.slot) != shard {
			lines = append(lines, totals[i])
		}
	}
	arrivals := make([]arrival, len(lines))
	for i, l := range lines {
		arrivals[i] = arrival{shard, l}
	}
	return s.deposit(ctx, arrivals)
}

// arrival is a total that was granted and has not arrived.
type arrival struct {
	shard int
	granted
}

// deposit runs the second leg of loans, even if the caller has gone.
func (s *Service) deposit(ctx context.Context, arrivals []arrival) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), legTime)
	defer cancel()
	return send(ctx, s.engine, arrivals,
		func(a arrival) (id.Slot, error) { return s.engine.SlotOn(a.shard), nil },
		func(shard int, some []arrival) command.Command {
			c := &deposit{Shard: shard, Lines: make([]granted, len(some))}
			for i, a := range some {
				c.Lines[i] = a.granted
			}
			return c
		}, func([]int, struct{}) {})
}
