package sqlite

import "encoding/binary"

// The layout of a WAL: a header of 32 bytes, then frames of a 24-byte header and a page each. All numbers are
// big-endian; the checksum reads the data as 32-bit words in the order that the magic number says.
const (
	walHeaderSize = 32
	frameHeader   = 24
	walMagic      = 0x377f0682 // its lowest bit is set when the checksum is big-endian
	walVersion    = 3007000
)

type walHeader struct {
	order    binary.ByteOrder
	pageSize int
	salts    uint64
	sum      checksum // with which the first frame's checksum begins
}

// parseWALHeader reports false when the header is damaged.
func parseWALHeader(raw []byte) (walHeader, bool) {
	magic := binary.BigEndian.Uint32(raw)
	h := walHeader{
		order:    wordOrder(magic&1 == 1),
		pageSize: int(binary.BigEndian.Uint32(raw[8:])),
		salts:    binary.BigEndian.Uint64(raw[16:]),
		sum:      storedSum(raw[24:]),
	}
	ok := magic&^1 == walMagic &&
		binary.BigEndian.Uint32(raw[4:]) == walVersion &&
		isPageSize(h.pageSize) &&
		checksum{}.add(h.order, raw[:24]) == h.sum
	return h, ok
}

// guessWALHeaders returns the headers that a damaged one may have been: each page size and byte order, with the
// checksum as it is stored and as it is computed.
func guessWALHeaders(raw []byte) []walHeader {
	var all []walHeader
	for size := 512; size <= 65536; size *= 2 {
		for _, big := range []bool{false, true} {
			h := walHeader{order: wordOrder(big), pageSize: size, salts: binary.BigEndian.Uint64(raw[16:])}
			h.sum = storedSum(raw[24:])
			all = append(all, h)
			h.sum = checksum{}.add(h.order, raw[:24])
			all = append(all, h)
		}
	}
	return all
}

func isPageSize(n int) bool { return n >= 512 && n <= 65536 && n&(n-1) == 0 }

func wordOrder(big bool) binary.ByteOrder {
	if big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// checksum is SQLite's running checksum of a WAL.
type checksum struct{ a, b uint32 }

func storedSum(b []byte) checksum {
	return checksum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// add runs the checksum on over data, whose length is a multiple of 8.
func (c checksum) add(order binary.ByteOrder, data []byte) checksum {
	a, b := c.a, c.b
	if order == binary.BigEndian {
		for ; len(data) >= 8; data = data[8:] {
			a += binary.BigEndian.Uint32(data) + b
			b += binary.BigEndian.Uint32(data[4:]) + a
		}
		return checksum{a, b}
	}
	for ; len(data) >= 8; data = data[8:] {
		a += binary.LittleEndian.Uint32(data) + b
		b += binary.LittleEndian.Uint32(data[4:]) + a
	}
	return checksum{a, b}
}
