/** Roles that the harness identity can assume, and their sessions. */
import { EKS } from '@aws-sdk/client-eks';
import { STS } from '@aws-sdk/client-sts';
import type { CheckContext, PermissionStatement, RoleSpec } from '../../harness/index.ts';

export const TRUST_OWN_ACCOUNT = {
  effect: 'Allow',
  actions: ['sts:AssumeRole'],
  principal: { AWS: 'arn:aws:iam::<account:main>:root' },
} as const;

export const ofOwnAccount = (...permissions: readonly PermissionStatement[]): RoleSpec => ({
  trust: [TRUST_OWN_ACCOUNT],
  permissions,
});

/** Returns credentials for a new session of the role. `more`: further parameters of AssumeRole. */
export async function sessionOf(context: CheckContext, role: string, more: { readonly Policy?: string } = {}) {
  const sts = new STS(await context.aws('sts'));
  const session = { RoleArn: context.name(`<role:${role}>`), RoleSessionName: 'ann@example.com', ...more };
  const { Credentials } = await sts.assumeRole(session);
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** Returns an EKS client with credentials of the role. */
export const eksOf = async (context: CheckContext, role: string): Promise<EKS> =>
  new EKS({ ...(await context.aws('eks')), credentials: await sessionOf(context, role) });
