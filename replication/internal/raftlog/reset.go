package raftlog

import (
	"fmt"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Reset makes a marker take the place of the whole log: the machine has been replaced by a copy that holds everything
// up to the marker's index. It is refused when it goes back. Nobody else may be changing the log.
func (l *Log) Reset(m Marker) error {
	old := l.Marker()
	if m.Index <= old.Index || m.Durable > m.Index {
		return l.misuse("a copy up to %d, durable to %d, is to replace the log behind the marker at %d", m.Index, m.Durable, old.Index)
	}
	err := l.file.do(func(tx *sqlite.Tx) error {
		if _, err := tx.Exec(`DELETE FROM log WHERE id BETWEEN ? AND ?`, key(l.group, 0), key(l.group, maxIndex)); err != nil {
			return err
		}
		if err := writeHead(tx, l.group, m.Index+1, 0); err != nil {
			return err
		}
		return writeMarker(tx, l.group, m)
	})
	if err != nil {
		return fmt.Errorf("replacing the log of group %d: %w", l.group, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exists, l.marker = true, m
	l.first, l.last, l.base, l.sum, l.bytes = m.Index+1, m.Index, 0, 0, 0
	l.ring.reset(m.Index + 1)
	return nil
}
