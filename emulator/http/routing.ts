import type { ServiceName, ServiceResponse } from '../core/service.ts';
import { decodeQueryPart, queryPairs, readSignature, SignatureProblem, type ClaimedSignature } from '../sigv4/index.ts';
import type { RequestHead } from './read-request.ts';
import { renderXml } from '../query/xml.ts';

/** The request's service and signature. `problem` is set if the signature cannot be read. */
export interface Destination {
  readonly service: ServiceName;
  /** Signing name of a service that the emulator does not support. */
  readonly other?: string;
  readonly claimed: ClaimedSignature | undefined;
  readonly problem: SignatureProblem | undefined;
}

const SERVICES: ReadonlySet<string> = new Set<ServiceName>(['s3', 'iam', 'sts', 'eks', 'eks-auth', 'ec2']);

/** Finds the service by the signature's scope, because all services share a port. */
export function destinationOf(head: RequestHead): Destination {
  let claimed: ClaimedSignature | undefined;
  try {
    claimed = readSignature(head);
  } catch (error) {
    if (!(error instanceof SignatureProblem)) throw error;
    return { service: scopeHint(head) ?? unsignedService(head), claimed: undefined, problem: error };
  }
  if (claimed === undefined) return { service: unsignedService(head), claimed, problem: undefined };
  if (isService(claimed.service)) return { service: claimed.service, claimed, problem: undefined };
  return { service: unsignedService(head), other: claimed.service, claimed, problem: undefined };
}

/** Guesses the service of an unreadable signature. */
function scopeHint({ headers, query }: RequestHead): ServiceName | undefined {
  const text = `${headers['authorization'] ?? ''} ${decodeQueryPart(query)}`;
  const service = /\/([a-z0-9-]+)\/aws4_request/.exec(text)?.[1];
  return service !== undefined && isService(service) ? service : undefined;
}

function unsignedService(head: RequestHead): ServiceName {
  if (head.method === 'POST' && /^\/clusters\/[^/]+\/assume-role-for-pod-identity$/.test(head.path)) return 'eks-auth';
  // S3 has no forms of this type and no parameter `Action`.
  if (head.method === 'POST' && isForm(head)) return 'sts';
  return head.path === '/' && parameter(head.query, 'Action') !== undefined ? 'sts' : 's3';
}

export function isForm({ headers }: RequestHead): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
}

/** Whether a call needs no signature, because its payload proves the identity. */
export function needsNoSignature(service: ServiceName, action: string | undefined): boolean {
  if (service === 's3') return true;
  return (
    service === 'sts' && action !== undefined && ['AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML'].includes(action)
  );
}

export function actionOf(head: RequestHead, body: Buffer): string | undefined {
  return (isForm(head) ? parameter(body.toString('latin1'), 'Action') : undefined) ?? parameter(head.query, 'Action');
}

function parameter(form: string, name: string): string | undefined {
  const pair = queryPairs(form).find(([key]) => key === name);
  return pair === undefined ? undefined : decodeQueryPart(pair[1]);
}

function isService(name: string): name is ServiceName {
  return SERVICES.has(name);
}

/** Rejects an unsupported service, in the request's protocol so that clients show it (Smithy, "AWS protocols"). */
export function refuseOtherService(service: string, head: RequestHead, requestId: string): ServiceResponse {
  const message = `This emulator does not support ${service}. It supports ${[...SERVICES].join(', ')}.`;
  const id = { 'x-amzn-requestid': requestId };
  if (isForm(head)) {
    const error = { Error: { Type: 'Sender', Code: 'InvalidAction', Message: message }, RequestId: requestId };
    const body = `<ErrorResponse>${renderXml(error)}</ErrorResponse>`;
    return { status: 400, headers: { ...id, 'content-type': 'text/xml' }, body };
  }
  const code = 'UnknownOperationException';
  const sent = head.headers['content-type'] ?? '';
  const type = sent.startsWith('application/x-amz-json') ? sent : 'application/json';
  const headers = { ...id, 'content-type': type, 'x-amzn-errortype': code };
  return { status: 404, headers, body: JSON.stringify({ __type: code, message }) };
}
