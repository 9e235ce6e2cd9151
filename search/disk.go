package search

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/index/scorch"
	bleve "github.com/blevesearch/bleve_index_api"
	"github.com/fxamacker/cbor/v2"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/search/internal/text"
)

// disk is the inverted index in a directory. bleve keeps terms, postings and
// records safe; scoring, filters and facets are this package's own.
type disk struct {
	scorch *scorch.Scorch
	queue  *bleve.AnalysisQueue
}

// format is the version of what this package writes into an index. An index
// of another version is built anew.
const format = 1

// header is stored in the index beside the documents.
type header struct {
	Format int    `json:"format"`
	Locale string `json:"locale"`
	// Complete is set once the index has seen the whole catalogue.
	Complete bool `json:"complete"`
	// Position is up to where events are in the index.
	Position string `json:"position"`
	// Next is the product that a build goes on behind.
	Next string `json:"next,omitempty"`
	// Store is the ID of the store that the index was made from.
	Store string `json:"store"`
}

var headerKey = []byte("header")

// openDisk opens an index or makes an empty one. What is damaged may make the
// library panic, which becomes an error here.
func openDisk(dir string) (d *disk, err error) {
	defer recovered(&err)
	d = &disk{queue: bleve.NewAnalysisQueue(2)}
	config := map[string]any{
		"path":         dir,
		"bolt_timeout": "1s",
		// The position is in the same snapshot as what was indexed up to it,
		// so that a crash only takes both back.
		"unsafe_batch": true,
	}
	made, err := scorch.NewScorch(scorch.Name, config, d.queue)
	if err != nil {
		d.queue.Close()
		return nil, err
	}
	d.scorch = made.(*scorch.Scorch)
	if err := d.scorch.Open(); err != nil {
		d.queue.Close()
		return nil, err
	}
	return d, nil
}

// recovered turns a panic of the library into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = errors.Join(*err, fault.New(fault.Broken, "the search index is damaged: %v", p))
	}
}

func (d *disk) close() (err error) {
	defer recovered(&err)
	err = d.scorch.Close()
	d.queue.Close()
	return err
}

func (d *disk) header() (h header, found bool, err error) {
	snap, err := d.snapshot()
	if err != nil {
		return header{}, false, err
	}
	defer snap.Close()
	raw, err := snap.GetInternal(headerKey)
	if err != nil || raw == nil {
		return header{}, false, err
	}
	return h, true, json.Unmarshal(raw, &h)
}

func (d *disk) snapshot() (*scorch.IndexSnapshot, error) {
	reader, err := d.scorch.Reader()
	if err != nil {
		return nil, err
	}
	return reader.(*scorch.IndexSnapshot), nil
}

// write puts and removes documents and sets the header, all or nothing. When
// persisted is not nil, it is called once the batch is on disk.
func (d *disk) write(puts []*record, removed []string, h header, all [][fields][]text.Term, persisted func(error)) (err error) {
	defer recovered(&err)
	batch := bleve.NewBatch()
	for i, r := range puts {
		doc, err := newDocument(r, all[i])
		if err != nil {
			return err
		}
		batch.Update(doc)
	}
	for _, id := range removed {
		batch.Delete(id)
	}
	raw, err := json.Marshal(h)
	if err != nil {
		return err
	}
	batch.SetInternal(headerKey, raw)
	if persisted != nil {
		batch.SetPersistedCallback(persisted)
	}
	return d.scorch.Batch(batch)
}

func newDocument(r *record, all [fields][]text.Term) (*document.Document, error) {
	doc := document.NewDocument(r.ID)
	for f := range fields {
		if len(all[f]) == 0 {
			continue
		}
		options := bleve.IndexField
		if f == codeField || f == wordField {
			options |= bleve.SkipFreqNorm
		}
		doc.AddField(document.NewTextFieldCustom(names[f], nil, nil, options, tokens(all[f])))
	}
	raw, err := cbor.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding the record of %s: %w", r.ID, err)
	}
	doc.AddField(document.NewTextFieldCustom(documentField, nil, raw, bleve.StoreField, nil))
	return doc, nil
}

// tokens hands terms to the library as if it had split them itself.
type tokens []text.Term

// Analyze returns the terms whatever it is given.
func (t tokens) Analyze([]byte) analysis.TokenStream {
	stream := make(analysis.TokenStream, len(t))
	made := make([]analysis.Token, len(t))
	for i, term := range t {
		made[i] = analysis.Token{Term: []byte(term.Text), Position: i + 1, Type: analysis.AlphaNumeric}
		stream[i] = &made[i]
	}
	return stream
}
