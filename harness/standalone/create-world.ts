import { CreatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import * as iamCommands from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { RunningCluster } from '../../clusters/interface/driver.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { POD_IDENTITY_STATEMENT, webIdentityStatement } from '../../identity/trust.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import type { AttachedPolicy, ResolvedWorld } from './read-world.ts';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Creates a world's resources as the administrator. Returns the access keys of its users by name. Throws `HarnessError`
 * BAD_FILE with the reason for a part that AWS rejects. `file`: name of the world in errors.
 */
export async function createWorld(
  aws: AwsTarget,
  { roles, associations, buckets, users, issuers }: ResolvedWorld,
  cluster: RunningCluster | undefined,
  file: string,
): Promise<Readonly<Record<string, AccessKey>>> {
  const { iam, s3, eks } = aws.clients('main');
  const at = async <T>(place: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof HarnessError) throw error;
      const { name, message } = error as Error;
      throw new HarnessError('BAD_FILE', `${file}: ${place}: AWS answers ${name}: ${message}`, { cause: error });
    }
  };
  const { providerArn = '', issuer = '' } = cluster ?? {};
  const trustOf = ({ name, trust, irsa }: ResolvedWorld['roles'][number]): string => {
    if (trust === undefined && irsa === undefined) return policyOf(POD_IDENTITY_STATEMENT);
    const text =
      trust === undefined
        ? policyOf(webIdentityStatement(providerArn, issuer, (irsa ?? []).map(subjectOf)))
        : textOf(trust);
    const replaced = issuers.filter((one) => text.includes(one));
    if ((trust === undefined || replaced.length > 0) && issuer === '')
      throw new HarnessError('BAD_FILE', `${file}: role ${name} needs a cluster for IRSA. Leave out --clusters none.`);
    return replaced.reduce((changed, one) => changed.replaceAll(one, issuer), text);
  };
  const boundaryArn = async (name: string, boundary: AttachedPolicy | undefined): Promise<string | undefined> => {
    if (typeof boundary !== 'object') return boundary;
    const policy = { PolicyName: `${name}-boundary`, PolicyDocument: textOf(boundary.document) };
    return (await iam.send(new iamCommands.CreatePolicyCommand(policy))).Policy?.Arn;
  };
  const arnOf = (role: string): string => {
    const path = roles.find(({ name }) => name === role)?.path ?? '/';
    return role.startsWith('arn:') ? role : `arn:aws:iam::${aws.accountId('main')}:role${path}${role}`;
  };

  const keys: Record<string, AccessKey> = {};
  for (const { name: UserName, policies = [] } of users)
    await at(`user ${UserName}`, async () => {
      await iam.send(new iamCommands.CreateUserCommand({ UserName }));
      for (const policy of policies)
        if (typeof policy === 'string')
          await iam.send(new iamCommands.AttachUserPolicyCommand({ UserName, PolicyArn: policy }));
        else await iam.send(new iamCommands.PutUserPolicyCommand({ UserName, ...inline(policy) }));
      const { AccessKey: key } = await iam.send(new iamCommands.CreateAccessKeyCommand({ UserName }));
      keys[UserName] = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
    });
  for (const { name: RoleName, path: Path, tags = {}, policies = [], ...role } of roles)
    await at(`role ${RoleName}`, async () => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const AssumeRolePolicyDocument = trustOf({ name: RoleName, ...role });
      const PermissionsBoundary = await boundaryArn(RoleName, role.boundary);
      const created = { RoleName, Path, Tags, AssumeRolePolicyDocument, PermissionsBoundary };
      await iam.send(new iamCommands.CreateRoleCommand(created));
      for (const policy of policies)
        if (typeof policy === 'string')
          await iam.send(new iamCommands.AttachRolePolicyCommand({ RoleName, PolicyArn: policy }));
        else await iam.send(new iamCommands.PutRolePolicyCommand({ RoleName, ...inline(policy) }));
    });
  for (const { name: Bucket, policy, objects = {} } of buckets)
    await at(`bucket ${Bucket}`, async () => {
      await s3.send(new CreateBucketCommand({ Bucket }));
      for (const [Key, content] of Object.entries(objects)) {
        const isBase64 = typeof content === 'object' && 'base64' in content;
        const Body = Buffer.from(isBase64 ? content.base64 : (content as string), isBase64 ? 'base64' : 'utf8');
        await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
      }
      if (policy !== undefined) await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: textOf(policy) }));
    });
  for (const { role, targetRole, policy, ...association } of associations)
    await at(`association of ${association.namespace}/${association.serviceAccount}`, () =>
      eks.send(
        new CreatePodIdentityAssociationCommand({
          ...association,
          clusterName: cluster?.name,
          roleArn: arnOf(role),
          targetRoleArn: targetRole && arnOf(targetRole),
          policy: policy && textOf(policy),
        }),
      ),
    );
  return keys;
}

const textOf = (document: string | object): string =>
  typeof document === 'string' ? document : JSON.stringify(document);

const inline = ({ name, document }: Exclude<AttachedPolicy, string>) => ({
  PolicyName: name,
  PolicyDocument: textOf(document),
});

const policyOf = (statement: object): string => textOf({ Version: '2012-10-17', Statement: [statement] });

const subjectOf = (account: string): string => `system:serviceaccount:${account.replace('/', ':')}`;
