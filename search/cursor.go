package search

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// sortKey is a document's place in the order of a result.
type sortKey struct {
	value int64 // larger comes first
	id    string
}

// before reports whether k comes before other.
func (k sortKey) before(other sortKey) bool {
	if k.value != other.value {
		return k.value > other.value
	}
	return k.id < other.id
}

// cursor writes the key for the query's next page.
func (k sortKey) cursor(q *Query) string {
	b := binary.BigEndian.AppendUint32(nil, q.fingerprint())
	b = binary.BigEndian.AppendUint64(b, uint64(k.value))
	return base64.RawURLEncoding.EncodeToString(append(b, k.id...))
}

// parseCursor reads the After of a query.
func parseCursor(q *Query) (*sortKey, error) {
	if q.After == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil || len(b) < 13 || len(b) > 256 {
		return nil, fault.Wrong("after", "%.40q is not the end of a page", q.After)
	}
	if binary.BigEndian.Uint32(b) != q.fingerprint() {
		return nil, fault.Wrong("after", "the end of a page belongs to another query")
	}
	return &sortKey{value: int64(binary.BigEndian.Uint64(b[4:])), id: string(b[12:])}, nil
}

// fingerprint tells queries apart whose pages do not continue each other.
func (q *Query) fingerprint() uint32 {
	h := fnv.New32a()
	write := func(s string) { h.Write([]byte(s)); h.Write([]byte{0}) }
	write(strings.TrimSpace(q.Text))
	write(string(q.Sort))
	write(string(q.Currency))
	write(q.Category)
	write(q.Channel)
	write(q.Market)
	write(strings.Join(q.Groups, "\x01"))
	for _, f := range q.Filters {
		write(f.Field)
		values := slices.Sorted(slices.Values(f.Values))
		write(strings.Join(values, "\x01"))
		write(fmt.Sprint(f.Prices, f.Numbers))
	}
	return h.Sum32()
}

// topList keeps the first few of many documents in order.
type topList struct {
	limit int
	list  []found
}

func (t *topList) add(f found) {
	if len(t.list) == t.limit {
		if t.limit == 0 || !f.key.before(t.list[len(t.list)-1].key) {
			return
		}
		t.list = t.list[:len(t.list)-1]
	}
	at := sort.Search(len(t.list), func(i int) bool { return f.key.before(t.list[i].key) })
	t.list = slices.Insert(t.list, at, f)
}
