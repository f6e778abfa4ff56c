import type { Received, Reply } from './endpoint.ts';

const CONTENT = 'read by a client';
const XML = { 'content-type': 'application/xml' };

/** Returns S3's response (Amazon S3 API Reference, GetObject, HeadObject, GetBucketLocation, ListObjectsV2). */
export function objectReply({ target, headers }: Received): Reply {
  const [path = '', query = ''] = target.split('?');
  const parameters = new URLSearchParams(query);
  if (parameters.has('location')) return { status: 200, headers: XML, body: '<LocationConstraint/>' };
  if (parameters.has('list-type') || parameters.has('prefix'))
    return { status: 200, headers: XML, body: listing(parameters, path) };
  const range = /^bytes=(\d+)-(\d*)$/.exec(String(headers['range'] ?? ''));
  const common = {
    etag: '"0123456789abcdef0123456789abcdef"',
    'last-modified': new Date(0).toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': 'text/plain',
  };
  if (range === null)
    return { status: 200, headers: { ...common, 'content-length': `${CONTENT.length}` }, body: CONTENT };
  const first = Number(range[1]);
  const body = CONTENT.slice(first, range[2] ? Number(range[2]) + 1 : undefined);
  const part = `bytes ${first}-${first + body.length - 1}/${CONTENT.length}`;
  return { status: 206, headers: { ...common, 'content-range': part, 'content-length': `${body.length}` }, body };
}

function listing(parameters: URLSearchParams, path: string): string {
  const prefix = parameters.get('prefix') ?? '';
  const bucket = path.split('/')[1] ?? '';
  const item = `<Contents><Key>${prefix}</Key><LastModified>1970-01-01T00:00:00Z</LastModified><ETag>"0"</ETag><Size>${CONTENT.length}</Size></Contents>`;
  return `<ListBucketResult><Name>${bucket}</Name><Prefix>${prefix}</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${item}</ListBucketResult>`;
}
