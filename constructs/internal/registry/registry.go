// Package registry records the names that are taken in an app, so that a second use is
// refused at synthesis.
package registry

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// registryID is the construct under the app's root that remembers which names
// are taken. It lives in the construct tree rather than in a Go variable, so that
// two apps in one process (tests) do not see each other's.
const registryID = "RecoveryRegistry"

const ownerEntry = "recovery:owner"

// Claim takes a name that must be unique per account and Region of an app, and
// fails when another construct has it. Stacks without an explicit environment
// share one unknown account and Region.
func Claim(scope constructs.Construct, at prop.Place, kind, name, fix string) {
	claim(scope, at, kind, name, environment(scope), fix)
}

// ClaimThing takes something that exists once, such as a VPC, and fails when another
// construct of the app has it. Its id is its id in AWS, or a reference to it.
func ClaimThing(scope constructs.Construct, at prop.Place, kind string, id *string, fix string) {
	if prop.Unresolved(id) {
		if token := awscdk.Tokenization_ReverseString(id); *token.Length() == 1 {
			if reference, is := token.FirstToken().(awscdk.Reference); is {
				claim(scope, at, kind, *reference.Target().Node().Path(), "this app", fix)
				return
			}
		}
	}
	// The accounts that share a VPC may have a switcher each.
	claim(scope, at, kind, *id, environment(scope), fix)
}

func claim(scope constructs.Construct, at prop.Place, kind, name, env, fix string) {
	root := scope.Node().Root()
	registry := root.Node().TryFindChild(new(registryID))
	if registry == nil {
		registry = constructs.NewConstruct(ScopeOf(root), new(registryID))
	}
	key := strings.Join([]string{kind, name, env}, "|")
	if other := registry.Node().TryFindChild(&key); other != nil {
		if strings.Contains(env, "any ") {
			fix += "; stacks that go to different accounts or Regions are told apart by their Env, or that of their Stage"
		}
		at.Fail("%s %s is already used by %s (%s): %s", kind, name, ownerOf(other), env, fix)
	}
	entry := constructs.NewConstruct(ScopeOf(registry), &key)
	entry.Node().AddMetadata(new(ownerEntry), string(at), nil)
}

func ownerOf(entry constructs.IConstruct) string {
	for _, m := range *entry.Node().Metadata() {
		if m.Type != nil && *m.Type == ownerEntry {
			return fmt.Sprint(m.Data)
		}
	}
	return "another construct"
}

// environment names the account and Region that the scope is deployed to.
func environment(scope constructs.Construct) string {
	stack := awscdk.Stack_Of(scope)
	account, region := *stack.Account(), *stack.Region()
	if prop.Unresolved(stack.Account()) {
		account = "any account"
	}
	if prop.Unresolved(stack.Region()) {
		region = "any Region"
	}
	return account + ", " + region
}

// ScopeOf turns what the tree returns into a scope for new constructs.
func ScopeOf(c constructs.IConstruct) constructs.Construct {
	if s, ok := c.(constructs.Construct); ok {
		return s
	}
	panic(fmt.Sprintf("recovery: %s cannot hold constructs: build below an App or a Stack", *c.Node().Path()))
}
