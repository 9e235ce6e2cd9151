package search

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime/debug"

	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/index/scorch"
	bleve "github.com/blevesearch/bleve_index_api"
	segment "github.com/blevesearch/scorch_segment_api/v2"
	"github.com/fxamacker/cbor/v2"
	"github.com/keelshop/commerce/fault"
)

// disk is the inverted index in a directory. bleve keeps terms, postings and
// records safe; scoring, filters and facets are this package's own.
type disk struct {
	scorch *scorch.Scorch
	queue  *bleve.AnalysisQueue
}

// format is the version of what this package writes into an index. An index
// of another version is built anew.
const format = 4

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
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a short file that is mapped
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
	if err := errors.Join(d.checkNewest(), d.checkSums()); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// checkNewest makes sure that the newest snapshot can be read. The library
// quietly falls back to an older one, beside which it goes on to write.
func (d *disk) checkNewest() error {
	for last := uint64(0); ; {
		epochs, err := d.scorch.RootBoltSnapshotEpochs()
		if err != nil || len(epochs) == 0 {
			return err
		}
		snap, err := d.scorch.LoadSnapshot(epochs[0])
		if err == nil {
			return snap.Close()
		}
		if epochs[0] == last { // else it was replaced meanwhile
			return &damagedError{err.Error()}
		}
		last = epochs[0]
	}
}

// checkSums compares every segment with the checksum at its end. The library
// writes it and does not look at it.
func (d *disk) checkSums() error {
	snap, err := d.snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	for _, s := range snap.Segments() {
		stored, ok := s.Segment().(segment.PersistedSegment)
		if !ok {
			continue
		}
		if err := checkSum(stored.Path()); err != nil {
			return err
		}
	}
	return nil
}

func checkSum(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	var want uint32
	if info.Size() >= 4 {
		if _, err := io.CopyN(sum, file, info.Size()-4); err != nil {
			return err
		}
		if err := binary.Read(file, binary.BigEndian, &want); err != nil {
			return err
		}
	}
	if info.Size() < 4 || sum.Sum32() != want {
		return &damagedError{fmt.Sprintf("the checksum of %s is wrong", path)}
	}
	return nil
}

// damagedError says that an index holds what it cannot hold.
type damagedError struct{ what string }

func (e *damagedError) Error() string { return "the search index is damaged: " + e.what }

// Unwrap returns fault.Broken.
func (e *damagedError) Unwrap() error { return fault.Broken }

// recovered turns a panic of the library into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = errors.Join(*err, &damagedError{fmt.Sprint(p)})
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
func (d *disk) write(puts []*record, removed []string, h header, all [][fields][]string, persisted func(error)) (err error) {
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

func newDocument(r *record, all [fields][]string) (*document.Document, error) {
	doc := document.NewDocument(r.ID)
	for f := range fields {
		if len(all[f]) == 0 {
			continue
		}
		options := bleve.IndexField
		if f == codeField || f == wordField {
			options |= bleve.SkipFreqNorm
		}
		doc.AddField(&termsField{name: names[f], options: options, terms: all[f]})
	}
	raw, err := cbor.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding the record of %s: %w", r.ID, err)
	}
	doc.AddField(document.NewTextFieldCustom(documentField, nil, raw, bleve.StoreField, nil))
	return doc, nil
}

// termsField hands terms to the library as if it had split them itself.
type termsField struct {
	name    string
	options bleve.FieldIndexingOptions
	terms   []string
	counted bleve.TokenFrequencies
}

func (f *termsField) Name() string                                     { return f.name }
func (f *termsField) Value() []byte                                    { return nil }
func (f *termsField) ArrayPositions() []uint64                         { return nil }
func (f *termsField) EncodedFieldType() byte                           { return 't' }
func (f *termsField) Options() bleve.FieldIndexingOptions              { return f.options }
func (f *termsField) AnalyzedLength() int                              { return len(f.terms) }
func (f *termsField) NumPlainTextBytes() uint64                        { return 0 }
func (f *termsField) AnalyzedTokenFrequencies() bleve.TokenFrequencies { return f.counted }

// Size is an estimate in bytes.
func (f *termsField) Size() int { return 64 * len(f.terms) }

// Analyze counts the terms.
func (f *termsField) Analyze() {
	counts := make([]bleve.TokenFreq, len(f.terms))
	f.counted = make(bleve.TokenFrequencies, len(f.terms))
	for i, t := range f.terms {
		c := f.counted[t]
		if c == nil {
			c = &counts[i]
			f.counted[t] = c
		}
		c.SetFrequency(c.Frequency() + 1)
	}
}
