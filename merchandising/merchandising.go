// Package merchandising keeps what a merchant wants shoppers to find, whatever
// the words say: products that come first or last for a text, boosts, texts
// that lead elsewhere, synonyms and stop words, and the texts that found
// nothing.
//
// All of it lives on the store slot and is the same on every node. Package
// search goes by it from the moment on that a change is acknowledged.
package merchandising

import (
	_ "embed"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

//go:embed schema.sql
var schema string

// Cache keeps the results of reads, as that of package catalog does.
type Cache interface {
	Get(key string, load func() (any, error)) (any, error)
}

// Service keeps a store's rules of merchandising. It is safe for concurrent use.
type Service struct {
	engine command.Engine
	cache  Cache
}

// NewService returns the service of a store. cache may be nil.
func NewService(engine command.Engine, cache Cache) *Service {
	if cache == nil {
		cache = noCache{}
	}
	return &Service{engine: engine, cache: cache}
}

// noCache is a Cache that keeps nothing.
type noCache struct{}

func (noCache) Get(_ string, load func() (any, error)) (any, error) { return load() }

// Module lists the package's commands, tables and checks.
func Module() command.Module {
	return command.Module{
		Name: "merchandising",
		Commands: []command.Definition{
			command.Define(PutRule.apply),
			command.Define(RemoveRule.apply),
			command.Define(PutVocabulary.apply),
			command.Define(NoteMisses.apply),
			command.Define(ForgetMiss.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*VersionError]("merchandising.version"),
			fault.Typed[*UnknownRuleError]("merchandising.unknown_rule"),
			fault.Typed[*TooManyError]("merchandising.too_many"),
		},
		Check: check,
	}
}
