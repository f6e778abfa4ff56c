import { isJsonObject } from '../../foundation/node/json.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { grouped } from '../../foundation/node/grouped.ts';
import type { CallRecord } from '../../emulator/index.ts';

/** A statement that decided a request. */
export interface DecidingStatement {
  /** For example `inline policy read of role app`. */
  readonly policy: string;
  readonly kind: 'identity' | 'resource' | 'trust' | 'session' | 'boundary' | 'scp' | 'rcp';
  readonly sid?: string | undefined;
  /** Position in the policy, from 1. */
  readonly statement: number;
  readonly effect: 'Allow' | 'Deny';
}

/** A call to the emulated AWS, without tokens, keys, signatures and bodies. */
export interface RecordedCall {
  /** Position among the emulator's calls, from 1. */
  readonly number: number;
  /** ISO 8601, by the emulated AWS's clock. */
  readonly time: string;
  readonly service: string;
  /** For example `GetObject`. */
  readonly operation: string;
  /** ARN, or `anonymous`. */
  readonly caller: string;
  readonly status: number;
  /** The error's code. */
  readonly code?: string | undefined;
  readonly milliseconds: number;
  readonly requestId: string;
  /** In the order of evaluation. */
  readonly authorizations: readonly {
    readonly action: string;
    readonly resource: string;
    readonly decision: 'allowed' | 'implicitlyDenied' | 'explicitlyDenied' | 'unknown';
    readonly reason: string;
    /** If nothing allows the request, the nearest one. */
    readonly deciding: readonly DecidingStatement[];
  }[];
  readonly notes: readonly string[];
}

/** Returns a call as data. `number`: its position, from 1. */
export function recordedCall(call: CallRecord, number: number): RecordedCall {
  const { requestId, service, operation, caller, status, errorCode: code, milliseconds, notes } = call;
  const time = new Date(call.time).toISOString();
  return {
    ...{ number, time, requestId, service, operation, caller, status, code, milliseconds, notes },
    authorizations: call.authorizations.map(
      ({ action, resource, decision: { value, reason, deciding, statements } }) => ({
        ...{ action, resource, decision: value, reason, statements },
        deciding: deciding.map(({ policy, kind, sid, index, effect }) => ({
          ...{ policy, kind, sid, effect },
          statement: index + 1,
        })),
      }),
    ),
  };
}

/** Reads the lines of `emulator --log`. Ignores lines of other output. Throws `HarnessError` BAD_FILE without a call. */
export function readCalls(text: string, source: string): readonly RecordedCall[] {
  const calls = text.split('\n').flatMap((line) => {
    const value: unknown = line.startsWith('{') ? parsedLine(line) : undefined;
    return isJsonObject(value) && Array.isArray(value['authorizations']) ? [value as unknown as RecordedCall] : [];
  });
  if (calls.length > 0) return calls;
  throw new HarnessError('BAD_FILE', `${source} has no recorded calls. Name a file of \`emulator --log\`.`);
}

/** A killed emulator may leave an incomplete last line. */
function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Returns the number of calls before the first one that are missing, because the log was rotated. */
export const missingCalls = ([first]: readonly RecordedCall[]): number => (first?.number ?? 1) - 1;

/** Returns the role or user of a caller's ARN, such as `app`; undefined for others. */
export const identityOf = ({ caller }: RecordedCall): string | undefined =>
  /:(?:assumed-role\/([^/]+)\/|user\/(?:.*\/)?([^/]+)$)/.exec(caller)?.slice(1).find(Boolean);

export interface NeededPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly { readonly Effect: 'Allow'; readonly Action: string[]; readonly Resource: string[] }[];
}

/**
 * Returns the identity policy that the calls need, denied ones included: their actions on exactly their resources. Trust
 * policies are not part of it.
 */
export function neededPolicy(calls: readonly RecordedCall[]): NeededPolicy {
  const actions = new Map<string, Set<string>>();
  for (const { service, authorizations } of calls)
    for (const { action, resource } of authorizations) {
      // EKS Auth assumes the role itself. Nobody needs a permission for GetCallerIdentity.
      if (action === 'sts:GetCallerIdentity' || (service === 'eks-auth' && action.startsWith('sts:'))) continue;
      actions.set(resource, (actions.get(resource) ?? new Set()).add(action));
    }
  const resources = grouped([...actions.keys()].sort(), (resource) => [...(actions.get(resource) ?? [])].sort().join());
  const Statement = [...resources].map(([key, Resource]) => ({
    Effect: 'Allow' as const,
    Action: key.split(','),
    Resource,
  }));
  return { Version: '2012-10-17', Statement };
}
