package inventory

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
)

// CheckAcross reports where a shard and an authority contradict each other:
// no side may have received more than the other has sent. It is exact on an
// open store.
func CheckAcross(ctx context.Context, e command.Engine) ([]command.Violation, error) {
	b, err := readBooks(ctx, e)
	if err != nil {
		return nil, err
	}
	var out []command.Violation
	for _, p := range b.pairs {
		p.compare("inventory.deposited_within_granted", p.deposited, p.granted, &out)
		p.compare("inventory.booked_within_given_back", p.account.GivenBack, p.sent.GivenBack, &out)
		p.compare("inventory.booked_within_shipped", p.account.Shipped, p.sent.Shipped, &out)
		p.compare("inventory.booked_within_returned", p.account.Returned, p.sent.Returned, &out)
		p.compare("inventory.acknowledged_within_given_back", p.acknowledged.GivenBack, p.account.GivenBack, &out)
		p.compare("inventory.acknowledged_within_shipped", p.acknowledged.Shipped, p.account.Shipped, &out)
		p.compare("inventory.acknowledged_within_returned", p.acknowledged.Returned, p.account.Returned, &out)
	}
	return out, nil
}

func (p *pair) compare(rule string, received, sent int64, out *[]command.Violation) {
	if received <= sent {
		return
	}
	*out = append(*out, command.Violation{
		Rule: rule, Subject: string(p.pool),
		Detail: fmt.Sprintf("between the authority and shard %d, %d were received and %d sent", p.shard, received, sent),
	})
}
