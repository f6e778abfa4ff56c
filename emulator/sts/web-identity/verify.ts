import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import type { ServiceContext } from '../../world/context.ts';
import type { ServiceRequest } from '../../core/service.ts';
import type { OidcProvider } from '../../iam/model.ts';
import type { JsonWebKeySet } from '../../world/eks-model.ts';
import { checkTimes, invalidIdentityToken, readClaims, type WebIdentityClaims } from './claims.ts';
import { ThumbprintError, clusterOfIssuer, issuerKeys } from './issuer-keys.ts';

/** Public-key algorithms only (IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM"). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

export interface WebIdentity {
  readonly provider: OidcProvider;
  readonly claims: WebIdentityClaims;
  readonly audience: string;
}

/**
 * Verifies a token in STS's order: form, OIDC provider in the role's account, keys, signature, times, audience. Throws
 * `ExpiredTokenException` after `exp`, otherwise `InvalidIdentityToken` (400).
 */
export async function verifyWebIdentity(
  context: ServiceContext,
  request: ServiceRequest,
  token: string,
  accountId: string,
): Promise<WebIdentity> {
  const { world } = context;
  const { notes } = context.trace(request);
  const claims = readClaims(token);
  notes.push(`token issuer is ${claims.issuer}, subject is ${claims.subject}`);

  const provider = findProvider(context, claims.issuer, accountId);
  if (provider === undefined) {
    notes.push(`account ${accountId} has no OIDC provider for that issuer`);
    throw invalidIdentityToken(`No OpenIDConnect provider found in your account for ${claims.issuer}`);
  }
  const keys = await retrieveKeys(context, request, claims.issuer, provider);
  await verifySignature(token, keys, notes);

  notes.push(`token expires at ${claims.expiresAt}`);
  checkTimes(claims, world.clock.now());

  // With several audiences, `azp` names the authorized party (OpenID Connect Core 1.0, section 2).
  const candidates = claims.authorizedParty !== undefined ? [claims.authorizedParty] : claims.audiences;
  notes.push(
    `token audience is ${candidates.join(', ')}; provider lists ${[...provider.clientIds].join(', ') || 'no client id'}`,
  );
  const audience = candidates.find((candidate) => provider.clientIds.has(candidate));
  if (audience === undefined) throw invalidIdentityToken('Incorrect token audience');
  return { provider, claims, audience };
}

function findProvider({ world }: ServiceContext, issuer: string, accountId: string): OidcProvider | undefined {
  const name = issuer.replace(/^https?:\/\//, '');
  return world
    .account(accountId)
    ?.oidcProviders.elsewhere(`arn:${world.partition}:iam::${accountId}:oidc-provider/${name}`);
}

async function retrieveKeys(
  context: ServiceContext,
  request: ServiceRequest,
  issuer: string,
  provider: OidcProvider,
): Promise<JsonWebKeySet> {
  const cluster = clusterOfIssuer(context.world, (clusterIssuer) => clusterIssuer === issuer);
  await context.disturb(request, { service: 'sts', operation: 'FetchIssuerKeys', clusterName: cluster?.name });
  try {
    return await issuerKeys(issuer, cluster, provider.thumbprints);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    context.trace(request).notes.push(`the issuer's keys could not be fetched: ${reason}`);
    if (error instanceof ThumbprintError) {
      throw invalidIdentityToken("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint");
    }
    throw noVerificationKey();
  }
}

async function verifySignature(token: string, keys: JsonWebKeySet, notes: string[]): Promise<void> {
  try {
    const keySet = createLocalJWKSet(keys as unknown as JSONWebKeySet);
    await compactVerify(token, keySet, { algorithms: ALGORITHMS });
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
      notes.push("the issuer does not have the token's key");
      throw noVerificationKey();
    }
    if (error instanceof errors.JOSEAlgNotAllowed) notes.push("the token's signature algorithm is not supported");
    else notes.push("the signature does not match the issuer's key");
    throw invalidIdentityToken('The signature of the token is not valid');
  }
  notes.push("the signature matches the issuer's key");
}

function noVerificationKey(): Error {
  return invalidIdentityToken(
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity " +
      'documentation for requirements',
  );
}
