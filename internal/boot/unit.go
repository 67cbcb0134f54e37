package boot

import (
	"fmt"
	"strings"
)

// The gate waits for as long as its script does; its failure powers the instance
// off. It is ordered behind cloud-init's early stage, which writes its files.
// FailureAction= is of systemd 236 (RHEL 8 has 239).
const gateUnit = `[Unit]
Description=Wait until the switcher grants this instance its node
After=network-online.target cloud-init.service cloud-init-network.service
Wants=network-online.target
FailureAction=poweroff-force

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/recovery-node gate
TimeoutStartSec=infinity
StandardOutput=journal+console
StandardError=journal+console
`

// A person may type poweroff at any time, also while the fault script runs; the
// script itself has a limit of its own.
const faultUnit = `[Unit]
Description=Power off: %i has failed for good

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/recovery-node fault %i
TimeoutStartSec=infinity
StandardOutput=journal+console
StandardError=journal+console
`

// The agent speaks for the node: an instance that only waits must not.
const agentDropIn = `[Unit]
Requires=recovery-gate.service
After=recovery-gate.service
`

// mountUnit mounts by a service and not by fstab: what is in fstab is also mounted by
// "mount -a", which asks no gate, and names the zone of the instance that an image
// was made of.
func (p Plan) mountUnit() string {
	gate := ""
	if p.Gate {
		gate = "Requires=recovery-gate.service\nAfter=recovery-gate.service\n"
	}
	return `[Unit]
Description=Mount the node's file systems
After=network-online.target cloud-init.service cloud-init-network.service
Wants=network-online.target
` + gate + `OnFailure=recovery-fault@%n.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/recovery-node mount
ExecStop=/usr/local/sbin/recovery-node unmount
TimeoutStartSec=900
TimeoutStopSec=60
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
`
}

// dropIn bounds the restarts of a unit, and ties it to gate and mounts. 143 is how a
// program ends that was told to stop (SIGTERM) and does not hide it.
func (p Plan) dropIn(a *Application) string {
	needs, watchdog := "recovery-mount.service", ""
	if p.Gate {
		needs = GateUnit + " " + needs
	}
	if a.WatchdogSeconds > 0 {
		watchdog = fmt.Sprintf("WatchdogSec=%d\n", a.WatchdogSeconds)
	}
	return fmt.Sprintf(`[Unit]
Requires=%s
After=%s
OnFailure=recovery-fault@%%n.service
StartLimitIntervalSec=%d
StartLimitBurst=%d

[Service]
Restart=on-failure
RestartSec=%d
%sSuccessExitStatus=143
ExecStartPost=+-/usr/local/sbin/recovery-node up %%N
ExecStopPost=+-/usr/local/sbin/recovery-node down %%N
`, needs, needs, a.WindowSeconds, a.Restarts+1, a.DelaySeconds, watchdog)
}

func checkUnit(units []string) string {
	return fmt.Sprintf(`[Unit]
Description=Check the node's application
After=%s

[Service]
ExecStart=/usr/local/sbin/recovery-node check
Restart=always
RestartSec=5
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
`, strings.Join(units, " "))
}

// PidFile exists exactly while systemd holds the unit up.
func PidFile(unit string) string {
	return RunDirectory + "/" + strings.TrimSuffix(unit, ".service") + ".pid"
}
