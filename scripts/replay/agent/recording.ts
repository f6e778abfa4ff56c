import { HarnessError } from '../../../foundation/errors.ts';
import { isObject } from '../webhook-recording.ts';

/** One request that was made of the agent, and its answer. */
export interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    /** Host header; null: none. */
    readonly host: string | null;
    /** Authorization headers, with `<…>` for tokens; null: none. */
    readonly authorization: string | readonly string[] | null;
  };
  /** What EKS Auth answers meanwhile. */
  readonly eksAuth: string;
  readonly response: {
    readonly status: number;
    readonly contentType?: string | null;
    readonly body?: unknown;
    readonly location?: string | null;
    readonly headers?: Readonly<Record<string, string | null>>;
  };
  readonly eksAuthCalls?: number;
}

/** What was recorded of an agent. */
export interface AgentRecording {
  readonly exchanges: readonly Exchange[];
  readonly eksAuthRequest?: {
    readonly path?: string;
    readonly authorization?: string;
    readonly 'content-type'?: string;
    readonly 'body-keys'?: readonly string[];
  };
  readonly singleFlight?: {
    readonly concurrent: number;
    readonly statuses: readonly number[];
    readonly eksAuthCalls: number;
  };
  readonly rateLimit?: { readonly configured: string };
  readonly sigterm?: { readonly exitCode: number };
  readonly metrics?: readonly string[];
}

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';

function checkExchange(value: unknown, at: number): void {
  const where = `exchanges[${at}]`;
  const fail = (what: string): never => {
    throw new HarnessError('BAD_FILE', `${where}${what}`);
  };
  if (!isObject(value)) return fail(' is not an object');
  if (typeof value['name'] !== 'string') return fail('.name is not a text');
  if (typeof value['eksAuth'] !== 'string') return fail('.eksAuth is not a text');
  const { request, response } = value;
  if (!isObject(request)) return fail('.request is not an object');
  for (const member of ['method', 'path']) {
    if (typeof request[member] !== 'string') return fail(`.request.${member} is not a text`);
  }
  if (!isTextOrNull(request['host'])) return fail('.request.host is neither a text nor null');
  const { authorization } = request;
  const texts = Array.isArray(authorization) ? authorization : [authorization];
  if (!texts.every(isTextOrNull)) return fail('.request.authorization is neither a text nor null');
  if (!isObject(response) || typeof response['status'] !== 'number') return fail('.response.status is not a number');
}

/** @throws HarnessError BAD_FILE */
export function readAgentRecording(value: unknown): AgentRecording {
  if (!isObject(value) || !Array.isArray(value['exchanges']))
    throw new HarnessError('BAD_FILE', 'exchanges is not a list');
  value['exchanges'].forEach(checkExchange);
  const { metrics, singleFlight } = value;
  if (metrics !== undefined && !(Array.isArray(metrics) && metrics.every((line) => typeof line === 'string'))) {
    throw new HarnessError('BAD_FILE', 'metrics is not a list of texts');
  }
  if (singleFlight !== undefined && !(isObject(singleFlight) && typeof singleFlight['concurrent'] === 'number')) {
    throw new HarnessError('BAD_FILE', 'singleFlight.concurrent is not a number');
  }
  return value as unknown as AgentRecording;
}
