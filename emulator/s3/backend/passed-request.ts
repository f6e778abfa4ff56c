import { queryPairs } from '../../sigv4/index.ts';
import { contentEncoding } from '../write-object.ts';

type Headers = Readonly<Record<string, string>>;

const PASSED = /^(?:content-(?:type|md5|language|disposition)|cache-control|expires|range|if-[a-z-]+|x-amz-.+)$/;

/** What belongs to the client's signature, to how its payload travelled, or to accounts, which the other S3 has none of. */
const DROPPED: ReadonlySet<string> = new Set([
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-user-agent',
  'x-amz-expected-bucket-owner',
  'x-amz-source-expected-bucket-owner',
]);

/** The headers of a request, those of its trailer included, that say what it is to do. */
export function passedHeaders(headers: Headers): Record<string, string> {
  const passed = Object.entries(headers).filter(([name]) => PASSED.test(name) && !DROPPED.has(name));
  return { ...Object.fromEntries(passed), ...contentEncoding(headers) };
}

const SIGNATURE_PARAMETER =
  /^x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i;

/** The query string without the signature of a presigned URL. */
export function passedQuery(query: string): string {
  return queryPairs(query)
    .filter(([name]) => !SIGNATURE_PARAMETER.test(name))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
}
