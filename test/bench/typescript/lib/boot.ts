// What a node's instance runs by itself, as user data (internal/boot of the Go library).
import { readFileSync } from 'fs';
import { canonical } from './common';

export const prepare = '#!/bin/sh\nexec /usr/local/sbin/recovery-node prepare\n';
export const start = '#!/bin/sh\nexec /usr/local/sbin/recovery-node start\n';
const etc = '/etc/recovery/';
const bin = '/usr/local/sbin/';
const systemd = '/etc/systemd/system/';
const end = 'RECOVERY_END';

export interface Mount { fileSystem: string; accessPoint: string; path: string; data: boolean }
export interface Plan { node: number; script: string; mounts: Mount[]; units: string[]; healthUrl: string; agent?: { interval: number; namespace: string } }

// recovery-node without its comments, since user data is short.
function script(file: string): string {
  return readFileSync(file, 'utf8').split(/(?<=\n)/).filter((line, i) => i === 0 || !line.trim().startsWith('#')).join('');
}

export function agentConfiguration(p: Plan): string {
  const agent = p.agent!;
  return canonical({
    agent: { metrics_collection_interval: agent.interval },
    metrics: {
      namespace: agent.namespace, force_flush_interval: agent.interval, aggregation_dimensions: [['NodeId']],
      metrics_collected: {
        procstat: p.units.map(u => ({
          pid_file: `/run/recovery/${u.replace(/\.service$/, '')}.pid`, measurement: ['pid_count'],
          metrics_collection_interval: agent.interval, append_dimensions: { NodeId: String(p.node) },
        })),
      },
    },
  });
}

const faultUnit = `[Unit]
Description=Power off: %i has failed for good

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/recovery-node fault %i
TimeoutStartSec=infinity
StandardOutput=journal+console
StandardError=journal+console
`;

const mountUnit = `[Unit]
Description=Mount the node's file systems
After=network-online.target cloud-init.service cloud-init-network.service
Wants=network-online.target
OnFailure=recovery-fault@%n.service

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
`;

const dropIn = `[Unit]
Requires=recovery-mount.service
After=recovery-mount.service
OnFailure=recovery-fault@%n.service
StartLimitIntervalSec=300
StartLimitBurst=4

[Service]
Restart=on-failure
RestartSec=1
SuccessExitStatus=143
ExecStartPost=+-/usr/local/sbin/recovery-node up %N
ExecStopPost=+-/usr/local/sbin/recovery-node down %N
`;

const checkUnit = (units: string[]) => `[Unit]
Description=Check the node's application
After=${units.join(' ')}

[Service]
ExecStart=/usr/local/sbin/recovery-node check
Restart=always
RestartSec=5
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
`;

// The boothook, which writes all files once per instance.
export function hook(p: Plan): string {
  const logs = p.mounts.find(m => !m.data)!.path;
  const files: [string, string, string][] = [
    ['755', bin + 'recovery-node', script(p.script)],
    ['644', etc + 'node.conf', `UNITS='${p.units.join(' ')}'\nLOGS='${logs}'\nCHECK_INTERVAL=10\nCHECK_TIMEOUT=5\nCHECK_FAILURES=3\nCHECK_START=120\nFAULT_SECONDS=60\n`],
    ['644', etc + 'mounts', p.mounts.map(m => `${m.fileSystem} ${m.accessPoint} ${m.path} ${m.data ? 'data' : 'logs'}\n`).join('')],
    ['644', systemd + 'recovery-mount.service', mountUnit],
    ['644', systemd + 'recovery-fault@.service', faultUnit],
  ];
  if (p.agent) {
    files.push(['644', etc + 'agent.json', agentConfiguration(p) + '\n']);
  }
  for (const u of p.units) {
    files.push(['644', `${systemd}${u}.d/50-recovery.conf`, dropIn]);
  }
  files.push(['755', bin + 'recovery-check', `#!/bin/sh\nexec curl -fsSk -o /dev/null '${p.healthUrl}'\n`]);
  files.push(['644', systemd + 'recovery-check.service', checkUnit(p.units)]);
  return `#!/bin/sh
done=/etc/recovery/instance
[ "$(cat $done 2>/dev/null)" = "\${INSTANCE_ID:-?}" ] && exit 0
rm -rf /etc/recovery /etc/systemd/system/*.d/50-recovery.conf
for f in node prepare check fault-script; do rm -f /usr/local/sbin/recovery-$f; done
for f in gate mount check fault@; do rm -f /etc/systemd/system/recovery-$f.service; done
put() { mkdir -p "\${2%/*}" && cat >"$2" && chmod "$1" "$2"; }
` + files.map(([mode, path, text]) => `put ${mode} ${path} <<'${end}'\n${text}${end}\n`).join('') +
    'systemctl daemon-reload\necho "${INSTANCE_ID:-?}" >$done\n';
}
