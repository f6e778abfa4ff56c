import type { AwsCredentials } from './credentials.ts';
import { addressOf, signerOf } from './signer.ts';

/**
 * A token for an EKS API server: `k8s-aws-v1.` and a presigned GetCallerIdentity, bound to the cluster by the signed
 * header `x-k8s-aws-id` (Amazon EKS User Guide, "Connect kubectl to an EKS cluster"; format of aws-iam-authenticator).
 * Good for 15 minutes, and not longer than the credentials; a session token is part of the signed query.
 * @param endpoint of STS, in the cluster's region
 * @param signingDate by AWS' clock
 */
export async function presignedClusterToken(
  endpoint: string,
  region: string,
  credentials: Omit<AwsCredentials, 'expiration'>,
  clusterName: string,
  signingDate = new Date(),
): Promise<string> {
  const { host, origin } = new URL(endpoint);
  const signed = await signerOf('sts', region, credentials).presign(
    {
      method: 'GET',
      ...addressOf(endpoint),
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, 'x-k8s-aws-id': clusterName },
    },
    { expiresIn: 900, signingDate },
  );
  const query = Object.entries(signed.query ?? {})
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join('&');
  return `k8s-aws-v1.${Buffer.from(`${origin}/?${query}`).toString('base64url')}`;
}
