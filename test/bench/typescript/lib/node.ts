import { createHash } from 'crypto';
import { AspectPriority, Aspects, CfnOutput, CfnResource, CustomResource, IAspect, IResolvable, IStableStringProducer, Lazy, Stack, Tags } from 'aws-cdk-lib';
import { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import {
  AmazonLinuxCpuType, BlockDeviceVolume, CfnLaunchTemplate, EbsDeviceVolumeType, InstanceInitiatedShutdownBehavior, InstanceType, LaunchTemplate,
  LaunchTemplateHttpTokens, MachineImage, MultipartBody, MultipartUserData, Peer, Port, SecurityGroup, UserData,
} from 'aws-cdk-lib/aws-ec2';
import { AccessPoint, FileSystem } from 'aws-cdk-lib/aws-efs';
import {
  ApplicationLoadBalancer, ApplicationProtocol, ApplicationTargetGroup, HealthCheck, ILoadBalancerV2, NetworkLoadBalancer, NetworkTargetGroup,
  Protocol, TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { InstanceProfile, ManagedPolicy, Policy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct, IConstruct, IDependable } from 'constructs';
import * as boot from './boot';
import { canonical, claim, explain, idTag, nfsPort, nodeType, seconds, switcherTag, targetTag } from './common';
import { addAccessPoint, newFileSystem, newIngressRule, useAccessPoint } from './files';
import { Switcher } from './switcher';

export interface ClusterNodeProps {
  switcher: Switcher; nodeId: number; nodeName: string; kind: 'network' | 'application';
  port?: number; targetPort: number; healthPath?: string; priority?: number; userData: UserData; script: string;
}

export class ClusterNode extends Construct {
  readonly nodeId: number;
  readonly nodeName: string;
  readonly switcher: Switcher;
  readonly plan: boot.Plan;
  readonly consumers: Consumers;
  readonly alarms: string[] = [];
  resource!: CustomResource;
  loadBalancer!: ILoadBalancerV2;
  healthyHosts!: (props?: MetricOptions) => Metric;
  private readonly group: SecurityGroup;
  private readonly needs: IDependable[] = [];
  private role!: Role;
  private profile!: InstanceProfile;
  private data!: FileSystem;
  private dataPoint!: AccessPoint;
  private logPoint!: AccessPoint;
  private targets!: { Arn: string; Port: string };
  private userData!: MultipartUserData;
  private template!: LaunchTemplate;

  constructor(scope: Construct, id: string, props: ClusterNodeProps) {
    claim(scope, 'node id', String(props.nodeId));
    super(scope, id);
    this.nodeId = props.nodeId;
    this.nodeName = props.nodeName;
    this.switcher = props.switcher;
    this.consumers = new Consumers(Stack.of(this));
    this.plan = {
      node: this.nodeId, script: props.script, mounts: [], units: ['example.service'], healthUrl: `http://localhost:${props.targetPort}/health`,
    };
    this.group = new SecurityGroup(this, 'Group', { vpc: this.switcher.vpc.vpc, description: 'Node ' + this.nodeName });
    this.needs.push(this.group);
    this.makeRole();
    this.makeFiles();
    this.makeTargets(props);
    this.makeUserData(props);
    this.makeTemplate();
    this.makeResource(props);
  }

  private makeRole(): void {
    const path = this.switcher.rolePath;
    this.role = new Role(this, 'Role', {
      path, assumedBy: new ServicePrincipal('ec2.amazonaws.com'), description: 'Node ' + this.nodeName,
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('CloudWatchAgentServerPolicy')],
    });
    explain(this.role, {
      id: 'AwsSolutions-IAM4', reason: 'The CloudWatch agent needs what this policy grants, and AWS keeps it in step with the agent.',
      findings: ['Policy::arn:<AWS::Partition>:iam::aws:policy/CloudWatchAgentServerPolicy'],
    });
    this.profile = new InstanceProfile(this, 'Profile', { role: this.role, path });
    this.needs.push(this.role, this.profile);
  }

  private makeFiles(): void {
    const vpc = this.switcher.vpc;
    const [fs, group] = newFileSystem(this, 'Data', { vpc: vpc.vpc, subnets: vpc.subnets, name: 'data of ' + this.nodeName, reader: this.role });
    this.data = fs;
    Tags.of(fs).add(switcherTag, this.switcher.name, { includeResourceTypes: ['AWS::EFS::FileSystem'], priority: 1000 });
    this.dataPoint = addAccessPoint(this, 'DataPoint', fs, '/data');
    this.logPoint = addAccessPoint(this, 'LogPoint', vpc.logs, `/node-${this.nodeId}`, { uid: '0', gid: '0' });
    const policy = new Policy(this, 'Files', {
      roles: [this.role],
      statements: [useAccessPoint('Data', fs, this.dataPoint), useAccessPoint('RecoveryLogs', vpc.logs, this.logPoint)],
    });
    const own = this.group.securityGroupId;
    this.needs.push(fs.mountTargetsAvailable, group, this.dataPoint, this.logPoint, policy,
      newIngressRule(this, 'DataAccess', group.securityGroupId, own, nfsPort, 'Data of ' + this.nodeName),
      newIngressRule(this, 'LogAccess', vpc.logsGroup, own, nfsPort, 'Recovery logs of ' + this.nodeName));
  }

  private makeTargets(props: ClusterNodeProps): void {
    const vpc = this.switcher.vpc.vpc;
    const port = props.port ?? 80;
    const vpcSubnets = { subnets: this.switcher.vpc.subnets };
    const health = (protocol: Protocol): HealthCheck => ({
      protocol: props.healthPath ? Protocol.HTTP : protocol, path: props.healthPath, port: String(props.targetPort),
      interval: seconds(5), timeout: seconds(4), healthyThresholdCount: 2, unhealthyThresholdCount: 2,
    });
    const common = { vpc, port: props.targetPort, targetType: TargetType.INSTANCE, deregistrationDelay: seconds(30) };
    // The Go library makes the load balancer's own group within its props.
    const clients = () => {
      const group = new SecurityGroup(this, 'BalancerGroup', { vpc, allowAllOutbound: false, description: 'Load balancer of ' + this.nodeName });
      group.addIngressRule(Peer.ipv4(this.switcher.vpc.cidr), Port.tcp(port), 'Clients');
      return group;
    };
    let listener, group, balancer;
    if (props.kind === 'network') {
      const lb = balancer = new NetworkLoadBalancer(this, 'LoadBalancer', {
        vpc, vpcSubnets, internetFacing: false, crossZoneEnabled: true, deletionProtection: false, securityGroups: [clients()],
      });
      const targets = group = new NetworkTargetGroup(this, 'Targets', { ...common, protocol: Protocol.TCP, connectionTermination: true, healthCheck: health(Protocol.TCP) });
      listener = lb.addListener('Listener', { port, protocol: Protocol.TCP, defaultTargetGroups: [targets] });
      this.healthyHosts = p => targets.metrics.healthyHostCount(p);
    } else {
      const lb = balancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
        vpc, vpcSubnets, internetFacing: false, dropInvalidHeaderFields: true, deletionProtection: false, securityGroup: clients(),
      });
      const targets = group = new ApplicationTargetGroup(this, 'Targets', { ...common, protocol: ApplicationProtocol.HTTP, healthCheck: health(Protocol.HTTP) });
      listener = lb.addListener('Listener', { port, protocol: ApplicationProtocol.HTTP, open: false, defaultTargetGroups: [targets] });
      this.healthyHosts = p => targets.metrics.healthyHostCount(p);
    }
    this.loadBalancer = balancer;
    balancer.connections.allowTo(this.group, Port.tcp(props.targetPort), 'Load balancer to node');
    Tags.of(group).add(switcherTag, this.switcher.name);
    explain(balancer, { id: 'AwsSolutions-ELB2', reason: "Access logs are the owner's choice of bucket and cost: add them with LogAccessLogs." });
    this.targets = { Arn: group.targetGroupArn, Port: String(props.targetPort) };
    this.needs.push(balancer, listener);
  }

  private makeUserData(props: ClusterNodeProps): void {
    this.plan.mounts = [
      { fileSystem: this.data.fileSystemId, accessPoint: this.dataPoint.accessPointId, path: '/data', data: true },
      { fileSystem: this.switcher.vpc.logs.fileSystemId, accessPoint: this.logPoint.accessPointId, path: '/var/log/recovery', data: false },
    ];
    const part = (kind: string, body: string) => MultipartBody.fromRawBody({ contentType: `${kind}; charset="utf-8"`, body });
    this.userData = new MultipartUserData();
    this.userData.addPart(part('text/cloud-boothook', Lazy.string({ produce: () => boot.hook(this.plan) })));
    this.userData.addPart(part('text/x-shellscript', boot.prepare));
    this.userData.addUserDataPart(props.userData, 'text/plain; charset="utf-8"', true);
    this.userData.addPart(part('text/x-shellscript', boot.start));
  }

  private makeTemplate(): void {
    this.template = new LaunchTemplate(this, 'Template', {
      instanceType: new InstanceType('t4g.small'), machineImage: MachineImage.latestAmazonLinux2023({ cpuType: AmazonLinuxCpuType.ARM_64 }),
      instanceProfile: this.profile, securityGroup: this.group, userData: this.userData, requireImdsv2: true,
      httpTokens: LaunchTemplateHttpTokens.REQUIRED, httpEndpoint: true, instanceMetadataTags: true, httpPutResponseHopLimit: 1,
      instanceInitiatedShutdownBehavior: InstanceInitiatedShutdownBehavior.STOP, disableApiTermination: false, detailedMonitoring: false,
      blockDevices: [{
        deviceName: '/dev/xvda',
        volume: BlockDeviceVolume.ebs(20, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true, deleteOnTermination: true }),
      }],
    });
    (this.template.node.defaultChild as CfnLaunchTemplate).addPropertyOverride('LaunchTemplateData.MaintenanceOptions.AutoRecovery', 'disabled');
    const tags = Tags.of(this.template);
    tags.add('Name', this.nodeName, { priority: 150 });
    tags.add(idTag, String(this.nodeId), { priority: 1000 });
    tags.add(targetTag, 'true', { priority: 1000 });
    tags.add(switcherTag, this.switcher.name, { priority: 1000 });
  }

  private makeResource(props: ClusterNodeProps): void {
    this.resource = new CustomResource(this, 'Resource', {
      resourceType: nodeType, serviceToken: this.switcher.fn.functionArn, serviceTimeout: seconds(1800),
      properties: {
        NodeId: String(this.nodeId), NodeName: this.nodeName, TargetGroups: [this.targets],
        Alarms: Lazy.list({ produce: () => [...this.alarms].sort() }, { omitEmpty: true }),
        Priority: String(props.priority ?? 100), AllowTerminateFence: 'false', Gate: 'false', RestartOriginal: 'false', FenceEscalation: 'hold',
        ConsumersHash: Lazy.string(this.consumers), ApplyChanges: 'next-switch', OnDelete: 'terminate', DrainSeconds: '60', StopSeconds: '120',
        FileSystem: this.data.fileSystemId, LaunchTemplateId: this.template.launchTemplateId, LaunchTemplateVersion: this.template.latestVersionNumber,
      },
    });
    this.resource.node.addDependency(...this.needs);
    Scout.of(Stack.of(this)).watch(this);
  }
}

// The text of a resource's properties or of an output.
function definition(stack: Stack, c: IConstruct): string | undefined {
  if (c instanceof CfnOutput) {
    return canonical(stack.resolve([c.value, c.exportName ?? null, c.description ?? null]));
  }
  return CfnResource.isCfnResource(c) ? canonical(stack.resolve((c as unknown as { cfnProperties: IResolvable }).cfnProperties)) : undefined;
}

// The hash of all that uses a node's attributes, so that CloudFormation reads them again.
class Consumers implements IStableStringProducer {
  private readonly elements = new Map<string, IConstruct>();
  constructor(private readonly stack: Stack) {}
  add(c: IConstruct): void { this.elements.set(c.node.path, c); }
  produce(): string {
    const texts = [...this.elements].map(([path, c]) => `${path}=${definition(this.stack, c)}`).sort();
    const tags = canonical(this.stack.tags.tagValues());
    if (texts.length > 0 && tags !== '{}') {
      texts.push(tags);
    }
    return createHash('sha256').update(texts.map(t => t + '\n').join('')).digest('hex').slice(0, 16);
  }
}

// Finds, in a stack, what uses the attributes of its nodes.
class Scout extends Construct implements IAspect {
  private readonly nodes: [string, ClusterNode][] = [];

  static of(stack: Stack): Scout {
    return stack.node.tryFindChild('RecoveryConsumers') as Scout ?? new Scout(stack);
  }

  private constructor(private readonly stack: Stack) {
    super(stack, 'RecoveryConsumers');
    Aspects.of(stack).add(this, { priority: AspectPriority.READONLY });
    this.node.addValidation({ validate: () => this.exported() });
  }

  watch(n: ClusterNode): void {
    this.nodes.push([canonical(this.stack.resolve(n.resource.getAtt('InstanceId'))).replace('InstanceId"]}', ''), n]);
  }

  visit(c: IConstruct): void {
    if (CfnResource.isCfnResource(c) && c.cfnResourceType === nodeType) {
      return;
    }
    const text = definition(this.stack, c);
    for (const [attribute, n] of this.nodes) {
      if (text?.includes(attribute)) {
        n.consumers.add(c);
      }
    }
  }

  private exported(): string[] {
    return (this.stack.node.tryFindChild('Exports')?.node.children ?? []).flatMap(c =>
      this.nodes.filter(([attribute]) => definition(this.stack, c)?.includes(attribute)).map(([, n]) => `an attribute of node ${n.nodeName} is used in another stack`));
  }
}
