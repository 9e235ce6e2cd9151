package stripe

import (
	"fmt"
	"log/slog"
)

// logger hands what Stripe's library says to a slog.Logger. Its errors are
// returned to the store as well, so they are details here.
type logger struct{ log *slog.Logger }

func (l logger) Debugf(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l logger) Infof(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l logger) Warnf(format string, v ...any)  { l.log.Info(fmt.Sprintf(format, v...)) }
func (l logger) Errorf(format string, v ...any) { l.log.Info(fmt.Sprintf(format, v...)) }
