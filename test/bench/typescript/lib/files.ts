import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecurityGroupIngress, ISubnet, IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { AccessPoint, FileSystem, PosixUser, ThroughputMode } from 'aws-cdk-lib/aws-efs';
import { AnyPrincipal, ArnPrincipal, Effect, IRole, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

const mount = 'elasticfilesystem:ClientMount';
const use = [mount, 'elasticfilesystem:ClientWrite', 'elasticfilesystem:ClientRootAccess'];

export interface FileSystemSpec { vpc: IVpc; subnets: ISubnet[]; name: string; reader?: IRole }

// An encrypted file system with a mount target in every zone.
export function newFileSystem(scope: Construct, id: string, spec: FileSystemSpec): [FileSystem, SecurityGroup] {
  const group = new SecurityGroup(scope, id + 'Group', {
    vpc: spec.vpc, allowAllOutbound: false, description: 'Mount targets: ' + spec.name,
  });
  const fs = new FileSystem(scope, id, {
    vpc: spec.vpc, vpcSubnets: { subnets: spec.subnets }, securityGroup: group, encrypted: true,
    removalPolicy: RemovalPolicy.RETAIN, enableAutomaticBackups: true, throughputMode: ThroughputMode.ELASTIC,
    fileSystemPolicy: policy(spec.reader), allowAnonymousAccess: true,
  });
  return [fs, group];
}

function policy(reader?: IRole): PolicyDocument {
  const principals = [new AnyPrincipal()];
  const doc = new PolicyDocument({
    statements: [
      new PolicyStatement({
        sid: 'RefuseWithoutTls', effect: Effect.DENY, principals, actions: use,
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      new PolicyStatement({
        sid: 'RefuseWithoutAccessPoint', effect: Effect.DENY, principals, actions: [mount],
        conditions: { Null: { 'elasticfilesystem:AccessPointArn': 'true' } },
      }),
    ],
  });
  if (reader) {
    doc.addStatements(new PolicyStatement({
      sid: 'Node', principals: [new ArnPrincipal(reader.roleArn)], actions: use,
      conditions: { Bool: { 'elasticfilesystem:AccessedViaMountTarget': 'true' } },
    }));
  }
  return doc;
}

export function addAccessPoint(scope: Construct, id: string, fs: FileSystem, path: string, posixUser?: PosixUser): AccessPoint {
  return new AccessPoint(scope, id, {
    fileSystem: fs, path, posixUser, createAcl: { ownerUid: '0', ownerGid: '0', permissions: '755' },
  });
}

export function useAccessPoint(sid: string, fs: FileSystem, point: AccessPoint): PolicyStatement {
  return new PolicyStatement({
    sid, actions: use, resources: [fs.fileSystemArn],
    conditions: { StringEquals: { 'elasticfilesystem:AccessPointArn': point.accessPointArn } },
  });
}

// Lets members of one group reach another group's port, in the scope's own stack.
export function newIngressRule(scope: Construct, id: string, to: string, from: string, port: number, why: string): CfnSecurityGroupIngress {
  return new CfnSecurityGroupIngress(scope, id, {
    groupId: to, sourceSecurityGroupId: from, ipProtocol: 'tcp', fromPort: port, toPort: port, description: why,
  });
}
