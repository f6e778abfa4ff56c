import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials } from './credentials.ts';

/**
 * A token for an EKS API server: `k8s-aws-v1.` and a presigned GetCallerIdentity, bound to the cluster by the signed
 * header `x-k8s-aws-id` (Amazon EKS User Guide, "Connect kubectl to an EKS cluster"; format of aws-iam-authenticator).
 * Good for 15 minutes, and not longer than the credentials; a session token is part of the signed query.
 * @param endpoint of STS, in the cluster's region
 */
export async function presignedClusterToken(
  endpoint: string,
  region: string,
  credentials: Omit<AwsCredentials, 'expiration'>,
  clusterName: string,
): Promise<string> {
  const { hostname, port, protocol, origin } = new URL(endpoint);
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    region,
    service: 'sts',
    sha256: Sha256,
  });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: port === '' ? hostname : `${hostname}:${port}`, 'x-k8s-aws-id': clusterName },
    },
    { expiresIn: 900 },
  );
  const query = Object.entries(signed.query ?? {})
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join('&');
  return `k8s-aws-v1.${Buffer.from(`${origin}/?${query}`).toString('base64url')}`;
}
