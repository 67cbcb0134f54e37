// Package proxy stands between the switcher and the emulator, where AWS's own
// front door would be. It does three things:
//
//   - It names every call (service, action, parameters, caller) and keeps all of
//     them in order: the log that tests assert on and enumerate.
//   - It injects faults: an error in the service's own wire format, latency, an
//     answer lost before or after the call was carried out, and a hook at either
//     moment (which is how a worker is killed at one exact call).
//   - It fills the emulator's named gaps, so that what the switcher sees is what AWS
//     documents: client tokens of RunInstances, lack of capacity by zone, instances
//     that are pending first, targets that are initial first, security groups of an
//     interface that alone decide, alarms that keep their state when rewritten,
//     capacity reservations, zonal shifts and scheduled events, which the emulator has not
//     at all.
//
// A call that the emulator does not implement is never passed on as if AWS had
// failed: it is kept in Failures, and a test must fail on it.
//
// Several proxies may share one emulator; each has an account of its own there
// and so sees nothing of the others.
package proxy
