package merchandising

import (
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports rules that cannot be read or used, versions that the rules as
// a whole have not reached, and a log of misses that has outgrown its bound.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	all, err := rulesTx(tx)
	if err != nil {
		return []command.Violation{{Rule: "merchandising.rules_are_usable", Subject: "the rules", Detail: err.Error()}}, nil
	}
	var out []command.Violation
	for _, r := range all.Rules {
		if err := r.check(); err != nil || r.Query != normal(r.Query) {
			out = append(out, command.Violation{Rule: "merchandising.rules_are_usable", Subject: fmt.Sprintf("rule %q", r.Query),
				Detail: fmt.Sprintf("it cannot be used: %v", err)})
		}
	}
	for _, v := range all.Vocabularies {
		if err := v.check(); err != nil {
			out = append(out, command.Violation{Rule: "merchandising.rules_are_usable", Subject: fmt.Sprintf("vocabulary %q", v.Locale), Detail: err.Error()})
		}
	}
	newest, _, err := tx.Int64(`SELECT max(v) FROM (SELECT max(version) AS v FROM search_rules UNION ALL SELECT max(version) FROM search_vocabularies)`)
	if err != nil {
		return nil, err
	}
	if newest > all.Version {
		out = append(out, command.Violation{Rule: "merchandising.versions_grow", Subject: "the rules",
			Detail: fmt.Sprintf("one is of version %d, all are at %d", newest, all.Version)})
	}
	n, _, err := tx.Int64(`SELECT count(*) FROM search_misses`)
	if err == nil && n > mostMisses {
		out = append(out, command.Violation{Rule: "merchandising.log_is_bounded", Subject: "the log of misses",
			Detail: fmt.Sprintf("it holds %d texts, and %d at most", n, mostMisses)})
	}
	return out, err
}
