package sim

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// stack is text that is shown and not hashed.
type stack string

// fnvOffset and fnvPrime are those of FNV-1a. The hash tells traces apart; it
// is not meant to withstand anybody.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// Log adds a line to the trace. The text is made only for somebody who reads it;
// the hash is of what the line is made of.
func (s *Sim) Log(format string, args ...any) {
	if s.Trace != nil {
		s.Trace(fmt.Sprintf("%8.3f ", s.at.Seconds()) + fmt.Sprintf(format, args...))
	}
	s.mix(uint64(s.at))
	s.mixText(format)
	for _, a := range args {
		s.mixAny(a)
	}
}

// LogCall adds the line of a call that was carried out: the commonest of all.
func (s *Sim) LogCall(process, service, action string, err error) {
	if s.Trace != nil {
		s.Log("%s %s %s -> %v", process, service, action, err)
		return
	}
	// The same as Log hashes, without making interfaces of strings.
	s.mix(uint64(s.at))
	s.mixText("%s %s %s -> %v")
	s.mixText(process)
	s.mixText(service)
	s.mixText(action)
	s.mixError(err)
}

// Hash identifies the trace.
func (s *Sim) Hash() uint64 { return s.hash }

func (s *Sim) mix(v uint64) {
	h := (s.hash ^ v) * fnvPrime
	s.hash = h ^ h>>32
}

func (s *Sim) mixText(t string) {
	s.mix(uint64(len(t)))
	for len(t) >= 8 {
		s.mix(uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56)
		t = t[8:]
	}
	var rest uint64
	for i := range len(t) {
		rest = rest<<8 | uint64(t[i])
	}
	s.mix(rest)
}

func (s *Sim) mixError(err error) {
	var e *cloud.Error
	switch {
	case err == nil:
		s.mix(0)
	case errors.As(err, &e):
		s.mixText(string(e.Kind))
		s.mixText(e.Action)
		s.mixText(e.Code)
	default:
		s.mixText(err.Error())
	}
}

func (s *Sim) mixAny(a any) {
	switch v := a.(type) {
	case nil:
		s.mix(0)
	case string:
		s.mixText(v)
	case int:
		s.mix(uint64(v))
	case int64:
		s.mix(uint64(v))
	case bool:
		if v {
			s.mix(1)
		} else {
			s.mix(2)
		}
	case float64:
		s.mix(math.Float64bits(v))
	case time.Duration:
		s.mix(uint64(v))
	case time.Time:
		s.mix(uint64(v.UnixNano()))
	case error:
		s.mixError(v)
	case stack: // holds addresses
	default:
		s.mixText(fmt.Sprint(v))
	}
}
