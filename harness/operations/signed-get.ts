/** GetObject signed by hand: a good signature, or one that is wrong in one thing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeResult } from '../../foundation/probe-protocol.ts';
import type { AwsCredentials } from '../aws/credentials.ts';
import { addressOf, signerOf } from '../aws/signer.ts';
import { oneOf } from '../scenario/checks.ts';
import type { ScenarioWorld } from '../world/world.ts';
import { sessionNeeds, sessionOf, sessionReferences, sessionWords, type Session } from './as-session.ts';
import { defineHarnessOperation } from './registry.ts';

const CHANGES = {
  'flip-signature': 'the signature changed',
  'another-secret': 'signed with another secret key',
  'unknown-key': 'an access key that there is not',
  'no-session-token': 'without its session token',
  'another-session-token': 'with another session token',
  'another-path': 'signed for another object',
  'another-query': 'signed without its query',
  'another-method': 'signed for HEAD',
  'another-region': 'signed for another region',
  'an-hour-ago': 'signed an hour ago',
  'unsigned-header': 'with a header that is not signed',
  unsigned: 'not signed',
  presigned: 'by a presigned URL',
  'presigned-expired': 'by a presigned URL that has expired',
} as const;
type SignatureChange = keyof typeof CHANGES;

/** GetObject of `<bucket>/<key>` with the session of a workload's pod, or of a role by web identity, signed as `change` says. */
export const signedGet = defineHarnessOperation(
  'SignedGet',
  (session: Session, at: string, change?: SignatureChange) => ({ session, at, change }),
  {
    usesS3: true,
    asScenario: true,
    refersTo: ({ session }) => sessionReferences(session),
    *check({ change }) {
      yield oneOf('"change" of signedGet', change, Object.keys(CHANGES));
    },
    needs: ({ session }) => sessionNeeds(session),
    describe: ({ session, at, change }, say) => [
      `s3://${say.place(at)}`,
      sessionWords(session),
      change === undefined ? '' : CHANGES[change],
    ],
    mayDiffer: ({ outcome }, expectation) => outcome !== expectation.outcome,
    perform: async (world, { session, at, change }) => {
      const held = await sessionOf(world, session);
      return 'outcome' in held ? held : get(world, held.credentials, at, change);
    },
  },
);

const PRESIGNED_SECONDS = 60;
const HOUR_MILLISECONDS = 3_600_000;

async function get(
  world: ScenarioWorld,
  credentials: AwsCredentials,
  at: string,
  change: SignatureChange | undefined,
): Promise<ProbeResult> {
  const { aws } = world.environment;
  const given = await aws.clients('main').s3.config.endpoint?.();
  const origin =
    given === undefined
      ? `https://s3.${aws.region}.amazonaws.com`
      : `${given.protocol}//${given.hostname}${given.port === undefined ? '' : `:${given.port}`}`;
  const { bucket, key } = world.names.place(at);
  const path = `/${bucket}/${key}`;
  const query = change === 'another-query' ? '?response-content-type=text%2Fplain' : '';
  const signature = await signed(world, credentials, origin, path, change);
  const url = `${origin}${path}${signature.query === '' ? query : `?${signature.query}`}`;
  for (let tried = 1; ; tried += 1) {
    const response = await fetch(url, { headers: signature.headers, redirect: 'manual', signal: world.signal });
    const body = await response.text();
    // S3 has too much to do: no answer to the question.
    if (response.status >= 500 && tried < 3) await sleep(1000, undefined, { signal: world.signal });
    else return resultOf(response, body);
  }
}

async function signed(
  { environment: { aws } }: ScenarioWorld,
  credentials: AwsCredentials,
  origin: string,
  path: string,
  change: SignatureChange | undefined,
): Promise<{ readonly query: string; readonly headers: Record<string, string> }> {
  if (change === 'unsigned') return { query: '', headers: {} };
  const signer = signerOf('s3', change === 'another-region' ? OTHER_REGION : aws.region, changed(credentials, change));
  const isOld = change === 'an-hour-ago' || change === 'presigned-expired';
  const request = {
    method: change === 'another-method' ? 'HEAD' : 'GET',
    ...addressOf(origin),
    path: change === 'another-path' ? `${path}-another` : path,
    query: {},
    headers: { host: new URL(origin).host },
  };
  const when = { signingDate: new Date(Date.now() - (isOld ? HOUR_MILLISECONDS : 0)) };
  if (change === 'presigned' || change === 'presigned-expired') {
    // As SDKs presign: the payload is nobody's concern.
    const headers = { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const { query = {} } = await signer.presign({ ...request, headers }, { ...when, expiresIn: PRESIGNED_SECONDS });
    return { query: new URLSearchParams(query as Record<string, string>).toString(), headers: {} };
  }
  // `host` is fetch's own to set.
  const { host: _host, ...headers } = (await signer.sign(request, when)).headers;
  const authorization = headers['authorization'] ?? '';
  if (change === 'flip-signature')
    headers['authorization'] = `${authorization.slice(0, -1)}${authorization.endsWith('0') ? '1' : '0'}`;
  if (change === 'unsigned-header') headers['x-amz-meta-unsigned'] = 'yes';
  return { query: '', headers };
}

/** One that no run is in. */
const OTHER_REGION = 'af-south-1';

function changed(credentials: AwsCredentials, change: SignatureChange | undefined): AwsCredentials {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials;
  const reversed = (text: string): string => [...text].reverse().join('');
  switch (change) {
    case 'another-secret':
      return { ...credentials, secretAccessKey: reversed(secretAccessKey) };
    case 'unknown-key':
      return { ...credentials, accessKeyId: `ASIA${reversed(accessKeyId.slice(4))}` };
    case 'no-session-token':
      return { accessKeyId, secretAccessKey };
    case 'another-session-token':
      return { ...credentials, sessionToken: reversed(sessionToken) };
    default:
      return credentials;
  }
}

/** S3's error is XML (S3 API Reference, "REST error responses"); its message never holds a credential. */
function resultOf({ status, ok, headers }: Response, body: string): ProbeResult {
  const requestId = headers.get('x-amz-request-id');
  const request = requestId === null ? {} : { requestId };
  if (ok) return { outcome: 'granted', status, facts: { bytes: body.length }, ...request };
  const element = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
  return { outcome: 'refused', layer: 's3', code: element('Code'), status, message: element('Message'), ...request };
}
