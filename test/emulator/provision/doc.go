// Package provision is the emulator's CloudFormation: it creates what the
// synthesised templates describe, through the services' own APIs, in dependency
// order over all stacks of a cloud assembly. Nothing of a template is retyped
// here, and nothing is dropped silently: an unknown resource type, an unknown
// property or an intrinsic that cannot be resolved is an error. Types without
// effect in the emulator are listed, with the reason, in ineffective.
//
// It is also what surrounds a function in AWS: it starts the template's function
// behind the Lambda Runtime API, sends custom-resource requests and receives
// their answers, and delivers events to the functions whose rules' patterns match
// them.
//
// Services that the switcher itself uses are called with the AWS SDK. The others
// (IAM, SQS, SSM, EventBridge, EFS) are called with a small client of this
// package's own, so that no module is required by every user of the library for
// the sake of its tests alone.
package provision
