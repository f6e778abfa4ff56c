import type { RequestDifference } from '../../../identity/difference/index.ts';
import { principalName, type Principal } from '../../../identity/policy/principal.ts';
import type { AuthorizationInput, ConditionContext } from '../../../identity/policy/index.ts';
import type { Scene } from '../../predict/scene.ts';
import { withAliases } from './attempts.ts';
import { documentOf } from './callers.ts';

/** A case of `evaluate`, which holds with the original policies. */
export type RequestCase = Readonly<Record<string, unknown>>;

/** Says in words who may do what, for a request that no pod of the suite can make. */
export function requestWords(
  scene: Scene,
  { request, newly }: RequestDifference,
  keysOfPod: ConditionContext = {},
): string {
  const { principal, action, resource, context } = request;
  const isOfRequest = ([key]: readonly [string, unknown]): boolean => !(key in keysOfPod);
  const keys = Object.entries(context)
    .filter(isOfRequest)
    .map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const verb = newly === 'allowed' ? 'may' : 'may no longer';
  const conditions = keys.length === 0 ? '' : ` with ${keys.join(', ')}`;
  return withAliases(scene, `${callerWords(principal)} ${verb} call \`${action}\` on \`${resource}\`${conditions}`);
}

const callerWords = (principal: Principal): string =>
  principal.kind === 'role-session' ? `a session of \`${principal.roleArn}\`` : `\`${principalName(principal)}\``;

/** Returns the request with the original policies. */
export function requestCase({ before, request }: RequestDifference, name: string): RequestCase {
  const { input, value } = before;
  const { identityPolicies, resourcePolicy, trustPolicy, sessionPolicies = [], permissionsBoundary } = input;
  const levels = (all: AuthorizationInput['scps'] = []): unknown =>
    all.map(({ name: level, policies }) => ({ level, policies: policies.map(documentOf) }));
  return {
    name,
    request: { ...request, principal: principalName(request.principal).replace(/^anonymous$/, '*') },
    ...(identityPolicies.length > 0 && { identityPolicies: identityPolicies.map(documentOf) }),
    ...(resourcePolicy && !trustPolicy && { resourcePolicy: documentOf(resourcePolicy) }),
    ...(trustPolicy && { trustPolicy: documentOf(trustPolicy) }),
    ...(sessionPolicies.length > 0 && { sessionPolicy: sessionPolicies.map(documentOf) }),
    ...(permissionsBoundary && { permissionsBoundary: documentOf(permissionsBoundary) }),
    ...(input.scps?.length && { scps: levels(input.scps) }),
    ...(input.rcps?.length && { rcps: levels(input.rcps) }),
    expect: value,
  };
}
