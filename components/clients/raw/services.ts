import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { element } from '../../../foundation/aws/xml.ts';
import { correctClock, now } from './clock.ts';
import type { Credentials } from './credentials.ts';
import { Failure } from './failure.ts';
import { retry } from './retry.ts';
import { isTransientStatus, send, type RawResponse } from './send.ts';

export interface ServiceRequest {
  readonly service: 's3' | 'sts';
  readonly method: string;
  /** Percent-encoded. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const TIMEOUT_MILLISECONDS = 20_000;

/** Retried codes (AWS STS API Reference, AssumeRoleWithWebIdentity; SDKs and Tools Reference Guide, "Retry behavior"). */
const TRANSIENT_CODES =
  /^(IDPCommunicationError|Throttling|ThrottlingException|RequestLimitExceeded|SlowDown|RequestTimeout)$/;

const SKEW_CODES =
  /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture|SignatureDoesNotMatch|InvalidSignatureException)$/;

function region(): string {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const configuredRegion = AWS_REGION || AWS_DEFAULT_REGION;
  if (!configuredRegion) throw new Failure('NoRegion', 'neither AWS_REGION nor AWS_DEFAULT_REGION is set');
  return configuredRegion;
}

/** Returns the configured endpoint, or the region's (AWS SDKs and Tools Reference Guide, "Service-specific endpoints"). */
function endpointOf(service: 's3' | 'sts'): string {
  const { env } = process;
  return (
    env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ||
    env['AWS_ENDPOINT_URL'] ||
    `https://${service}.${region()}.amazonaws.com`
  );
}

/** Sends a request with retries, signed with the current credentials or unsigned. Throws a `Failure` for an error. */
export function call<T>(
  request: () => ServiceRequest,
  read: (answer: RawResponse) => T,
  credentials?: () => Promise<Credentials>,
): Promise<T> {
  return retry(async () => {
    const held = await credentials?.();
    try {
      return read(await answerTo(request(), held));
    } catch (error) {
      const isSkewed = error instanceof Failure && SKEW_CODES.test(error.code) && correctClock(error.details.date);
      if (!isSkewed) throw error;
      return read(await answerTo(request(), held));
    }
  });
}

async function answerTo(request: ServiceRequest, credentials: Credentials | undefined): Promise<RawResponse> {
  const { service, method, path = '/', query = {}, body } = request;
  const url = new URL(path, endpointOf(service));
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const headers = { host: url.host, ...request.headers };
  const signed = credentials === undefined ? headers : await signedHeaders(request, url, headers, credentials);
  const answer = await send({
    url,
    method,
    headers: signed,
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    ...(body !== undefined && { body }),
  });
  if (answer.status >= 300) throw failureOf(service, answer);
  return answer;
}

async function signedHeaders(
  { service, method, body = '' }: ServiceRequest,
  { hostname, pathname, searchParams }: URL,
  headers: Readonly<Record<string, string>>,
  credentials: Credentials,
): Promise<Readonly<Record<string, string>>> {
  const signer = new SignatureV4({
    credentials,
    region: region(),
    service,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    applyChecksum: service === 's3',
  });
  const query = Object.fromEntries(searchParams);
  const request = { protocol: 'http:', method, hostname, path: pathname, query, headers: { ...headers }, body };
  return (await signer.sign(request, { signingDate: new Date(now()) })).headers;
}

/** Converts an error response. HEAD has no body and so no code: 403 means AccessDenied, 404 NotFound. */
function failureOf(service: 's3' | 'sts', { status, headers, body }: RawResponse): Failure {
  const withoutBody = status === 403 ? 'AccessDenied' : status === 404 ? 'NotFound' : String(status);
  const code = element(body, 'Code') ?? withoutBody;
  const requestId = element(body, 'RequestId') ?? String(headers['x-amz-request-id'] ?? '');
  return new Failure(code, element(body, 'Message') ?? `${service} answered ${status}`, {
    service,
    status,
    requestId,
    date: headers.date,
    isTransient: isTransientStatus(status) || TRANSIENT_CODES.test(code),
  });
}
