package httpapi

import (
	"context"
	"time"
)

// Backup is a copy of the whole store, as it was at one moment.
type Backup struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Bytes   int64     `json:"bytes" doc:"Compressed and encrypted."`
	Files   int       `json:"files" doc:"How many files of the shop are in it."`
	Keys    bool      `json:"keys" doc:"The store's keys are in it."`
}

// addBackups adds what there is to see of backups, if there is a place for them.
func (a *api) addBackups() {
	if a.options.Backups == nil {
		return
	}
	add(a, route{forStaff, "GET", "/staff/backups", "list-backups", "Operation", "List the backups that are complete, the newest first", 0, false}, a.listBackups)
}

func (a *api) listBackups(ctx context.Context, _ *struct{}) (*answer[List[Backup]], error) {
	all, err := a.options.Backups(ctx)
	if err != nil {
		return nil, err
	}
	out := List[Backup]{Items: []Backup{}}
	for _, m := range all {
		out.Items = append(out.Items, Backup{m.Name, m.Created.UTC(), m.Bytes(), m.Files, m.Keys})
	}
	return &answer[List[Backup]]{Body: out}, nil
}
