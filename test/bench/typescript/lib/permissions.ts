// What the switcher's role may do.
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { allow, condemnedTag, controlTags, source, switcherTag } from './common';
import type { Switcher } from './switcher';

export class Permissions {
  constructor(private readonly s: Switcher) {}

  read(): PolicyStatement[] {
    return [
      allow('ReadEc2', [
        'ec2:DescribeAvailabilityZones', 'ec2:DescribeCapacityReservations', 'ec2:DescribeInstances', 'ec2:DescribeInstanceStatus',
        'ec2:DescribeLaunchTemplateVersions', 'ec2:DescribeSubnets', 'ec2:DescribeVolumes', 'ec2:DescribeNetworkInterfaceAttribute', 'ec2:DescribeNetworkInterfaces',
      ], ['*']),
      allow('ReadZonalShifts', ['arc-zonal-shift:ListAutoshifts', 'arc-zonal-shift:ListZonalShifts'], ['*']),
      allow('ReadInstanceAttributes', ['ec2:DescribeInstanceAttribute'], this.ec2('instance/*'), this.tagged()),
      allow('ReadTargets', ['elasticloadbalancing:DescribeTargetGroups', 'elasticloadbalancing:DescribeTargetHealth'], ['*']),
      allow('ReadAlarms', ['cloudwatch:DescribeAlarms'], this.arns('cloudwatch', 'alarm:*')),
    ];
  }

  launch(): PolicyStatement[] {
    const run = ['ec2:RunInstances'];
    const made = ['instance/*', 'volume/*', 'network-interface/*'];
    return [
      allow('LaunchTagged', run, this.ec2(...made), { StringEquals: { ['aws:RequestTag/' + switcherTag]: this.s.name } }),
      allow('LaunchInVpc', run, this.ec2('subnet/*', 'security-group/*'), this.inVpc()),
      allow('LaunchFrom', run, [
        ...this.ec2('key-pair/*', 'placement-group/*', 'capacity-reservation/*'), ...this.foreign('image/*', 'snapshot/*'), ...this.arns('resource-groups', 'group/*'),
      ]),
      allow('TagAtLaunch', ['ec2:CreateTags'], this.ec2(...made), {
        StringEquals: { 'ec2:CreateAction': 'RunInstances', ['aws:RequestTag/' + switcherTag]: this.s.name },
      }),
      allow('PassNodeRole', ['iam:PassRole'], [this.arn({ service: 'iam', region: '', resource: `role${this.s.rolePath}*` })], {
        StringEquals: { 'iam:PassedToService': ['ec2.amazonaws.com', 'ec2.amazonaws.com.cn'] },
      }),
    ];
  }

  fence(): PolicyStatement[] {
    const own = { ['aws:ResourceTag/' + switcherTag]: this.s.name };
    const condemned = { StringEquals: own, Null: { ['aws:ResourceTag/' + condemnedTag]: 'false' } };
    return [
      allow('MarkOwn', ['ec2:CreateTags', 'ec2:DeleteTags'], this.ec2('instance/*'), {
        StringEquals: own, 'ForAllValues:StringEquals': { 'aws:TagKeys': controlTags }, Null: { 'aws:TagKeys': 'false' },
      }),
      allow('PowerOffCondemned', ['ec2:StopInstances', 'ec2:TerminateInstances'], this.ec2('instance/*'), condemned),
      allow('StartPardoned', ['ec2:StartInstances'], this.ec2('instance/*'), {
        StringEquals: own, Null: { ['aws:ResourceTag/' + condemnedTag]: 'true' },
      }),
      allow('UnprotectCondemned', ['ec2:ModifyInstanceAttribute'], this.ec2('instance/*'), condemned),
      allow('SwapGroups', ['ec2:ModifyNetworkInterfaceAttribute'], this.ec2('network-interface/*', 'security-group/*'), this.inVpc()),
      allow('SwapGroupsOfInstance', ['ec2:ModifyNetworkInterfaceAttribute'], this.ec2('instance/*'), { StringEquals: own }),
    ];
  }

  storage(): PolicyStatement[] {
    return [
      allow('CutOffStorage', [
        'elasticfilesystem:CreateMountTarget', 'elasticfilesystem:DeleteMountTarget',
        'elasticfilesystem:DescribeMountTargetSecurityGroups', 'elasticfilesystem:DescribeMountTargets',
      ], this.arns('elasticfilesystem', 'file-system/*'), this.tagged()),
      allow('RemoveMountTargetInterface', ['ec2:DeleteNetworkInterface'], this.ec2('network-interface/*'), this.inVpc()),
      allow('MakeMountTargetInterface', ['ec2:CreateNetworkInterface'], this.ec2('subnet/*', 'security-group/*'), this.inVpc()),
      allow('MakeInterface', ['ec2:CreateNetworkInterface'], this.ec2('network-interface/*')),
    ];
  }

  move(): PolicyStatement[] {
    return [
      allow('MoveTargets', ['elasticloadbalancing:RegisterTargets', 'elasticloadbalancing:DeregisterTargets'],
        this.arns('elasticloadbalancing', 'targetgroup/*/*'), this.tagged()),
      allow('RepointAlarms', ['cloudwatch:PutMetricAlarm'], this.arns('cloudwatch', `alarm:${this.s.name}.node-*`)),
    ];
  }

  own(): PolicyStatement[] {
    const vpc = this.s.vpc.vpcId;
    const region = Stack.of(this.s).region;
    return [
      allow('Records', ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], [this.s.table.table.tableArn], {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['vpc#' + vpc, 'claim', 'capacity', 'live', `history#${vpc}#*`] },
      }),
      allow('Tell', ['sns:Publish'], [this.s.topic.topicArn]),
      allow('Announce', ['events:PutEvents'], this.arns('events', 'event-bus/default'), {
        'ForAllValues:StringEquals': { 'events:source': source }, Null: { 'events:source': 'false' },
      }),
      allow('Continue', ['lambda:InvokeFunction'], [this.s.functionArn]),
      allow('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], [this.s.logs.logGroupArn]),
      allow('UseTopicKey', ['kms:Decrypt', 'kms:GenerateDataKey*'], [this.s.topicKey.keyArn], {
        StringLike: { 'kms:ViaService': `sns.${region}.amazonaws.com*` },
      }),
    ];
  }

  private inVpc() { return { ArnEquals: { 'ec2:Vpc': this.s.vpc.arn } }; }
  private tagged() { return { StringEquals: { ['aws:ResourceTag/' + switcherTag]: this.s.name } }; }
  private arn(parts: { service: string; resource: string; region?: string; account?: string }): string {
    return Stack.of(this.s).formatArn({ ...parts, arnFormat: ArnFormat.NO_RESOURCE_NAME });
  }
  private arns(service: string, ...resources: string[]): string[] { return resources.map(resource => this.arn({ service, resource })); }
  private ec2(...resources: string[]): string[] { return this.arns('ec2', ...resources); }
  private foreign(...resources: string[]): string[] { return resources.map(resource => this.arn({ service: 'ec2', account: '', resource })); }
}
