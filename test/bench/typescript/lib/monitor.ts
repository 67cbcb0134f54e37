import { Alarm, CfnAlarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { claim, runbook, seconds, warn } from './common';
import { ClusterNode } from './node';

export class ResourceMonitor extends Construct {
  constructor(scope: Construct, id: string, readonly target: ClusterNode) {
    claim(scope, 'monitor of node', String(target.nodeId));
    super(scope, id);
    this.makeInstance();
    this.makeApplication();
    this.makeUnserved();
    target.plan.agent = { interval: 10, namespace: 'CWAgent' };
  }

  // The names of all three, which a dashboard shows.
  get names(): string[] { return [this.name('instance'), this.name('application'), this.unserved]; }
  private get unserved(): string { return `${this.target.switcher.name}.unserved-${this.target.nodeId}`; }
  private name(kind: string): string { return `${this.target.switcher.name}.node-${this.target.nodeId}.${kind}`; }

  private makeInstance(): void {
    const alarm = new Alarm(this, 'Instance', {
      alarmName: this.name('instance'),
      alarmDescription: `The instance of ${this.target.nodeName} fails its status checks. The switcher moves the node by itself, and points this alarm at the replacement: recoveryctl show ${this.target.nodeId}. ${runbook.first}`,
      metric: new Metric({
        namespace: 'AWS/EC2', metricName: 'StatusCheckFailed', statistic: 'Maximum', period: seconds(60),
        dimensionsMap: { InstanceId: this.target.resource.getAttString('InstanceId') },
      }),
      threshold: 1, comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 2, datapointsToAlarm: 2, treatMissingData: TreatMissingData.MISSING,
    });
    this.target.consumers.add(alarm.node.defaultChild as CfnAlarm);
    this.target.alarms.push(this.name('instance'));
  }

  private makeApplication(): void {
    new Alarm(this, 'Application', {
      alarmName: this.name('application'),
      alarmDescription: `The application of ${this.target.nodeName} gives no sign of life. The switcher moves the node by itself: recoveryctl show ${this.target.nodeId}. ${runbook.first}`,
      metric: new Metric({
        namespace: 'CWAgent', metricName: 'procstat_lookup_pid_count', statistic: 'Minimum', period: seconds(10),
        dimensionsMap: { NodeId: String(this.target.nodeId) },
      }),
      threshold: 1, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3, datapointsToAlarm: 3, treatMissingData: TreatMissingData.BREACHING,
    });
    this.target.alarms.push(this.name('application'));
  }

  private makeUnserved(): void {
    const alarm = warn(this, this.target.switcher.topic, {
      id: 'Unserved', name: this.unserved,
      means: `Nobody has served ${this.target.nodeName} for 10 minutes: its load balancer finds no target healthy, and no switch has helped.`,
      do: `See with recoveryctl show ${this.target.nodeId} whether it is paused, held or never was seen as failed.`,
      read: runbook.nothing, metric: this.target.healthyHosts({ period: seconds(60), statistic: 'Maximum' }),
      least: 1, below: true, periods: 10, missing: TreatMissingData.BREACHING,
    });
    alarm.node.addDependency(this.target.resource);
  }
}
