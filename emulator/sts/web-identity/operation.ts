import type { ServiceContext } from '../../world/context.ts';
import { type RequestContext } from '../../../identity/policy/global-keys.ts';
import { podKey } from '../../core/pod-key.ts';
import type { QueryOperation } from '../../query/protocol.ts';
import { tokenContext } from '../../../identity/web-identity.ts';
import { assumedRoleResult, roleParameters } from '../assume-role-operation.ts';
import { assumeRole } from '../assume-role.ts';
import { clusterOfIssuer } from './issuer-keys.ts';
import { verifyWebIdentity, type WebIdentity } from './verify.ts';

/** AssumeRoleWithWebIdentity (STS API Reference). It is unsigned, because the token proves the caller's identity. */
export function webIdentityOperation(context: ServiceContext): QueryOperation {
  return async (request, parameters) => {
    const token = parameters.required('WebIdentityToken');
    const role = roleParameters(parameters, () => 'Request ARN is invalid');
    const { accountId } = role;
    const identity = await verifyWebIdentity(context, request, token, accountId);
    const { provider, claims } = identity;
    const assumed = assumeRole(context, request, {
      ...role,
      principal: {
        kind: 'federated',
        ...{ providerArn: provider.arn, accountId, requestContext: requestContextOf(context, identity) },
      },
      tags: claims.tags,
      transitiveTagKeys: claims.transitiveTagKeys,
      sourceIdentity: claims.sourceIdentity,
      context: identityContext(identity),
      sessionContext: lastingContext(identity),
    });
    return {
      SubjectFromWebIdentityToken: claims.subject,
      ...assumedRoleResult(assumed),
      Provider: claims.issuer,
      Audience: identity.audience,
    };
  };
}

function requestContextOf({ world }: ServiceContext, { claims }: WebIdentity): RequestContext | undefined {
  const { issuer, pod } = claims;
  const cluster = pod && clusterOfIssuer(world, (one) => one === issuer);
  return pod && cluster && world.podContexts.get(podKey({ clusterName: cluster.name, ...pod }));
}

/** IAM and STS condition context keys, "Available keys for AWS OIDC federation". */
function identityContext(identity: WebIdentity): Record<string, string | readonly string[]> {
  const { provider, claims } = identity;
  return {
    ...lastingContext(identity),
    ...(claims.methods.length > 0 ? { [`${provider.issuer}:amr`]: claims.methods } : {}),
    ...(claims.authorizedParty !== undefined ? { [`${provider.issuer}:oaud`]: claims.audiences } : {}),
  };
}

const lastingContext = ({ provider, claims, audience }: WebIdentity): Readonly<Record<string, string>> =>
  tokenContext(provider, claims.subject, audience);
