// Package wrapped finds the construct behind a wrapper. Consumers may wrap the public
// interfaces; what a construct keeps to itself is found by its place in the tree.
package wrapped

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
)

// Find returns the construct that the library made at c's place in the construct tree. It
// reports false if another construct is there, as for a fake that consumers write.
func Find[T constructs.IConstruct](c constructs.IConstruct) (T, bool) {
	if made, is := c.(T); is {
		return made, true
	}
	node := c.Node()
	if parent := node.Scope(); parent != nil {
		if made, is := parent.Node().TryFindChild(node.Id()).(T); is {
			return made, true
		}
	}
	var none T
	return none, false
}

// Stack returns the stack of a construct below a stack. It asks the parent, because AWS
// CDK does not know a consumer's wrapper.
func Stack(c constructs.IConstruct) awscdk.Stack { return awscdk.Stack_Of(c.Node().Scope()) }
