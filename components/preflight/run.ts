import { readFileSync } from 'node:fs';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { isSessionOf } from '../../foundation/aws/role-arn.ts';
import { clip } from '../../foundation/node/text.ts';
import { injectionStep, mechanismOf, type Environment } from './injection.ts';
import { reportOf, type Report, type PreflightStep } from './report.ts';

export interface Expectations {
  /** ARN of the role that the pod must have. */
  readonly role?: string;
  /** An object that it must be able to read. */
  readonly read?: { readonly bucket: string; readonly key: string };
}

interface PreflightOptions extends Expectations {
  readonly environment: Environment;
  /** Milliseconds for all steps. */
  readonly limit: number;
}

type Result = Pick<PreflightStep, 'result' | 'text'>;
const METADATA_LIMIT = 1000;
const AUDIENCES = { irsa: 'sts.amazonaws.com', 'pod-identity': 'pods.eks.amazonaws.com' } as const;

/** Follows the pod's own way to its credentials, uses them, and compares with the expectations. Never rejects. */
export async function preflight({ environment, limit, role, read }: PreflightOptions): Promise<Report> {
  const signal = AbortSignal.timeout(limit);
  const steps: PreflightStep[] = [];
  const run = async (name: PreflightStep['name'], work: () => Promise<Result> | Result): Promise<void> => {
    const started = performance.now();
    const hung = new Promise<Result>((resolve) =>
      signal.addEventListener('abort', () =>
        resolve({ result: 'unknown', text: `no answer within the limit of ${limit / 1000} s` }),
      ),
    );
    const result = signal.aborted
      ? { result: 'unknown' as const, text: 'not tried, because the time was over' }
      : await Promise.race([Promise.resolve().then(work).catch(failure), hung]);
    steps.push({ name, ...result, milliseconds: Math.round(performance.now() - started) });
  };
  const mechanism = mechanismOf(environment);
  const metadata = run('metadata', () => metadataStep(environment));
  await run('injection', () => injectionStep(environment));
  if (mechanism === 'irsa' || mechanism === 'pod-identity') await run('token', () => tokenStep(environment, mechanism));
  if (mechanism === 'pod-identity') await run('agent', () => agentStep(environment, signal));
  let identity: string | null = null;
  await run('identity', async () => {
    const { Arn = '' } = await new STSClient({ maxAttempts: 2 }).send(new GetCallerIdentityCommand({}), {
      abortSignal: signal,
    });
    identity = Arn;
    return identityOf(Arn, role);
  });
  if (read !== undefined) await run('read', () => readStep(read, signal));
  await metadata;
  return reportOf(
    steps.toSorted((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name)),
    identity,
  );
}

const ORDER: readonly PreflightStep['name'][] = ['injection', 'token', 'agent', 'metadata', 'identity', 'read'];

/** Names the SDK's error. Its messages have no keys and no tokens. */
function failure(error: unknown): Result {
  const {
    name = 'Error',
    message = '',
    $metadata,
  } = error as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  if (message === 'Region is missing')
    return {
      result: 'failed',
      text: 'neither AWS_REGION nor AWS_DEFAULT_REGION is set. Set AWS_REGION in the container',
    };
  const status = $metadata?.httpStatusCode === undefined ? '' : ` (${$metadata.httpStatusCode})`;
  return { result: 'failed', text: clip(`${name}${status}: ${message}`) };
}

function tokenStep(environment: Environment, mechanism: keyof typeof AUDIENCES): Result {
  const variable = mechanism === 'irsa' ? 'AWS_WEB_IDENTITY_TOKEN_FILE' : 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
  const file = environment[variable] ?? '';
  if (file === '') return { result: 'failed', text: `${variable} is not set` };
  const claims = claimsOf(readFileSync(file, 'utf8').trim());
  if (claims === undefined) return { result: 'failed', text: `${file} is not a JSON Web Token` };
  const audiences = [claims.aud ?? []].flat();
  const who = `${String(claims.sub).replace('system:serviceaccount:', '').replace(':', '/')}, audience ${audiences.join(', ')}`;
  const left = Math.round(Number(claims.exp) - Date.now() / 1000);
  if (left <= 0) return { result: 'failed', text: `the token of ${who} expired ${-left} s ago. Recreate the pod` };
  const isForAws = audiences.includes(AUDIENCES[mechanism]);
  return {
    result: isForAws ? 'ok' : 'warning',
    text: `token of ${who}, valid for ${left} s${isForAws ? '' : `; the audience should be ${AUDIENCES[mechanism]}`}`,
  };
}

interface Claims {
  readonly sub?: unknown;
  readonly aud?: string | readonly string[];
  readonly exp?: unknown;
}

function claimsOf(token: string): Claims | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
  } catch {
    return undefined;
  }
}

/** Requests credentials as an SDK does, and reports the agent's answer without them. */
async function agentStep(environment: Environment, signal: AbortSignal): Promise<Result> {
  const address = environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '';
  const file = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  const authorization =
    file === undefined ? environment['AWS_CONTAINER_AUTHORIZATION_TOKEN'] : readFileSync(file, 'utf8').trim();
  let response: Response;
  try {
    response = await fetch(address, { headers: { authorization: authorization ?? '' }, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const { code = '' } = ((error as Error).cause ?? {}) as { readonly code?: string };
    const why =
      code === 'ECONNREFUSED'
        ? 'no agent listens there: check the agent on this node'
        : 'a network policy may block it';
    return { result: 'failed', text: `${address} cannot be reached (${code}); ${why}` };
  }
  const text = await response.text();
  if (!response.ok) return { result: 'failed', text: clip(`the agent answered ${response.status}: ${text.trim()}`) };
  const { Expiration = 'unknown' } = JSON.parse(text) as { readonly Expiration?: string };
  return { result: 'ok', text: `the agent gave credentials that expire at ${Expiration}` };
}

/** Reports whether the pod can get the node's role (Amazon EKS Best Practices Guide, "Restrict access to the instance profile"). */
async function metadataStep(environment: Environment): Promise<Result> {
  const base = environment['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? 'http://169.254.169.254';
  const signal = AbortSignal.timeout(METADATA_LIMIT);
  const ask = async (path: string, init: RequestInit): Promise<string> => {
    const response = await fetch(new URL(path, base), { ...init, signal });
    return response.ok ? response.text() : '';
  };
  const role = await ask('/latest/api/token', {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '1' },
  })
    .then((token) =>
      ask('/latest/meta-data/iam/security-credentials/', { headers: { 'x-aws-ec2-metadata-token': token } }),
    )
    .catch(() => '');
  return role === ''
    ? { result: 'ok', text: "the pod cannot get the node's role from instance metadata" }
    : { result: 'warning', text: `the pod can get the node's role ${clip(role, 64)}. Set the hop limit to 1` };
}

function identityOf(arn: string, expected: string | undefined): Result {
  if (expected === undefined || isSessionOf(arn, expected)) return { result: 'ok', text: arn };
  return { result: 'failed', text: `the pod is ${arn}, but should have role ${expected}` };
}

async function readStep({ bucket, key }: NonNullable<Expectations['read']>, abortSignal: AbortSignal): Promise<Result> {
  const place = `s3://${bucket}/${key}`;
  const client = new S3Client({ maxAttempts: 2, followRegionRedirects: true });
  const { ContentLength, Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
    abortSignal,
  });
  // The content does not matter.
  (Body as { destroy?: () => void } | undefined)?.destroy?.();
  return { result: 'ok', text: `${place} can be read (${ContentLength ?? 0} bytes)` };
}
