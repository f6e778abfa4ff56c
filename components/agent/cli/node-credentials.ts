import type { AwsCredentials } from '../options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

class NoNodeCredentials extends Error {
  override readonly name = 'NoNodeCredentials';
}

const IMDS = 'http://169.254.169.254';
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
/** Timeout for each call of the instance metadata service, in ms, as in the AWS SDK for Go v2 (feature/ec2/imds). */
const IMDS_TIMEOUT = 5000;
/** How long before their expiry credentials are renewed, in ms. */
const EARLY = 5 * 60_000;

interface Dated {
  readonly credentials: AwsCredentials;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

function cached(fetch: () => Promise<Dated>): () => Promise<AwsCredentials> {
  let current: Dated | undefined;
  return async () => {
    if (current === undefined || Date.now() >= current.until) current = await fetch();
    return current.credentials;
  };
}

function fromEnvironment(env: Environment): AwsCredentials | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

async function imds(url: string, method: 'GET' | 'PUT', headers: Record<string, string>): Promise<string> {
  const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(IMDS_TIMEOUT) });
  if (!response.ok) throw new NoNodeCredentials(`the instance metadata service returned status ${response.status}`);
  return response.text();
}

/** Reads credentials through IMDSv2. @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html */
async function fromInstance(endpoint: string): Promise<Dated> {
  const base = endpoint.replace(/\/+$/, '');
  try {
    const token = await imds(`${base}/latest/api/token`, 'PUT', { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' });
    const headers = { 'x-aws-ec2-metadata-token': token };
    const [role = ''] = (await imds(base + CREDENTIALS, 'GET', headers)).split('\n');
    const answer = JSON.parse(await imds(base + CREDENTIALS + role, 'GET', headers)) as Record<string, unknown>;
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken } = answer;
    if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string' || typeof sessionToken !== 'string') {
      throw new NoNodeCredentials('the instance metadata service returned no credentials');
    }
    const expiration = Date.parse(String(answer['Expiration']));
    const until = Number.isNaN(expiration) ? Date.now() + EARLY : expiration - EARLY;
    return { credentials: { accessKeyId, secretAccessKey, sessionToken }, until };
  } catch (error) {
    if (error instanceof NoNodeCredentials) throw error;
    const advice = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_EC2_METADATA_SERVICE_ENDPOINT';
    throw new NoNodeCredentials(`no credentials in the environment and no instance metadata service: ${advice}`);
  }
}

/** Returns a source of credentials: environment or instance metadata. */
export function nodeCredentials(env: Environment): () => Promise<AwsCredentials> {
  const fixed = fromEnvironment(env);
  if (fixed !== undefined) return () => Promise.resolve(fixed);
  return cached(() => fromInstance(env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? IMDS));
}
