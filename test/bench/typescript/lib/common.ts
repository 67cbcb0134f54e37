// What all parts share: the names of internal/contract and helpers for templates.
import { CfnOutput, CfnResource, Duration, IResolvable, Stack, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, MetricOptions, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct, IConstruct } from 'constructs';

export const idTag = 'fujitsu.pclswr.id';
export const targetTag = 'fujitsu.swr.is_recovery_target';
export const destinationTag = 'recovery:destination';
export const switcherTag = 'recovery:switcher';
export const condemnedTag = 'recovery:condemned';
export const controlTags = [condemnedTag, 'recovery:epoch', 'recovery:gate'];
export const source = 'workload-recovery';
export const nodeType = 'Custom::RecoveryNode';
export const nfsPort = 2049;

const manual = 'https://github.com/workload-recovery/workload-recovery/blob/main/docs/';
export const runbook = {
  first: manual + 'operations.md#first-look',
  held: manual + 'operations.md#a-switch-is-held-or-interrupted',
  nothing: manual + 'operations.md#nothing-happened',
  switcher: manual + 'operations.md#the-switcher-fails',
  brake: manual + 'operations.md#the-brake-is-on',
  messages: manual + 'messages.md',
};

export function seconds(n: number): Duration { return Duration.seconds(n); }

export function output(stack: Stack, id: string, value: string, description: string): void {
  new CfnOutput(stack, id, { value, description });
}

// A statement whose Sid keeps AWS CDK from merging it with others.
export function allow(sid: string, actions: string[], resources: string[], conditions?: { [operator: string]: any }): PolicyStatement {
  return new PolicyStatement({ sid, actions, resources, conditions });
}

export interface NagRule { id: string; reason: string; findings?: string[] }

// Writes into the template why a rule of cdk-nag does not apply.
export function explain(scope: IConstruct, ...rules: NagRule[]): void {
  const resource = CfnResource.isCfnResource(scope) ? scope : scope.node.defaultChild as CfnResource;
  resource.addMetadata('cdk_nag', {
    rules_to_suppress: rules.map(r => ({ id: r.id, reason: r.reason, ...(r.findings && { applies_to: r.findings }) })),
  });
}

// Tells cfn-lint and AWS CDK's own validation that a rule is knowingly not followed.
export function quiet(resource: CfnResource, rule: string, reason: string): void {
  resource.addMetadata('cfn-lint', { config: { ignore_checks: [rule] }, reason });
  Validations.of(resource).acknowledge({ id: 'CloudFormation-Validate::' + rule, reason });
}

export interface Warning {
  id: string; name: string; means: string; do: string; read: string;
  metric: Metric; least: number; below?: boolean; periods?: number; missing: TreatMissingData;
}

// An alarm that tells the topic.
export function warn(scope: Construct, topic: ITopic, w: Warning): Alarm {
  const alarm = new Alarm(scope, w.id, {
    alarmName: w.name, alarmDescription: `${w.means} ${w.do} ${w.read}`,
    metric: w.metric, threshold: w.least, evaluationPeriods: w.periods ?? 1,
    comparisonOperator: w.below ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: w.missing,
  });
  alarm.addAlarmAction(new SnsAction(topic));
  return alarm;
}

export function perMinute(props: MetricOptions | undefined, statistic: string): MetricOptions {
  return { ...props, period: props?.period ?? seconds(60), statistic: props?.statistic ?? statistic };
}

// JSON as Go writes it: keys sorted, nothing that HTML could misread.
export function canonical(value: unknown): string {
  const order = (v: any): any => Array.isArray(v) ? v.map(order)
    : v !== null && typeof v === 'object' ? Object.fromEntries(Object.keys(v).sort().filter(k => v[k] !== undefined).map(k => [k, order(v[k])]))
      : v;
  return JSON.stringify(order(value)).replace(/[<>&\u2028\u2029]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

// Takes a name that must be unique per account and Region of an app.
export function claim(scope: Construct, kind: string, name: string): void {
  const root = scope.node.root;
  const registry = root.node.tryFindChild('RecoveryRegistry') ?? new Construct(root as Construct, 'RecoveryRegistry');
  const key = `${kind}|${name}|${environment(scope)}`;
  if (registry.node.tryFindChild(key)) {
    throw new Error(`${kind} ${name} is already used (${environment(scope)})`);
  }
  new Construct(registry as Construct, key).node.addMetadata('recovery:owner', scope.node.path);
}

function environment(scope: Construct): string {
  const stack = Stack.of(scope);
  const known = (v: string, other: string) => stack.resolve(v) === v ? v : other;
  return known(stack.account, 'any account') + ', ' + known(stack.region, 'any Region');
}

export type Token = IResolvable;
