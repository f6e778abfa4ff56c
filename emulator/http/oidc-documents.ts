import type { ServiceResponse } from '../core/service.ts';
import type { World } from '../world/world.ts';
import { clusterOfIssuer } from '../sts/web-identity/issuer-keys.ts';
import type { RequestHead } from './read-request.ts';

const PATH = /^\/id\/([0-9A-F]{32})\/(\.well-known\/openid-configuration|keys)$/;

/**
 * Returns the public documents of a cluster's issuer (OpenID Connect Discovery 1.0), on AWS at
 * `https://oidc.eks.<region>.amazonaws.com/id/<ID>`. Undefined for other requests. No bucket can have the name `id`.
 */
export async function oidcDocument(world: World, head: RequestHead): Promise<ServiceResponse | undefined> {
  const match = head.method === 'GET' || head.method === 'HEAD' ? PATH.exec(head.path) : null;
  if (match === null) return undefined;
  const [, id = '', document] = match;
  const cluster = clusterOfIssuer(world, (issuer) => issuer.endsWith(`/id/${id}`));
  if (cluster?.managed === undefined) return json(404, { message: 'Not Found' });
  if (document === 'keys') return json(200, await cluster.managed.jwks());
  return json(200, {
    issuer: cluster.issuer,
    jwks_uri: `${cluster.issuer}/keys`,
    authorization_endpoint: 'urn:kubernetes:programmatic_authorization',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: ['sub', 'iss'],
  });
}

function json(status: number, body: unknown): ServiceResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
