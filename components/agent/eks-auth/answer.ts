import { parseJson, type JsonNode } from '../../go/json-parse.ts';
import { AgentPanic, EksAuthError, FetchError } from './errors.ts';
import type { UpstreamResponse } from './post.ts';

export interface PodCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** The target role's account, if the association has a target role. */
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  readonly expiration: number;
  readonly associationId: string;
  readonly roleArn: string;
  readonly roleId: string;
}

const OPERATION = 'operation error EKS Auth: AssumeRoleForPodIdentity';

export function operationError(what: string): FetchError {
  return new FetchError(`unable to fetch credentials from EKS Auth: ${OPERATION}, ${what}`);
}

function member(node: JsonNode | undefined, name: string): JsonNode | undefined {
  if (node?.kind !== 'object') return undefined;
  const memberNode = node.entries.findLast(([key]) => key === name)?.[1];
  return memberNode?.kind === 'null' ? undefined : memberNode;
}

function text(node: JsonNode | undefined): string | undefined {
  return node?.kind === 'string' ? node.value : undefined;
}

function required(node: JsonNode | undefined, name: string): string {
  const value = text(member(node, name));
  if (value === undefined) throw new AgentPanic(`EKS Auth's answer has no ${name}`);
  return value;
}

/** Returns the exception's name `Type`, also for `Type:detail` and `namespace#Type`. */
function exceptionName(code: string): string {
  const name = code.split(':', 1)[0] ?? '';
  return name.slice(name.indexOf('#') + 1);
}

function requestId(answer: UpstreamResponse): string {
  return String(answer.headers['x-amzn-requestid'] ?? answer.headers['x-amz-requestid'] ?? '');
}

/** Returns a member of an error body by its name in any case, like Go's JSON decoder. */
function looseMember(node: JsonNode, name: string): string {
  if (node.kind !== 'object') return '';
  return text(node.entries.findLast(([key]) => key.toLowerCase() === name)?.[1]) ?? '';
}

/** Reads an error response. @see https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export function readError(answer: UpstreamResponse): EksAuthError {
  const id = requestId(answer);
  let body: JsonNode;
  try {
    const empty = answer.body.toString('latin1').trim() === '';
    body = empty ? { kind: 'null' } : parseJson(answer.body);
  } catch {
    return new EksAuthError(answer.status, id);
  }
  if (body.kind !== 'object' && body.kind !== 'null') return new EksAuthError(answer.status, id);
  const header = answer.headers['x-amzn-errortype'];
  const named = (typeof header === 'string' ? header : '') || looseMember(body, 'code') || looseMember(body, '__type');
  const code = exceptionName(named) || 'UnknownError';
  return new EksAuthError(answer.status, id, { code, message: looseMember(body, 'message') || code });
}

function accountOf(arn: string): string {
  const refused = (why: string): FetchError => new FetchError(`unable to parse arn from assumed role: arn: ${why}`);
  if (!arn.startsWith('arn:')) throw refused('invalid prefix');
  const sections = arn.split(':');
  if (sections.length < 6) throw refused('not enough sections');
  return sections[4] ?? '';
}

/** Prints the response like Go, with a pointer for each member. */
function printed(body: JsonNode): string {
  const members = ['assumedRoleUser', 'audience', 'credentials', 'podIdentityAssociation', 'subject'];
  const pointers = members.map((name, at) =>
    member(body, name) === undefined ? '<nil>' : `0xc0000${(0x12000 + at * 0x10).toString(16)}`,
  );
  return `&{${pointers.join(' ')}}`;
}

/** Reads a response. @throws FetchError without credentials, AgentPanic without a member that the real agent dereferences */
export function readCredentials(answer: UpstreamResponse): PodCredentials {
  let body: JsonNode;
  try {
    body = answer.body.length === 0 ? { kind: 'null' } : parseJson(answer.body);
  } catch (error) {
    throw operationError(`deserialization failed, ${error instanceof Error ? error.message : 'unknown error'}`);
  }
  const credentials = member(body, 'credentials');
  const user = member(body, 'assumedRoleUser');
  if (credentials === undefined || user === undefined) {
    throw new FetchError(`invalid response from server: credentials or assumed role empty: ${printed(body)}`);
  }
  const expiration = member(credentials, 'expiration');
  const roleArn = required(user, 'arn');
  const roleId = required(user, 'assumeRoleId');
  const accountId = accountOf(roleArn);
  if (expiration?.kind !== 'number') throw new AgentPanic("EKS Auth's answer has no expiration");
  return {
    accessKeyId: required(credentials, 'accessKeyId'),
    secretAccessKey: required(credentials, 'secretAccessKey'),
    sessionToken: required(credentials, 'sessionToken'),
    accountId,
    expiration: Math.trunc(Number(expiration.raw) * 1000),
    associationId: required(member(body, 'podIdentityAssociation'), 'associationId'),
    roleArn,
    roleId,
  };
}
