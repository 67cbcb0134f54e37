package input

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/workload-recovery/workload-recovery/constructs/internal/wrapped"
)

// near refuses a resource of another Region, and a role, a log group or a construct of ours
// of another account. Account and Region that are known only at deployment are not compared.
func (w *walker) near(f field, kind reflect.Type, thing any) error {
	var theirs *home
	switch x := thing.(type) {
	case interfaces.IEnvironmentAware:
		e := x.Env()
		theirs = homeOf(e.Account, e.Region)
	case constructs.IConstruct:
		stack := wrapped.Stack(x)
		theirs = homeOf(stack.Account(), stack.Region())
	case interface{ CertificateArn() *string }:
		return w.arn(f, *x.CertificateArn())
	default:
		return nil
	}
	own := w.own()
	if theirs.region != "" && own.region != "" && theirs.region != own.region {
		return fmt.Errorf("%s is in Region %s, and the construct is in %s: between Regions nothing is shared; give one of %s, or build the construct in a stack of %s",
			f.path, theirs.region, own.region, own.region, theirs.region)
	}
	if theirs.account != "" && own.account != "" && theirs.account != own.account && ofOneAccount(kind) {
		return fmt.Errorf("%s is in account %s, and the construct is in %s: the switcher acts in its own account only; give one of account %s",
			f.path, theirs.account, own.account, own.account)
	}
	return nil
}

// ofOneAccount reports whether a prop of this type must be of the construct's own account.
func ofOneAccount(kind reflect.Type) bool {
	return strings.HasPrefix(kind.PkgPath(), module) || kind == reflect.TypeFor[awsiam.IRole]() || kind == reflect.TypeFor[awslogs.ILogGroup]()
}

// arn refuses the ARN of a resource in another Region.
func (w *walker) arn(f field, arn string) error {
	part := strings.SplitN(arn, ":", 6) // arn:partition:service:region:account:resource
	if len(part) < 6 || part[0] != "arn" || isToken(part[3]) || part[3] == "" {
		return nil
	}
	if own := w.own(); own.region != "" && part[3] != own.region {
		return fmt.Errorf("%s is %q, in Region %s, and the construct is in %s: between Regions nothing is shared; give one of %s",
			f.path, arn, part[3], own.region, own.region)
	}
	return nil
}

// zone refuses the name of a zone of another Region.
func (w *walker) zone(f field, name string) error {
	if own := w.own(); own.region != "" && !strings.HasPrefix(name, own.region) && !strings.HasPrefix(name, "dummy") {
		return fmt.Errorf("%s is %q, a zone of another Region: the construct is in %s; give a zone such as %sa", f.path, name, own.region, own.region)
	}
	return nil
}

// own reads where the construct is deployed, once.
func (w *walker) own() *home {
	if w.home == nil {
		stack := awscdk.Stack_Of(w.scope)
		w.home = homeOf(stack.Account(), stack.Region())
	}
	return w.home
}
