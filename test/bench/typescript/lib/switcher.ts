import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Alarm, Metric, MetricOptions, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Architecture, CfnFunction, Code, Function, RecursiveLoop, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { CrossStackReferences, ReferenceStrength } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { allow, claim, explain, idTag, perMinute, quiet, runbook, seconds, source, switcherTag, targetTag, warn, Warning } from './common';
import { Permissions } from './permissions';
import { RecoveryTable } from './table';
import { RecoveryVpc } from './vpc';

const policy = {
  brakePercent: 50, brakeSeconds: 20, budgetPercent: 100, capacitySeconds: 180, confirmSeconds: 0, coolDownSeconds: 300, deploySeconds: 900,
  fenceSeconds: 600, graceSeconds: 120, healthSeconds: 600, historyDays: 400, launchesPerSecond: 2, maxAttempts: 3, maxSwitches: 3,
  noticeLeadSeconds: 3600, pollSeconds: 1, retrySeconds: 60, windowSeconds: 3600,
};

export interface SwitcherProps { name: string; vpc: RecoveryVpc; table: RecoveryTable; code: Code }

export class Switcher extends Construct {
  readonly name: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly vpc: RecoveryVpc;
  readonly table: RecoveryTable;
  readonly objective = 300;
  topic!: Topic;
  topicKey!: Key;
  queue!: Queue;
  logs!: LogGroup;
  fn!: Function;

  constructor(scope: Construct, id: string, props: SwitcherProps) {
    super(scope, id);
    this.name = props.name;
    this.vpc = props.vpc;
    this.table = props.table;
    claim(scope, 'switcher name', this.name);
    this.functionName = 'recovery-switcher-' + this.name;
    this.functionArn = Stack.of(this).formatArn({
      service: 'lambda', resource: 'function', resourceName: this.functionName, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.makeTopic();
    this.makeQueue();
    this.logs = new LogGroup(this, 'Logs', {
      logGroupName: '/aws/lambda/' + this.functionName, retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.DESTROY,
    });
    const [role, permissions] = this.makeRole();
    this.makeFunction(props.code, role, permissions);
    this.makeRules();
    this.makeAlarms(this.makeSweep());
  }

  get rolePath(): string { return `/recovery/${this.name}/`; }

  private makeTopic(): void {
    const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } };
    const principals = [new ServicePrincipal('cloudwatch.amazonaws.com')];
    this.topicKey = new Key(this, 'TopicKey', {
      description: `Notifications of switcher ${this.name}`, enableKeyRotation: true, removalPolicy: RemovalPolicy.DESTROY,
    });
    this.topicKey.addToResourcePolicy(new PolicyStatement({
      sid: 'Alarms', principals, conditions, actions: ['kms:Decrypt', 'kms:GenerateDataKey*'], resources: ['*'],
    }));
    this.topic = new Topic(this, 'Topic', { displayName: 'Workload recovery ' + this.name, masterKey: this.topicKey, enforceSSL: true });
    this.topic.addToResourcePolicy(new PolicyStatement({
      sid: 'Alarms', principals, conditions, actions: ['sns:Publish'], resources: [this.topic.topicArn],
    }));
  }

  private makeQueue(): void {
    this.queue = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14),
    });
    explain(this.queue, { id: 'AwsSolutions-SQS3', reason: 'This queue is the dead-letter queue, of the rules, the schedule and the function.' });
  }

  private makeRole(): [Role, ManagedPolicy[]] {
    const role = new Role(this, 'Role', {
      roleName: `recovery-${this.name}-${Stack.of(this).region}`, assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What switcher ${this.name} may do`,
    });
    const may = new Permissions(this);
    const policies = ([
      ['Recover', 'read, launch and fence', [...may.read(), ...may.launch(), ...may.fence()]],
      ['Move', 'move targets, alarms and storage, and keep records', [...may.storage(), ...may.move(), ...may.own()]],
    ] as [string, string, PolicyStatement[]][]).map(([id, text, statements]) => {
      const p = new ManagedPolicy(this, id, { roles: [role], description: `What switcher ${this.name} may do: ${text}` });
      p.addStatements(...statements);
      explain(p, {
        id: 'AwsSolutions-IAM5',
        reason: 'Describe actions of EC2 and Elastic Load Balancing and List actions of zonal shifts know no resources. Mutating actions name kinds of resources with a wildcard id, ' +
          'since instances come and go, and are limited by conditions on tags, the VPC, the alarm-name prefix, the role path or the leading key. ' +
          "Images, snapshots, key pairs, placement groups and reservations are a node's own choice and are only read by a launch.",
      });
      return p;
    });
    return [role, policies];
  }

  private makeFunction(code: Code, role: Role, permissions: ManagedPolicy[]): void {
    this.fn = new Function(this, 'Resource', {
      functionName: this.functionName, description: `Recovers the nodes of switcher ${this.name} in another Availability Zone`,
      runtime: Runtime.PROVIDED_AL2023, handler: 'bootstrap', code, architecture: Architecture.ARM_64, memorySize: 512,
      timeout: seconds(900), role, logGroup: this.logs, tracing: Tracing.DISABLED,
      environment: { RECOVERY_CONFIG: this.config() }, recursiveLoop: RecursiveLoop.ALLOW,
      onFailure: new SqsDestination(this.queue), retryAttempts: 2, maxEventAge: seconds(3600),
    });
    this.fn.node.addDependency(...permissions);
    quiet(this.fn.node.defaultChild as CfnFunction, 'W3005', 'AWS CDK names the role as a dependency besides referring to it.');
    CrossStackReferences.of(this.fn).produce(ReferenceStrength.STRONG);
  }

  private config(): string {
    return Stack.of(this).toJsonString({
      blackholeGroup: this.vpc.blackhole, function: this.functionName, idTag, name: this.name, policy,
      table: this.table.table.tableName, targetTag, topic: this.topic.topicArn, vpc: this.vpc.vpcId,
    });
  }

  private makeRules(): void {
    const account = [Stack.of(this).account];
    const absent = { exists: false };
    const instances = new Rule(this, 'InstanceNotices', {
      description: `EC2 notices to switcher ${this.name}`,
      eventPattern: {
        account, source: ['aws.ec2', 'aws.health'],
        detailType: ['EC2 Instance State-change Notification', 'EC2 Spot Instance Interruption Warning', 'AWS Health Event'],
        detail: { state: [absent, 'stopping', 'stopped', 'shutting-down', 'terminated'], service: [absent, 'EC2'] },
      },
    });
    const alarms = new Rule(this, 'AlarmNotices', {
      description: `Alarms of the nodes of switcher ${this.name}`,
      eventPattern: {
        account, source: ['aws.cloudwatch'], detailType: ['CloudWatch Alarm State Change'],
        detail: { alarmName: [{ prefix: this.name + '.node-' }], state: { value: ['ALARM'] } },
      },
    });
    const target = new LambdaFunction(this.fn, { deadLetterQueue: this.queue, maxEventAge: seconds(3600), retryAttempts: 185 });
    instances.addTarget(target);
    alarms.addTarget(target);
  }

  private makeSweep(): CfnSchedule {
    const role = new Role(this, 'SweepRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: "Lets the sweep's schedule invoke switcher " + this.name,
    });
    role.addToPolicy(allow('Sweep', ['lambda:InvokeFunction'], [this.functionArn]));
    role.addToPolicy(allow('Undelivered', ['sqs:SendMessage'], [this.queue.queueArn]));
    const schedule = new CfnSchedule(this, 'Sweep', {
      description: 'Sweep of switcher ' + this.name, scheduleExpression: 'rate(1 minute)', flexibleTimeWindow: { mode: 'OFF' }, state: 'ENABLED',
      target: {
        arn: this.fn.functionArn, roleArn: role.roleArn, input: JSON.stringify({ source, 'detail-type': 'Recovery Sweep' }),
        deadLetterConfig: { arn: this.queue.queueArn }, retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 1 },
      },
    });
    schedule.node.addDependency(role.node.findChild('DefaultPolicy'));
    return schedule;
  }

  private makeAlarms(schedule: CfnSchedule): void {
    const of = (kind: string, w: Omit<Warning, 'name'>): Alarm => warn(this, this.topic, { ...w, name: `${this.name}.${kind}` });
    const log = '/aws/lambda/' + this.functionName;
    const quietly = TreatMissingData.NOT_BREACHING;
    of('function-errors', {
      id: 'Errors', means: `Switcher ${this.name} failed: nodes may not be recovered.`,
      do: `Read its log ${log} for WR404 and mend what it names; what failed is tried again by itself.`,
      read: runbook.switcher, metric: this.fn.metricErrors(perMinute(undefined, 'Sum')), least: 1, missing: quietly,
    });
    of('dead-letters', {
      id: 'DeadLettersWaiting', means: `An event to switcher ${this.name} was lost.`,
      do: 'It waits in the dead-letter queue with its error. Send a request of CloudFormation again, then purge the queue.',
      read: runbook.switcher, metric: this.metricDeadLetters(), least: 1, missing: quietly,
    });
    of('slow-switch', {
      id: 'SlowSwitch', means: `A recovery by switcher ${this.name} took longer than its objective of ${this.objective} s, or still does.`,
      do: 'See with recoveryctl status whether it is held, and why; if it is complete, see with recoveryctl history which phase was slow.',
      read: runbook.held, metric: this.metric('SwitchSeconds', { statistic: 'Maximum' }), least: this.objective, missing: quietly,
    });
    of('no-sweep', {
      id: 'NoSweep', means: `Switcher ${this.name} has not looked at its nodes for five minutes: failures that no event tells of are not found.`,
      do: `See whether its schedule is enabled and its function can run, and read its log ${log}.`,
      read: runbook.switcher, metric: this.metric('Sweeps'), least: 1, below: true, periods: 5, missing: TreatMissingData.BREACHING,
    }).node.addDependency(schedule);
    of('throttled', {
      id: 'Throttled', means: `AWS has refused calls of switcher ${this.name} as too many in each of five minutes: recoveries are slower.`,
      do: "Find what else calls the account's API so much, lower BudgetPercent, or ask AWS for a higher rate.",
      read: runbook.switcher, metric: this.metric('ThrottledCalls'), least: 1, periods: 5, missing: quietly,
    });
  }

  metric(metricName: string, props?: MetricOptions): Metric {
    return new Metric({ namespace: 'WorkloadRecovery', metricName, dimensionsMap: { Switcher: this.name }, ...perMinute(props, 'Sum') });
  }

  metricDeadLetters(props?: MetricOptions): Metric {
    return this.queue.metricApproximateNumberOfMessagesVisible(perMinute(props, 'Maximum'));
  }
}

export { switcherTag };
