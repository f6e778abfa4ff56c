/** Performs operations with an SDK's credentials and interprets the responses. */
import type { ClientAnswer, ClientError, ClientOperation } from '../../foundation/protocols/client-protocol.ts';
import type { Identity, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { diagnoseMissingCredentials } from './diagnose.ts';
import { plainCode } from './service-error.ts';

export type OperationResult = Omit<ClientAnswer, 'id'>;

/** This program's SDK, or a client's program. */
export interface OperationClient {
  /**
   * Returns the identity of the credentials, or the error without credentials. Undefined if the client cannot call STS; AWS's
   * record then shows the identity. `askAgain`: call STS even if the credentials are known.
   */
  readonly identify?: (askAgain: boolean) => Promise<OperationResult>;
  readonly answer: (operation: ClientOperation) => Promise<OperationResult>;
  /** Makes the next operation use the whole chain again, like a new process. */
  readonly renewCredentials: () => void;
}

export async function runOperation(client: OperationClient, operation: ClientOperation): Promise<ProbeResult> {
  const asksWho = operation.do === 'GetCallerIdentity';
  const { identity, error, ...details } = (await client.identify?.(asksWho)) ?? {};
  if (error !== undefined) return withoutCredentials(error);
  if (!asksWho) return resultOf(operation, await client.answer(operation), identity);
  if (identity === undefined) return { outcome: 'error', message: 'the client reports no identity' };
  return { outcome: 'granted', identity, ...details, facts: { sessionName: identity.arn.split('/').at(-1) ?? '' } };
}

function resultOf(
  operation: ClientOperation,
  { error, ...answer }: OperationResult,
  before: Identity | undefined,
): ProbeResult | Promise<ProbeResult> {
  const identity = answer.identity ?? before;
  const identityPart = identity && { identity };
  if (error === undefined) return { outcome: 'granted', ...answer, ...identityPart };
  if (identity === undefined && error.service !== 's3') return withoutCredentials(error);
  const { status, code, message, requestId, service = 'bucket' in operation ? 's3' : 'sts' } = error;
  return {
    outcome: outcomeOf(status),
    layer: service,
    code: plainCode(code, status),
    message,
    ...identityPart,
    ...(status !== undefined && { status }),
    ...(requestId !== undefined && { requestId }),
  };
}

/** Returns the outcome of a signed request. 404 means that the call was authorized. */
export function outcomeOf(status: number | undefined): ProbeResult['outcome'] {
  if (status === 404) return 'absent';
  if (status === 403) return 'denied';
  return status !== undefined && status >= 400 && status < 500 ? 'refused' : 'error';
}

/** Returns the result without credentials: STS's rejection, or another reason for missing ones. */
function withoutCredentials(error: ClientError): ProbeResult | Promise<ProbeResult> {
  const { service, status, code, message, requestId } = error;
  if (service === undefined) return diagnoseMissingCredentials(error);
  const details = { layer: service, code, ...(requestId !== undefined && { requestId }) };
  if (status === undefined)
    return { outcome: 'error', ...details, message: `${service.toUpperCase()} cannot be reached (${code})` };
  return { outcome: 'refused', ...details, status, message };
}
