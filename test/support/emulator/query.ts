import { XMLParser } from 'fast-xml-parser';
import type { Caller } from '../../../identity/policy/principal.ts';
import type { Service, ServiceRequest } from '../../../emulator/core/service.ts';
import { answerTo, aRequest } from './requests.ts';

/** Response of a query call. Lists are arrays of `member` elements. */
export interface QueryResponse {
  readonly status: number;
  readonly body: string;
  /** Returns an element below the `<XResult>` element by a path such as `Role.Arn` or `Roles.member`. */
  readonly get: (path: string) => unknown;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly request: ServiceRequest;
}

export type Parameters = Readonly<Record<string, string | number | undefined>>;

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'member' });

/** Returns a function that calls a query service like the server, without a network. */
export function queryCaller(service: Service, version: string) {
  let count = 0;
  return async (caller: Caller | undefined, action: string, parameters: Parameters = {}): Promise<QueryResponse> => {
    const form = new URLSearchParams({ Action: action, Version: version });
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.set(name, String(value));
    const request = aRequest({
      id: `request-${(count += 1)}`,
      time: Date.now(),
      method: 'POST',
      caller,
      body: Buffer.from(form.toString()),
    });
    return answerOf(service, action, request);
  };
}

async function answerOf(service: Service, action: string, request: ServiceRequest): Promise<QueryResponse> {
  const response = await answerTo(service, request);
  const body = String(response.body);
  const document = parser.parse(body) as unknown;
  const read = (path: string) =>
    path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
  return {
    status: response.status,
    body,
    get: (path) => read(`${action}Response.${action}Result.${path}`),
    code: read('ErrorResponse.Error.Code') as string | undefined,
    message: read('ErrorResponse.Error.Message') as string | undefined,
    request,
  };
}
