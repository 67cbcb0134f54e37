import { Fn, Stack, Tags } from 'aws-cdk-lib';
import {
  CfnSecurityGroup, CfnVPC, GatewayVpcEndpoint, GatewayVpcEndpointAwsService, InterfaceVpcEndpoint, InterfaceVpcEndpointAwsService,
  ISubnet, IVpc, Peer, Port, PrivateSubnet, SecurityGroup, Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { FileSystem } from 'aws-cdk-lib/aws-efs';
import { Construct } from 'constructs';
import { destinationTag, explain } from './common';
import { newFileSystem } from './files';

export class RecoveryVpc extends Construct {
  readonly vpc: IVpc;
  readonly vpcId: string;
  readonly arn: string;
  readonly cidr = '10.0.0.0/16';
  readonly subnets: ISubnet[] = [];
  readonly blackhole: string;
  readonly logs: FileSystem;
  readonly logsGroup: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const zones = [0, 1, 2].map(i => Fn.select(i, Fn.getAzs()));
    const vpc = new CfnVPC(this, 'Resource', { cidrBlock: this.cidr, enableDnsHostnames: true, enableDnsSupport: true });
    Tags.of(vpc).add('Name', this.node.path);
    explain(vpc, { id: 'AwsSolutions-VPC7', reason: "Flow logs are the owner's choice of destination and cost: add them with Vpc().AddFlowLog." });
    this.vpcId = vpc.ref;

    const tables: string[] = [];
    zones.forEach((availabilityZone, i) => {
      const subnet = new PrivateSubnet(this, `Subnet${i + 1}`, {
        vpcId: this.vpcId, availabilityZone, cidrBlock: `10.0.${16 * i}.0/20`, mapPublicIpOnLaunch: false,
      });
      Tags.of(subnet).add(destinationTag, 'true', { includeResourceTypes: ['AWS::EC2::Subnet'] });
      this.subnets.push(subnet);
      tables.push(subnet.routeTable.routeTableId);
    });
    this.vpc = Vpc.fromVpcAttributes(this, 'View', {
      vpcId: this.vpcId, vpcCidrBlock: this.cidr, availabilityZones: zones,
      isolatedSubnetIds: this.subnets.map(s => s.subnetId), isolatedSubnetRouteTableIds: tables,
    });
    this.arn = Stack.of(this).formatArn({ service: 'ec2', resource: 'vpc', resourceName: this.vpcId });
    this.blackhole = this.makeBlackhole().attrGroupId;
    this.makeEndpoints();
    const [logs, group] = newFileSystem(this, 'Logs', { vpc: this.vpc, subnets: this.subnets, name: 'recovery logs' });
    this.logs = logs;
    this.logsGroup = group.securityGroupId;
  }

  private makeBlackhole(): CfnSecurityGroup {
    const group = new CfnSecurityGroup(this, 'Blackhole', {
      groupDescription: 'Quarantine of condemned instances: no ingress and no egress', vpcId: this.vpcId,
      securityGroupEgress: [{ cidrIp: '127.0.0.1/32', ipProtocol: '-1', description: 'No egress: replaces the rule that allows all' }],
    });
    Tags.of(group).add('Name', this.node.path + '/Blackhole');
    return group;
  }

  private makeEndpoints(): void {
    for (const [name, service] of [['s3', GatewayVpcEndpointAwsService.S3], ['dynamodb', GatewayVpcEndpointAwsService.DYNAMODB]] as const) {
      new GatewayVpcEndpoint(this, 'Gateway-' + name, { vpc: this.vpc, service, subnets: [{ subnets: this.subnets }] });
    }
    const group = new SecurityGroup(this, 'EndpointGroup', {
      vpc: this.vpc, allowAllOutbound: false, description: 'Interface endpoints: HTTPS from the VPC',
    });
    group.addIngressRule(Peer.ipv4(this.cidr), Port.tcp(443), 'HTTPS from the VPC');
    for (const name of ['monitoring', 'ec2', 'logs']) {
      new InterfaceVpcEndpoint(this, 'Endpoint-' + name, {
        vpc: this.vpc, service: new InterfaceVpcEndpointAwsService(name), subnets: { subnets: this.subnets },
        securityGroups: [group], privateDnsEnabled: true, open: false,
      });
    }
  }
}
