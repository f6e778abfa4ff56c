import { randomUUID } from 'node:crypto';
import { compilePolicy } from '../../identity/policy/index.ts';
import { symmetricKeyContext } from '../../identity/policy/key-policy.ts';
import type { ServiceRequest } from '../core/service.ts';
import type { CallRecord } from '../world/call-log.ts';
import type { AuthorizationQuestion } from '../world/context.ts';
import type { CallHandlerOptions } from './handle-call.ts';
import { NOTHING } from './read-request.ts';

export interface Authorization extends Pick<AuthorizationQuestion, 'action' | 'resource' | 'context'> {
  /** JSON of the resource's policy. Default: none, or the key's policy for a KMS key. */
  readonly resourcePolicy?: string | undefined;
}

/**
 * Decides about a request to any service as the caller that signed earlier calls. Records it as the operation `Authorize`.
 * Returns the record with AWS's message. Undefined if not exactly one session or user signed the calls.
 * Throws `MalformedPolicyDocument`.
 */
export function authorizeAsCallerOf(
  requestIds: readonly string[],
  { resourcePolicy, ...authorizationRequest }: Authorization,
  { context, log }: CallHandlerOptions,
): { readonly call: CallRecord; readonly message: string } | undefined {
  const earlier = log.find(requestIds[0] ?? '');
  const [caller, ...others] = new Set(requestIds.map((id) => log.callerOf(id)));
  if (earlier === undefined || caller === undefined || others.length > 0) return undefined;
  const time = context.world.clock.now();
  const request: ServiceRequest = {
    id: randomUUID(),
    ...{ method: 'POST', path: '/', query: '', headers: {}, body: NOTHING, sourceIp: '127.0.0.1', presigned: false },
    ...{ caller, time, applicationId: earlier.applicationId },
  };
  const { action, resource } = authorizationRequest;
  const keyPolicy = context.world.keyPolicies.get(resource);
  const question = {
    ...authorizationRequest,
    context: { ...(keyPolicy && symmetricKeyContext(action, caller.accountId)), ...authorizationRequest.context },
    resourceAccount: resource.split(':')[4] || caller.accountId,
    resourcePolicy:
      resourcePolicy === undefined
        ? keyPolicy
        : compilePolicy(resourcePolicy, { kind: 'resource', name: `policy of ${resource}` }),
  };
  const decision = context.authorize(request, question);
  const isAllowed = decision.value === 'allowed';
  const call: CallRecord = {
    ...{ requestId: request.id, time, receivedAt: Date.now(), connection: earlier.connection, milliseconds: 0 },
    ...{ service: 'iam', caller: caller.arn, applicationId: earlier.applicationId, status: isAllowed ? 200 : 403 },
    errorCode: isAllowed ? undefined : 'AccessDenied',
    ...{ ...context.trace(request), operation: 'Authorize' },
  };
  log.add(call, caller);
  return { call, message: isAllowed ? '' : context.accessDenied(request, question, decision).message };
}
