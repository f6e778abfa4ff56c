import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from '../options.ts';

const SERVICE = 'eks-auth';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/**
 * Returns the headers of a POST with Signature Version 4, which signs all `headers` (lower-case names). `now`: ms since the
 * epoch. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedHeaders(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  credentials: AwsCredentials,
  region: string,
  now: number,
): Record<string, string> {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${region}/${SERVICE}/aws4_request`;
  const signed: Record<string, string> = {
    ...headers,
    'x-amz-date': time,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const path = url.pathname.split('/').map(encodeURIComponent).join('/');
  const canonicalHeaders = names.map((name) => `${name}:${signed[name]!.trim()}\n`).join('');
  const canonical = ['POST', path, '', canonicalHeaders, names.join(';'), sha256(body)].join('\n');
  const key = [time.slice(0, 8), region, SERVICE, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
  const credential = `${credentials.accessKeyId}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...signed, authorization };
}
