import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CheckContext } from '../../harness/index.ts';
import type { sessionOf } from './account-session.ts';
import { withoutOverload } from './errors.ts';

/**
 * Calls AssumeRoleForPodIdentity of an emulated AWS, by default as the administrator and for cluster `c1`. Returns the error
 * code, or `none`.
 */
export async function assumeForPod(
  { aws, name }: CheckContext,
  token: string,
  { as, clusterName }: { readonly as?: Awaited<ReturnType<typeof sessionOf>>; readonly clusterName?: string } = {},
): Promise<string> {
  const { endpoint = '', region, ...administrator } = await aws('eks');
  const credentials = as ?? administrator.credentials;
  const { protocol, hostname, host, origin } = new URL(endpoint);
  const cluster = encodeURIComponent(clusterName ?? name('<cluster:c1>'));
  const path = `/clusters/${cluster}/assume-role-for-pod-identity`;
  const body = JSON.stringify({ token });
  const headers = { host, 'content-type': 'application/json' };
  const request = { method: 'POST', protocol, hostname, path, headers, body };
  const signed = await new SignatureV4({ credentials, region, service: 'eks-auth', sha256: Sha256 }).sign(request);
  const { host: _, ...sent } = signed.headers;
  const answer = await fetch(`${origin}${path}`, { method: 'POST', headers: sent, body });
  const status = withoutOverload('EKS Auth', answer.status);
  return answer.ok ? 'none' : (answer.headers.get('x-amzn-errortype') ?? String(status));
}
