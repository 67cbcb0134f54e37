// Package runtimeapi stands in for the Lambda service: it runs a real bootstrap
// as child processes against the Lambda Runtime API
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
//
// What it keeps of Lambda: one invocation at a time per process and as many
// processes as invocations; processes are reused; a process that dies or outlives
// its time fails its invocation and is replaced; asynchronous invocations are
// queued, tried twice more (at once: nothing here waits for minutes), and then
// kept as dead letters. What it leaves out: freezing between invocations, quotas,
// memory limits.
package runtimeapi
