// Package boot runs what internal/boot writes: the script as processes, against a
// metadata service and commands of the tests' own, and the units under a real systemd
// where the machine allows to start one.
package boot
