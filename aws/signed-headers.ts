import type { CredentialsProvider } from './credentials.ts';
import { sha256, timestampOf, withAuthorization } from './sign-request.ts';

export interface Signer {
  readonly region: string;
  readonly credentials: CredentialsProvider;
}

/** A request without a query. */
interface PlainRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Returns the headers of a request to a service whose SDK is not used. The content type is JSON unless it is given. */
export async function signedHeaders(
  { region, credentials }: Signer,
  service: string,
  { method, url, headers: more, body }: PlainRequest,
): Promise<Record<string, string>> {
  const keys = await credentials();
  const time = new Date();
  const payload = sha256(body);
  const headers = {
    host: url.host,
    'content-type': 'application/json',
    ...more,
    'x-amz-date': timestampOf(time),
    ...(keys.sessionToken !== undefined && { 'x-amz-security-token': keys.sessionToken }),
    'x-amz-content-sha256': payload,
  };
  const request = { method, path: url.pathname, query: '', headers, payload };
  const signed = withAuthorization(request, { credentials: keys, region, service, time });
  // fetch sets `host` itself.
  const { host: _host, ...rest }: Record<string, string> = signed.headers;
  return rest;
}
