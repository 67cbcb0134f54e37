// The example app of ../../../app.go in TypeScript: the same resources, written as one
// would write them in this language, to measure the Go app beside it (`make
// bench-synth`, which compares both templates first). It is no library: what no
// resource of the example needs is left out, most checks of props among it.
//
//   node dist/app.js <repository>     PARTS=1 prints where the time goes
const begin = Date.now();
import { readFileSync } from 'fs';
import { join, resolve } from 'path';
import { App, Stack } from 'aws-cdk-lib';
import { UserData } from 'aws-cdk-lib/aws-ec2';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { output } from './lib/common';
import { RecoveryDashboard } from './lib/dashboard';
import { ResourceMonitor } from './lib/monitor';
import { ClusterNode, ClusterNodeProps } from './lib/node';
import { Switcher } from './lib/switcher';
import { RecoveryTable } from './lib/table';
import { RecoveryVpc } from './lib/vpc';

const loaded = Date.now();
const root = resolve(process.argv[2] ?? '.');
const app = new App({ context: JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')).context });
const started = Date.now();

const region = new Stack(app, 'RecoveryRegion', { description: "Workload recovery: the Region's table" });
const table = new RecoveryTable(region, 'Table');

const place = new Stack(app, 'RecoveryVpc', { description: 'Workload recovery: a VPC and its switcher' });
const vpc = new RecoveryVpc(place, 'Vpc');
const switcher = new Switcher(place, 'Switcher', { name: 'example', vpc, table, code: Code.fromAsset(join(root, 'dist/switcher/arm64')) });
output(place, 'SwitcherName', switcher.name, "The switcher's name");
output(place, 'Topic', switcher.topic.topicArn, 'Subscribe here to be told of switches');
output(place, 'LogGroup', switcher.logs.logGroupName, "The switcher's logs");

const group = new Stack(app, 'RecoveryNodes', { description: 'Workload recovery: a group of nodes' });
const script = join(root, 'internal/boot/node.sh');
const nodes: [string, Omit<ClusterNodeProps, 'switcher' | 'script' | 'userData'>][] = [
  ['Database1', { nodeId: 1, nodeName: 'database-1', kind: 'network', port: 5432, targetPort: 5432, priority: 200 }],
  ['Web2', { nodeId: 2, nodeName: 'web-2', kind: 'application', targetPort: 8080, healthPath: '/health' }],
];
const monitors = nodes.map(([id, props]) => {
  const node = new ClusterNode(group, id, { ...props, switcher, script, userData: placeholder(props.targetPort) });
  const monitor = new ResourceMonitor(group, id + 'Monitor', node);
  output(group, id + 'Address', node.loadBalancer.loadBalancerDnsName, `Where clients reach ${node.nodeName}`);
  return monitor;
});

const view = new Stack(app, 'RecoveryDashboard', { description: 'Workload recovery: the dashboard of a VPC' });
const dashboard = new RecoveryDashboard(view, 'Dashboard', switcher, monitors);
output(view, 'Name', dashboard.dashboardName, "The dashboard's name in CloudWatch");
const built = Date.now();

app.synth();
if (process.env.PARTS) {
  console.error(JSON.stringify({ begin, loaded, started, built, done: Date.now() }));
}

function placeholder(port: number): UserData {
  const data = UserData.forLinux();
  data.addCommands(`cat > /etc/systemd/system/example.service <<'UNIT'
[Unit]
Description=Stands for the workload
[Service]
ExecStartPre=/bin/sh -c 'echo well >/data/health; echo "$$(date -u +%%FT%%TZ) $$(uname -n)" >>/data/boots'
ExecStart=/usr/bin/python3 -m http.server ${port} --directory /data
[Install]
WantedBy=multi-user.target
UNIT`);
  return data;
}
