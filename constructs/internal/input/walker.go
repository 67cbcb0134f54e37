package input

import (
	"reflect"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
)

// walker visits the fields of props.
type walker struct {
	scope constructs.Construct
	home  *home // where the scope is deployed, read when it is first needed
}

// module begins the import path of every struct of props.
const module = "github.com/workload-recovery/workload-recovery/constructs"

func ours(kind reflect.Type) bool {
	return kind.Kind() == reflect.Struct && strings.HasPrefix(kind.PkgPath(), module)
}

// field is one prop: how a user names it, and the rule that it follows.
type field struct{ path, rule string }

// isToken reports whether a text has a part that is known only at deployment.
func isToken(v string) bool {
	return strings.Contains(v, "${Token[") || strings.HasPrefix(v, "#{Token[")
}

// home is an account and a Region, "" where they are known only at deployment.
type home struct{ account, region string }

func homeOf(account, region *string) *home {
	h := &home{}
	if account != nil && !isToken(*account) {
		h.account = *account
	}
	if region != nil && !isToken(*region) {
		h.region = *region
	}
	return h
}
