package cloud

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what an error means for the engine, whatever service it came from.
type Kind string

// Kinds of errors. Anything not listed here is Ambiguous: the call may have been
// carried out, and only looking again (or the same token again) tells.
const (
	Ambiguous   Kind = "ambiguous"   // no answer, or a 5xx
	NotFound    Kind = "not found"   // the thing named does not exist (or is not visible yet)
	Conflict    Kind = "conflict"    // a compare-and-swap lost
	Throttled   Kind = "throttled"   // refused, try later
	Capacity    Kind = "capacity"    // the zone has no room for this type, for any node
	NoRoom      Kind = "no room"     // the reservation, host or placement group that the request is bound to has none
	Addresses   Kind = "addresses"   // the subnet has no free address
	Unsupported Kind = "unsupported" // the zone does not offer the type
	Spent       Kind = "spent"       // the token's instance was launched, and is terminated
	Quota       Kind = "quota"       // an account's limit
	Full        Kind = "full"        // a limit of the named resource that no quota raises: remove something from it
	Denied      Kind = "denied"      // permission or key access is missing
	Account     Kind = "account"     // the account may not use the service (yet), whatever its roles allow
	Invalid     Kind = "invalid"     // the request can never succeed as it is
)

// Error is a refused or unanswered call.
type Error struct {
	Kind    Kind
	Service string // "EC2"
	Action  string // "RunInstances"
	Code    string // the service's error code, "" if there was no answer
	Message string // the service's words
	Err     error
}

func (e *Error) Error() string {
	text := e.Message
	if text == "" && e.Err != nil {
		text = e.Err.Error()
	}
	if e.Code != "" {
		text = e.Code + ": " + text
	}
	return fmt.Sprintf("%s %s (%s): %s", e.Service, e.Action, e.Kind, text)
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error; nil has none, an unknown one is Ambiguous.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Ambiguous
}

// Passing reports whether an error is expected to end without a change of the request: the
// call was throttled, failed on AWS's side, or brought no usable answer.
func Passing(err error) bool {
	kind := KindOf(err)
	return kind == Throttled || kind == Ambiguous
}

// Barred reports whether AWS refuses the caller and not the request: a permission is
// missing, or the account may not use the service.
func Barred(err error) bool { return Is(err, Denied) || Is(err, Account) }

// HasCode reports whether err carries the service's code, however that is spelled: AWS
// writes some codes in two ways (InvalidSubnetID.NotFound, InvalidSubnetId.NotFound).
func HasCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && strings.EqualFold(e.Code, code)
}

// Is reports whether err is of the kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
