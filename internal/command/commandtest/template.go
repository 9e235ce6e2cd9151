package commandtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"sync"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/shard"
)

// templates holds shard files at their first level, by what is in them. Making
// the tables takes longer than most tests do, and it gives the same file each time.
var templates sync.Map // of templateKey to template

type templateKey struct {
	tables        [sha256.Size]byte
	shard, shards int
}

// template is a shard file to which nothing but its first entry was applied.
type template struct {
	first shard.Entry
	file  []byte
}

// begin gives the engine a shard at the first level. The first engine with these
// tables makes them, and replays how it did at its end; the others copy the file.
func (e *Engine) begin(i int) {
	key, path := e.templateKey(i), e.path(i)
	if known, ok := templates.Load(key); ok {
		e.from[i] = known.(template)
		e.copyTemplate(i, path)
		e.file[i] = e.open(path, i)
		e.log[i] = []shard.Entry{e.from[i].first}
		e.submitted.Add(1)
		return
	}
	e.file[i] = e.open(path, i)
	e.setLevel(i)
	if err := e.file[i].Close(); err != nil {
		e.t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		e.t.Fatal(err)
	}
	templates.Store(key, template{first: e.log[i][0], file: file})
	e.file[i] = e.open(path, i)
}

func (e *Engine) templateKey(i int) templateKey {
	h := sha256.New()
	for _, m := range e.set.Modules() {
		fmt.Fprintf(h, "%q %q\n", m.Name, m.Schema[shard.MaxLevel])
	}
	return templateKey{tables: [sha256.Size]byte(h.Sum(nil)), shard: i, shards: e.Shards()}
}

func (e *Engine) copyTemplate(i int, path string) {
	if err := os.WriteFile(path, e.from[i].file, 0o600); err != nil {
		e.t.Fatal(err)
	}
}

func (e *Engine) setLevel(i int) {
	body, err := command.Marshal(shard.SetLevel{Level: shard.MaxLevel})
	if err == nil {
		_, err = e.Submit(context.Background(), command.Envelope{Kind: shard.SetLevel{}.Kind(), Slot: e.SlotOn(i), At: e.now.Load(), Body: body})
	}
	if err != nil {
		e.t.Fatal(err)
	}
}
