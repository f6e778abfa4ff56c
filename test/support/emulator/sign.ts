import type { Credentials } from '../../../emulator/core/credentials.ts';
import type { ServiceName } from '../../../emulator/core/service.ts';
import { canonicalRequest, sha256Hex, type SignedParts } from '../../../emulator/sigv4/canonical.ts';
import { formatTimestamp } from '../../../emulator/sigv4/read-signature.ts';
import { hmac, signingKey } from '../../../emulator/sigv4/signing-keys.ts';

interface SigningOptions {
  readonly credentials: Credentials;
  readonly service: ServiceName;
  readonly region: string;
  readonly time: number;
  readonly body?: string | Buffer;
  /** Replaces the payload's hash with a constant such as `UNSIGNED-PAYLOAD`. */
  readonly payload?: string;
}

/** Signs a request with all headers, including `host`. For benchmarks and tests. */
export function signedHeaders(parts: SignedParts, options: SigningOptions): Record<string, string> {
  const { credentials, service, region, time, body = '' } = options;
  const timestamp = formatTimestamp(time);
  const payload = options.payload ?? sha256Hex(typeof body === 'string' ? Buffer.from(body) : body);
  const headers: Record<string, string> = { ...parts.headers, 'x-amz-date': timestamp };
  if (service === 's3') headers['x-amz-content-sha256'] = payload;
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;

  const names = Object.keys(headers).sort();
  const date = timestamp.slice(0, 8);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const canonical = canonicalRequest({ ...parts, headers }, names, payload, service === 's3');
  const text = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256Hex(canonical)}`;
  const signature = hmac(signingKey(credentials.secretAccessKey, date, region, service), text).toString('hex');
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return headers;
}
