package search

import "math/bits"

// bitset is a set of ordinals.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i uint32) bool { return b[i>>6]&(1<<(i&63)) != 0 }

func (b bitset) set(i uint32) { b[i>>6] |= 1 << (i & 63) }

func (b bitset) clear(i uint32) { b[i>>6] &^= 1 << (i & 63) }

// grow returns the set with room for n ordinals.
func (b bitset) grow(n int) bitset {
	for len(b)*64 < n {
		b = append(b, 0)
	}
	return b
}

// and keeps what is in the other set too, which is as long.
func (b bitset) and(other bitset) {
	for i := range b {
		b[i] &= other[i]
	}
}

func (b bitset) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// each calls fn for the members in ascending order.
func (b bitset) each(fn func(uint32)) {
	for i, w := range b {
		for w != 0 {
			fn(uint32(i<<6 + bits.TrailingZeros64(w)))
			w &= w - 1
		}
	}
}

// eachDown calls fn for the members in descending order.
func (b bitset) eachDown(fn func(uint32)) {
	for i := len(b) - 1; i >= 0; i-- {
		for w := b[i]; w != 0; {
			high := bits.Len64(w) - 1
			fn(uint32(i<<6 + high))
			w &^= 1 << high
		}
	}
}
