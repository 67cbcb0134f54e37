// Package boot writes what a node's instance runs by itself: the parts of its
// cloud-init user data, and in them one script, systemd units and drop-ins, and the
// CloudWatch agent's configuration. It is pure text, by the standard library alone;
// values may hold CloudFormation's tokens, so none is encoded.
//
// # What happens on the instance
//
// The part Hook, a boothook, runs early at every boot and writes the files once per
// instance: also into one whose image brought another instance's. The part Prepare
// runs once, before the user's own script: it installs what the image lacks, waits at
// the gate, mounts, and starts the agent. The part Start runs after the user's
// script: it enables and starts the application. Later boots need none of them: the
// units are enabled, and ordered behind the gate and the mounts.
//
// # The gate
//
// recovery-gate.service succeeds when the instance's tag recovery:gate, read through
// the instance metadata, is "<own instance id>:<epoch>" with an epoch not before the
// tag recovery:epoch (the one it was launched in; each grant in place raises it). It
// is asked every second and at every boot anew. Anything else keeps it shut: no tag,
// "-" (closed), another instance's id, an older epoch, no answer. After its limit it
// fails, which powers the instance off. recovery-mount.service and the application's
// units require it, so systemd starts none of them without it. It is a help to go
// faster and no fence: a host that is cut off may read stale tags.
//
// # Faults
//
// A unit that crashes is restarted by systemd within its limits; a check that fails
// too often kills the units, so that hangs count against the same limits. A unit over
// its limit, and data that cannot be mounted, start recovery-fault@.service: it runs
// the user's script, then powers off, so that EC2 reports the instance stopped.
package boot
