/** Values that authorize a request, sent another way: in the query, unsigned, twice, or for another body. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { createHash } from 'node:crypto';
import { request as send } from 'node:http';
import { crc32 } from 'node:zlib';
import { SignatureV4 } from '@smithy/signature-v4';
import { allow, check, suite, type CheckContext } from '../../harness/index.ts';
import { ofOwnAccount, sessionOf } from '../lib/account-session.ts';
import { SELF_REVIEW } from '../lib/rbac.ts';
import { judge, type Row } from '../lib/rows.ts';
import { AUTHENTICATION } from '../lib/sources.ts';

type Service = 's3' | 'sts' | 'iam' | 'eks';
interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
/** Changes to a signed request. */
interface Change {
  readonly unsigned?: readonly string[];
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly query?: Readonly<Record<string, string>>;
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const UNSIGNED = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
const REJECTED = 'rejected';

/** Signs and sends requests of a session. */
async function sender(
  { aws }: Pick<CheckContext, 'aws'>,
  service: Service,
  credentials: Awaited<ReturnType<typeof sessionOf>>,
) {
  const { endpoint = '', region } = await aws(service);
  const { protocol, hostname, host, port } = new URL(endpoint);
  const signer = new SignatureV4({
    ...{ credentials, service, sha256: Sha256, region: service === 'iam' ? 'us-east-1' : region },
    uriEscapePath: service !== 's3',
    applyChecksum: service === 's3',
  });
  const outcome = (
    path: string,
    method: string,
    headers: Readonly<Record<string, string>>,
    body = '',
  ): Promise<string> =>
    new Promise((resolve, reject) => {
      const length = { 'content-length': Buffer.byteLength(body) };
      send({ host: hostname, port, method, path, headers: { ...headers, ...length } }, (response) => {
        response.resume();
        const { statusCode = 0 } = response;
        response.on('end', () =>
          resolve(statusCode < 300 ? 'accepted' : statusCode < 500 ? REJECTED : String(statusCode)),
        );
      })
        .on('error', reject)
        .end(body);
    });
  const text = (path: string, query: object): string => {
    const parameters = new URLSearchParams(Object.entries(query) as [string, string][]).toString();
    return parameters === '' ? path : `${path}?${parameters}`;
  };
  return {
    signed: async (
      { method, path, query = {}, headers = {}, body = '' }: Call,
      change: Change = {},
    ): Promise<string> => {
      const request = { method, protocol, hostname, path, query, headers: { host, ...headers }, body };
      const unsignableHeaders = new Set(change.unsigned ?? []);
      const made = await signer.sign(request, { unsignableHeaders });
      const sent = Object.entries({ ...made.headers, ...change.headers }).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      );
      return outcome(text(path, { ...query, ...change.query }), method, Object.fromEntries(sent), change.body ?? body);
    },
    presigned: async ({ method, path, headers = {}, body = '' }: Call, signature?: string): Promise<string> => {
      const request = { method, protocol, hostname, path, query: {}, headers: { host, ...headers } };
      const made = await signer.presign(request, { expiresIn: 300, unhoistableHeaders: new Set(Object.keys(headers)) });
      const { 'X-Amz-Signature': own, ...others } = made.query as Record<string, string>;
      const query = { ...others, 'X-Amz-Signature': signature ?? own };
      return outcome(text(path, query), method, { host, ...headers }, body);
    },
  };
}

suite('security', ({ scenario }) => {
  scenario('SEC-28', 'S3, STS, IAM and EKS reject a signature that does not cover the request as it was sent', {
    source:
      'IAM User Guide, "Create a signed AWS API request"; Amazon S3 API Reference, "Authenticating requests (AWS Signature Version 4)": in a header, in the query, and in chunks with trailers',
    needs: ['call-record', 'own-cluster'],
    roles: { app: ofOwnAccount(allow(['s3:*', 'iam:*', 'eks:*'], '*')) },
    workloads: { app: {} },
    objects: ['data/key'],
    probes: [
      check('each change is rejected', async (context) => {
        const { name } = context;
        const credentials = await sessionOf(context, 'app');
        const object = `/${name('<bucket:data>')}/key`;
        const calls: Readonly<Record<Service, Call & { readonly other: string }>> = {
          s3: { method: 'PUT', path: object, body: 'signed', other: 'sent!!' },
          sts: {
            ...{ method: 'POST', path: '/', headers: FORM },
            body: 'Action=GetCallerIdentity&Version=2011-06-15',
            other: 'Version=2011-06-15&Action=GetCallerIdentity',
          },
          iam: {
            ...{ method: 'POST', path: '/', headers: FORM },
            body: `Action=GetRole&Version=2010-05-08&RoleName=${name('<role-name:app>')}`,
            other: `Action=GetRole&RoleName=${name('<role-name:app>')}&Version=2010-05-08`,
          },
          eks: {
            method: 'POST',
            path: `/tags/${encodeURIComponent(name('<cluster-arn:c1>'))}`,
            headers: { 'content-type': 'application/json' },
            body: '{"tags": {}}',
            other: '{"tags":  {}}',
          },
        };
        const rows: Row[] = [];
        for (const [service, { other, ...call }] of Object.entries(calls) as [Service, Call & { other: string }][]) {
          const { signed, presigned } = await sender(context, service, credentials);
          const { body = '' } = call;
          const hash = { 'x-amz-content-sha256': sha256(body) };
          const withHash = { ...call, headers: { ...call.headers, ...hash } };
          const add = (what: string, expected: string, ask: () => Promise<string>) =>
            rows.push([`${service}: ${what}`, expected, ask]);
          if (service !== 'eks') add('as it was signed', 'accepted', () => signed(call));
          if (service !== 'eks') add('with a signed hash', 'accepted', () => signed(withHash));
          add('another body', REJECTED, () => signed(call, { body: other }));
          add('another body with the hash of the signed one', REJECTED, () => signed(withHash, { body: other }));
          add('another body with its own hash', REJECTED, () =>
            signed(withHash, { body: other, headers: { 'x-amz-content-sha256': sha256(other) } }),
          );
          add('a host that is not signed', REJECTED, () => signed(call, { unsigned: ['host'] }));
          add('a date that is not signed', REJECTED, () => signed(call, { unsigned: ['x-amz-date'] }));
          add('a session token that is not signed', REJECTED, () =>
            signed(call, { unsigned: ['x-amz-security-token'] }),
          );
          add('a further header', REJECTED, () => signed(call, { headers: { 'x-amz-meta-near': 'x' } }));
          add('no session token', REJECTED, () => signed(call, { headers: { 'x-amz-security-token': null } }));
          add('the session token in the query', REJECTED, () =>
            signed(call, {
              headers: { 'x-amz-security-token': null },
              query: { 'X-Amz-Security-Token': credentials.sessionToken },
            }),
          );
          for (const [parameter, value] of Object.entries({
            'X-Amz-Signature': '0'.repeat(64),
            'X-Amz-Credential': `${credentials.accessKeyId}/20250101/us-west-2/${service}/aws4_request`,
            'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
            'x-near': 'x',
          }))
            add(`${parameter} added to the query`, REJECTED, () => signed(call, { query: { [parameter]: value } }));
          if (service !== 's3') continue;
          const uploaded = {
            'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
            'x-amz-trailer': 'x-amz-checksum-crc32',
          };
          const checksum = Buffer.alloc(4);
          checksum.writeUInt32BE(crc32('signed'));
          const chunks = `6\r\nsigned\r\n0\r\nx-amz-checksum-crc32:${checksum.toString('base64')}\r\n\r\n`;
          for (const [what, headers, content] of [
            ['a URL', {}, 'signed'],
            ['a URL of an unsigned payload', UNSIGNED, 'signed'],
            ['a URL with a trailer', { ...uploaded, 'x-amz-decoded-content-length': '6' }, chunks],
          ] as const) {
            const wrong = () => presigned({ ...call, headers, body: content }, '0'.repeat(64));
            add(`${what} with another signature`, REJECTED, wrong);
          }
          add('the signature in a URL', 'accepted', () =>
            presigned({ method: 'GET', path: object, headers: UNSIGNED }),
          );
        }
        await judge(rows);
      }),
    ],
  });

  scenario('SEC-29', "the API server takes a caller's identity only from a bearer token", {
    source: `${AUTHENTICATION}, "Putting a bearer token in a request" and "Authenticating proxy"`,
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('no other header or parameter identifies the caller', async (context) => {
        const { kubernetes, name } = context;
        const path = name('/api/v1/namespaces/<namespace:app>/serviceaccounts/app/token');
        const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
        const made = JSON.parse((await kubernetes({ method: 'POST', path, body })).body) as {
          status: { token: string };
        };
        const { token } = made.status;
        const account = name('system:serviceaccount:<namespace:app>:app');
        const ask =
          (headers: Readonly<Record<string, string>>, query = '') =>
          async () => {
            const review = {
              method: 'POST',
              ...SELF_REVIEW,
              path: SELF_REVIEW.path + query,
              headers,
              as: 'anonymous',
            } as const;
            const answer = await kubernetes(review);
            if (answer.status !== 201) return REJECTED;
            return (JSON.parse(answer.body) as { status: { userInfo: { username: string } } }).status.userInfo.username;
          };
        const basic = Buffer.from(`${account}:${token}`).toString('base64');
        await judge([
          ['Bearer', account, ask({ authorization: `Bearer ${token}` })],
          ['bearer', account, ask({ authorization: `bearer ${token}` })],
          ...(
            [
              ['nothing', {}],
              ['the token without a scheme', { authorization: token }],
              ['another scheme', { authorization: `Token ${token}` }],
              ['Basic', { authorization: `Basic ${basic}` }],
              ['Proxy-Authorization', { 'proxy-authorization': `Bearer ${token}` }],
              ['X-Authorization', { 'x-authorization': `Bearer ${token}` }],
              ['X-Forwarded-Access-Token', { 'x-forwarded-access-token': token }],
              ['a cookie', { cookie: `token=${token}; access_token=${token}` }],
              ['X-Remote-User', { 'x-remote-user': account, 'x-remote-group': 'system:masters' }],
              ['X-Forwarded-User', { 'x-forwarded-user': account }],
            ] as const
          ).map(([what, headers]): Row => [what, REJECTED, ask(headers)]),
          ...['access_token', 'token', 'bearer_token', 'authorization'].map((parameter): Row => [
            `the parameter ${parameter}`,
            REJECTED,
            ask({}, `?${parameter}=${token}`),
          ]),
        ]);
      }),
    ],
  });
});
