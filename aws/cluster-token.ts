import type { AwsCredentials } from './credentials.ts';
import { presignedQuery, sha256, uriEncode } from './sign-request.ts';

/**
 * Returns a token for an EKS API server: `k8s-aws-v1.` and a presigned GetCallerIdentity with the signed header
 * `x-k8s-aws-id` (Amazon EKS User Guide, "Connect kubectl to an EKS cluster"; format of aws-iam-authenticator). Valid
 * for 15 minutes, or until the credentials expire. `endpoint` is STS's in the cluster's region; `signingDate` is AWS's
 * time.
 */
export async function presignedClusterToken(
  endpoint: string,
  region: string,
  { sessionToken, ...credentials }: Omit<AwsCredentials, 'expiration'>,
  clusterName: string,
  signingDate = new Date(),
): Promise<string> {
  const { host, origin } = new URL(endpoint);
  // The SDK's signer puts the session token here too.
  const token = sessionToken === undefined ? '' : `&X-Amz-Security-Token=${uriEncode(sessionToken)}`;
  const request = {
    method: 'GET',
    path: '/',
    query: `Action=GetCallerIdentity&Version=2011-06-15${token}`,
    headers: { host, 'x-k8s-aws-id': clusterName },
    payload: sha256(''),
  };
  const query = presignedQuery(request, { credentials, region, service: 'sts', time: signingDate }, 900);
  return `k8s-aws-v1.${Buffer.from(`${origin}/?${query}`).toString('base64url')}`;
}
