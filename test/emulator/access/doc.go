// Package access asks what IAM would: whether the policies of the synthesised
// templates allow a call. It knows the kinds of statements that the constructs
// write; anything else in a policy is an error, not an answer.
//
// A call is authorised as the Service Authorization Reference says
// (https://docs.aws.amazon.com/service-authorization/latest/reference/): one
// action on each resource that it names, with the condition keys that the
// resource has, and the dependent actions besides. A launch, for example, needs
// RunInstances on the subnet, the groups and the image, and CreateTags and
// PassRole.
package access
