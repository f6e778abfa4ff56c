/** Where a request may carry the pod's token: the agent reads the first Authorization header, and nothing else. */
import { fetchCredentials, granted, refused, suite } from '../../harness/index.ts';
import { AGENT, AGENT_VALIDATION } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { CONTROL } from './lib/requests.ts';

const GET = ['GET /v1/credentials HTTP/1.1', 'Host: 169.254.170.23'] as const;
const POST = ['POST /v1/credentials HTTP/1.1', GET[1], 'Content-Length: {length}'];
const OTHER = 'Authorization: x.y.z';
const TOKEN = 'Authorization: {token}';
const PARAMETERS = ['token', 'authorization', 'Authorization', 'access_token', 'X-Amz-Security-Token'];
const HEADERS = [
  ...[
    'Proxy-Authorization',
    'X-Authorization',
    'X-Forwarded-Authorization',
    'X-Forwarded-Access-Token',
    'X-Auth-Token',
  ],
  ...['X-Amz-Security-Token', 'X-aws-ec2-metadata-token', 'Token'],
];
/** Requests without a token in the first Authorization header. */
const ELSEWHERE: readonly (readonly string[])[] = [
  ...PARAMETERS.map((parameter) => [`GET /v1/credentials?${parameter}={token} HTTP/1.1`, GET[1]]),
  ...HEADERS.map((header) => [...GET, `${header}: {token}`]),
  [...GET, 'Cookie: token={token}; Authorization={token}'],
  [...GET, 'Authorization:', TOKEN],
  [...POST, 'Content-Type: application/x-www-form-urlencoded', '', 'token={token}'],
  [...POST, 'Content-Type: application/json', '', '{"token":"{token}"}'],
];
/** Values that are not the token alone, and another token before it. */
const CHANGED = [
  ...['Bearer {token}', 'bearer {token}', 'Token {token}', '"{token}"', 'token={token}', '{token}, {token}'].map(
    (value) => [`Authorization: ${value}`],
  ),
  [OTHER, TOKEN],
];
const SAME = [
  ...[['authorization: {token}'], ['AUTHORIZATION:{token}'], ['Authorization: \t {token} ']],
  ...[
    [TOKEN, OTHER],
    [TOKEN, TOKEN],
    [TOKEN, 'Proxy-Authorization: x.y.z', 'Cookie: token=x.y.z'],
  ],
];

suite('agent', ({ scenario }) => {
  const refusedWith = (message: string, lines: readonly string[]) =>
    refused('app', fetchCredentials({ lines }), {
      by: 'agent',
      status: 400,
      message: `Service account token ${message}`,
    });

  scenario('AP-55', 'the agent takes the token only from the first Authorization header, without a scheme', {
    source: `${AGENT_VALIDATION}; ${AGENT}pkg/handlers; Go, package net/http, Header.Get`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      ...SAME.map((headers) => granted('app', fetchCredentials({ lines: [...GET, ...headers] }), { status: 200 })),
      ...ELSEWHERE.map((lines) => refusedWith('cannot be empty', lines)),
      ...CHANGED.map((headers) => refusedWith('cannot be parsed', [...GET, ...headers])),
    ],
  });
});
