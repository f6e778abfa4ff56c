import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateClusterCommand } from '@aws-sdk/client-eks';
import type { Caller, RoleSession } from '../../../identity/policy/principal.ts';
import { aSession } from './session.ts';
import { ACCOUNT, SUBNETS, type RecordedCluster, type TestCloud } from './eks.ts';

export type Statement = Readonly<Record<string, unknown>>;

export function policy(...statements: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export function allow(action: string | readonly string[], resource = '*', condition?: object): Statement {
  return { Effect: 'Allow', Action: action, Resource: resource, ...(condition && { Condition: condition }) };
}

/** Returns a trust policy statement for a service. Pods need both actions. */
export function trust(service: string, condition?: object, actions = ['sts:AssumeRole', 'sts:TagSession']): Statement {
  return {
    Effect: 'Allow',
    Principal: { Service: service },
    Action: actions,
    ...(condition && { Condition: condition }),
  };
}

export const POD_TRUST = trust('pods.eks.amazonaws.com');

export async function makeRole(
  cloud: TestCloud,
  name: string,
  trusted: readonly Statement[] = [POD_TRUST],
  permissions: readonly Statement[] = [],
  caller?: Caller,
): Promise<string> {
  const iam = cloud.iam(caller);
  const made = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: policy(...trusted) }));
  if (permissions.length > 0)
    await iam.send(
      new PutRolePolicyCommand({ RoleName: name, PolicyName: 'inline', PolicyDocument: policy(...permissions) }),
    );
  return made.Role!.Arn!;
}

/** Creates a cluster, and the role that all clusters share. */
export async function makeCluster(cloud: TestCloud, name = 'blue'): Promise<RecordedCluster> {
  const roleArn = await clusterRole(cloud);
  const accessConfig = { authenticationMode: 'API_AND_CONFIG_MAP' } as const;
  const resourcesVpcConfig = { subnetIds: SUBNETS };
  await cloud.eks().send(new CreateClusterCommand({ name, roleArn, resourcesVpcConfig, accessConfig }));
  return cloud.clusters.get(name)!;
}

export async function clusterRole(cloud: TestCloud): Promise<string> {
  const existing = cloud.world.account(ACCOUNT)?.roles.get('cluster');
  return existing?.arn ?? makeRole(cloud, 'cluster', [trust('eks.amazonaws.com')]);
}

/** Returns a role session as the caller of further calls. */
export function sessionOf(cloud: TestCloud, roleArn: string, sessionName = 'test'): RoleSession {
  const role = [...cloud.world.account(ACCOUNT)!.roles.values()].find(({ arn }) => arn === roleArn)!;
  return aSession(role, cloud.world.clock.now(), { sessionName });
}

/** Returns name, message and status of the error of a call, which must fail. */
export async function errorOf(call: Promise<unknown>): Promise<{ name: string; message: string; status: number }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, message, status: $metadata?.httpStatusCode ?? 0 };
  }
  throw new Error('The call was expected to fail.');
}
