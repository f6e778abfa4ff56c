import { roleOfSession } from '../foundation/aws/role-arn.ts';
import type { CallCounter } from './call-counter.ts';
import type { AwsCredentials, CredentialsProvider } from './credentials.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { signedHeaders } from './signed-headers.ts';

export interface EksAuthAnswer {
  /** ARN of the session's role; undefined if the call was refused. */
  readonly roleArn?: string;
  readonly code?: string;
  readonly message?: string;
}

/** The service's answer. After a network error, `code` has the error and `status` is undefined. */
export interface EksAuthResponse extends EksAuthAnswer {
  readonly status?: number;
  readonly requestId?: string;
}

export interface PodSession {
  readonly credentials: AwsCredentials;
  /** Seconds since the epoch. */
  readonly expiration: number;
  readonly arn: string;
  /** `<id of the role>:<name of the session>`. */
  readonly userId: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string;
  readonly associationId: string;
  readonly associationArn: string;
}

interface EksAuthOptions {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: CredentialsProvider;
  readonly counter: Pick<CallCounter, 'sent'>;
  readonly limiter: Pick<RateLimiter, 'turn'>;
}

const CALL_MILLISECONDS = 10_000;

/** Calls `openPodSession` and returns its result without the credentials. */
export async function askEksAuth(
  options: EksAuthOptions,
  clusterName: string,
  token: string,
): Promise<EksAuthResponse> {
  const { session: _session, requestId: _requestId, ...answer } = await openPodSession(options, clusterName, token);
  return answer;
}

/**
 * Asks EKS Auth for the credentials of a pod's token, as the agent does (EKS Auth API Reference,
 * "AssumeRoleForPodIdentity"). Does not use the SDK, whose client requires an agent. Messages never contain credentials
 * or the token. Makes one attempt; rejects only if the caller's own credentials are unavailable.
 */
export async function openPodSession(
  options: EksAuthOptions,
  clusterName: string,
  token: string,
): Promise<EksAuthResponse & { readonly session?: PodSession }> {
  const { endpoint, counter, limiter } = options;
  const { origin, pathname } = new URL(endpoint);
  const path = `${pathname.replace(/\/$/, '')}/clusters/${encodeURIComponent(clusterName)}/assume-role-for-pod-identity`;
  const body = JSON.stringify({ token });
  await limiter.turn();
  const headers = await signedHeaders(options, 'eks-auth', { method: 'POST', url: new URL(path, origin), body });
  let response: Response;
  let text: string;
  try {
    const signal = AbortSignal.timeout(CALL_MILLISECONDS);
    response = await fetch(`${origin}${path}`, { method: 'POST', headers, body, signal, redirect: 'manual' });
    text = await response.text();
  } catch (error) {
    counter.sent('eks-auth:AssumeRoleForPodIdentity', 'NetworkError');
    return { code: networkCode(error), message: `EKS Auth at ${origin} does not answer.` };
  }
  const answer = readAnswer(response, text, token);
  counter.sent('eks-auth:AssumeRoleForPodIdentity', answer.code);
  return answer;
}

interface EksAuthOutput {
  readonly subject?: Readonly<Record<string, string>>;
  readonly audience?: string;
  readonly podIdentityAssociation?: Readonly<Record<string, string>>;
  readonly assumedRoleUser?: { readonly arn?: string; readonly assumeRoleId?: string };
  readonly credentials?: Readonly<Record<string, string | number>>;
  readonly __type?: string;
  readonly code?: string;
  readonly message?: string;
  readonly Message?: string;
}

function readAnswer(
  response: Response,
  text: string,
  token: string,
): EksAuthResponse & { readonly session?: PodSession } {
  const { status, headers } = response;
  const id = headers.get('x-amzn-requestid');
  const request = id === null ? {} : { requestId: id };
  let answer: EksAuthOutput;
  try {
    answer = (JSON.parse(text) ?? {}) as EksAuthOutput;
  } catch {
    answer = {};
  }
  const roleArn = roleOfSession(answer.assumedRoleUser?.arn ?? '');
  if (response.ok && roleArn !== undefined) return { status, roleArn, ...request, session: sessionOf(answer) };
  const named = headers.get('x-amzn-errortype') ?? answer.__type ?? answer.code;
  // `com.amazon.eks#InvalidTokenException:http://…`
  const code = named?.split(':')[0]?.split('#').at(-1);
  const rawMessage = answer.message ?? answer.Message ?? '';
  const message = token === '' ? rawMessage : rawMessage.replaceAll(token, '[redacted]');
  return { status, ...request, code: code ?? `HTTP ${status}`, ...(message !== '' && { message }) };
}

function sessionOf({
  subject,
  audience,
  podIdentityAssociation,
  assumedRoleUser,
  credentials,
}: EksAuthOutput): PodSession {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    credentials: {
      accessKeyId: text(credentials?.['accessKeyId']),
      secretAccessKey: text(credentials?.['secretAccessKey']),
      sessionToken: text(credentials?.['sessionToken']),
    },
    expiration: Number(credentials?.['expiration']),
    arn: text(assumedRoleUser?.arn),
    userId: text(assumedRoleUser?.assumeRoleId),
    namespace: text(subject?.['namespace']),
    serviceAccount: text(subject?.['serviceAccount']),
    audience: text(audience),
    associationId: text(podIdentityAssociation?.['associationId']),
    associationArn: text(podIdentityAssociation?.['associationArn']),
  };
}

function networkCode(error: unknown): string {
  const cause = (error as { readonly cause?: { readonly code?: unknown } }).cause?.code;
  return typeof cause === 'string' ? cause : (error as Error).name;
}
