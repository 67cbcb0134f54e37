// Package stacks holds ready-made stacks of the constructs in
// constructs/recovery: one stack per Region (the table), one per VPC (the place
// and its switcher), one per group of nodes and one for a VPC's dashboard. They are
// deployed and deleted in that order: a stack of nodes can come and go without touching
// the VPC's. NewNodesStacks splits many nodes into stacks that CloudFormation takes.
//
// Single composes two nodes in one VPC; Multi composes two VPCs in one Region and
// a third in another Region.
package stacks
