import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm, AlarmStatusWidget, Color, Dashboard, GraphWidget, GraphWidgetProps, IMetric, IWidget, LogQueryWidget, Metric, TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { claim, runbook, seconds } from './common';
import { ResourceMonitor } from './monitor';
import { Switcher } from './switcher';

const phases = ['suspected', 'draining', 'confirmed', 'fencing', 'launching', 'gated', 'serving', 'done', 'deleting'];
const capital = (text: string) => text[0].toUpperCase() + text.slice(1);

export class RecoveryDashboard extends Construct {
  readonly dashboardName: string;

  constructor(scope: Construct, id: string, private readonly switcher: Switcher, private readonly monitors: ResourceMonitor[]) {
    claim(scope, 'dashboard name', `recovery-${switcher.name}-<Region>`);
    super(scope, id);
    const stack = Stack.of(this);
    this.dashboardName = `recovery-${switcher.name}-${stack.region}`;
    const board = new Dashboard(this, 'Resource', { dashboardName: this.dashboardName, defaultInterval: Duration.minutes(720) });
    board.addWidgets(this.links());
    board.addWidgets(this.nodes(), this.holds());
    board.addWidgets(this.recoveries(), this.phases());
    board.addWidgets(...this.function());
    board.addWidgets(this.last());
    for (const w of this.alarms(stack)) {
      board.addWidgets(w);
    }
  }

  private series(name: string, label: string, statistic: string): IMetric {
    return this.switcher.metric(name, { label, statistic });
  }

  private graph(title: string, width: number, left: IMetric[], more: Partial<GraphWidgetProps> = {}): IWidget {
    return new GraphWidget({ title, width, height: 6, left, leftYAxis: { min: 0, showUnits: false }, ...more });
  }

  private links(): IWidget {
    const links = [
      ['First look', runbook.first], ['A switch is held or interrupted', runbook.held], ['The brake is on', runbook.brake],
      ['Nothing happened', runbook.nothing], ['The switcher fails', runbook.switcher], ['Messages', runbook.messages],
    ].map(([text, to]) => `[${text}](${to})`).join(' | ');
    return new TextWidget({
      markdown: `# Workload recovery: switcher ${this.switcher.name}\nObjective: a recovery takes at most ${this.switcher.objective} s. What is not drawn did not happen: metrics of phases, holds and recoveries are sent only while there are any. ` +
        `On the command line: \`recoveryctl status --switcher ${this.switcher.name}\`.\n\n${links}`,
      width: 24, height: 4,
    });
  }

  private nodes(): IWidget {
    return this.graph('Nodes by phase', 12, phases.map(p => this.series('Nodes' + capital(p), p, 'Maximum')).reverse(), { stacked: true });
  }

  private holds(): IWidget {
    return this.graph('Nodes that are not recovered', 12, [
      this.series('NodesInterrupted', 'interrupted: needs a person', 'Maximum'), this.series('NodesHeld', 'held: waits', 'Maximum'),
      this.series('NodesBraked', 'the brake holds it', 'Maximum'), this.series('NodesPaused', 'paused', 'Maximum'),
    ]);
  }

  private recoveries(): IWidget {
    const ended = (statistic: string) => this.switcher.metric('RecoverySeconds', { label: statistic + ' of an hour', statistic, period: seconds(3600) });
    return this.graph('Seconds to recover, from the failure to serving', 12, [
      ended('p50'), ended('p99'), this.series('SwitchSeconds', 'oldest under way', 'Maximum'),
    ], { leftAnnotations: [{ color: Color.RED, label: `objective ${this.switcher.objective} s`, value: this.switcher.objective }] });
  }

  private phases(): IWidget {
    const shown = phases.filter(p => !['done', 'deleting', 'draining'].includes(p));
    return this.graph('Seconds in each phase of a recovery, on average', 12, shown.map(p => this.series(capital(p) + 'Seconds', p, 'Average')), { stacked: true });
  }

  private function(): IWidget[] {
    const own = (metricName: string, label: string, statistic: string) => new Metric({
      namespace: 'AWS/Lambda', metricName, label, statistic, period: seconds(60), dimensionsMap: { FunctionName: this.switcher.functionName },
    });
    return [
      this.graph("Calls of AWS's API", 8, [
        this.series('ThrottledCalls', 'throttled', 'Sum'), this.series('FailedCalls', 'failed', 'Sum'), this.series('Calls', 'calls', 'Sum'),
      ]),
      this.graph('Function', 8, [own('Errors', 'errors', 'Sum'), own('Invocations', 'invocations', 'Sum'), this.series('Sweeps', 'sweeps', 'Sum')], {
        right: [own('Duration', 'duration in ms, longest', 'Maximum')], rightYAxis: { min: 0, showUnits: false },
      }),
      this.graph('Dead letters', 8, [this.switcher.metricDeadLetters({ label: 'waiting' })]),
    ];
  }

  private last(): IWidget {
    return new LogQueryWidget({
      title: 'Last switches, holds and errors', width: 24, height: 8, logGroupNames: [this.switcher.logs.logGroupName],
      queryLines: [
        'fields @timestamp, node, code, msg, reason, switch',
        String.raw`filter code like /^WR(110|118|119|120|132|133|15[0-7]|2\d\d|3\d\d|404)$/`,
        'sort @timestamp desc', 'limit 50',
      ],
    });
  }

  private alarms(stack: Stack): IWidget[] {
    const status = (title: string, prefix: string, names: string[]) => new AlarmStatusWidget({
      title, width: 24, height: 2 + Math.floor((names.length + 5) / 6),
      alarms: names.map((resourceName, i) => Alarm.fromAlarmArn(this, prefix + i, stack.formatArn({
        service: 'cloudwatch', resource: 'alarm', resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }))),
    });
    const own = ['function-errors', 'dead-letters', 'slow-switch', 'no-sweep', 'throttled'].map(kind => `${this.switcher.name}.${kind}`);
    return [status('Alarms of the switcher', 'Own', own), status('Alarms of the nodes', 'Nodes1-', this.monitors.flatMap(m => m.names))];
  }
}
