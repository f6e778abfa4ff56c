/** Calls of S3, IAM, STS, EKS and EKS Auth with the session of a role. */
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { S3 } from '@aws-sdk/client-s3';
import { STS } from '@aws-sdk/client-sts';
import type { CheckContext } from '../../../harness/index.ts';
import type { sessionOf } from '../../lib/account-session.ts';
import { assumeForPod } from '../../lib/eks-auth.ts';
import { refusalBy, withoutOverload } from '../../lib/errors.ts';
import { BAD_POD_TOKEN } from '../../lib/outcomes.ts';

export type Credentials = Awaited<ReturnType<typeof sessionOf>>;
export type Calls = Readonly<Record<string, () => Promise<unknown>>>;

/** `denied`, `none`, or the error's name. */
export const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    (answer) => ((answer as { Errors?: readonly object[] } | undefined)?.Errors?.length ? 'denied' : 'none'),
    (error: Error & { $metadata?: { httpStatusCode?: number } }) =>
      withoutOverload('AWS', error.$metadata?.httpStatusCode) === 403 ? 'denied' : refusalBy(error).name,
  );

export async function clientsOf({ aws }: CheckContext, credentials: Credentials) {
  const [s3, iam, sts, eks] = await Promise.all((['s3', 'iam', 'sts', 'eks'] as const).map((service) => aws(service)));
  const own = <Settings>(settings: Settings) => ({ ...settings, credentials });
  return {
    s3: new S3(own(s3!)),
    iam: new IAM(own(iam!)),
    sts: new STS(own(sts!)),
    eks: new EKS(own(eks!)),
  };
}
export type Clients = Awaited<ReturnType<typeof clientsOf>>;

/** Calls EKS Auth with an invalid token. A caller who may call it only learns that the token is invalid. */
export const asksEksAuth = (context: CheckContext, as: Credentials) => async (): Promise<void> => {
  const code = await assumeForPod(context, 'x.x.x', { as });
  const httpStatusCode = code.startsWith('AccessDenied') ? 403 : 400;
  if (httpStatusCode === 403 || !BAD_POD_TOKEN.code.some((expected) => expected === code))
    throw Object.assign(new Error(code), { name: `EKS Auth: ${code}`, $metadata: { httpStatusCode } });
};
