/** Where a request may carry the pod's token: the agent reads the first Authorization header, and nothing else. */
import { fetchCredentials, granted, refused, suite } from '../../harness/index.ts';
import { AGENT, AGENT_VALIDATION } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { CONTROL } from './lib/requests.ts';

const GET = 'GET /v1/credentials HTTP/1.1';
const HOST = 'Host: 169.254.170.23';
const FORM = 'application/x-www-form-urlencoded';
const OTHER = 'Authorization: x.y.z';

/** Requests without a token in an Authorization header. */
const ELSEWHERE: readonly (readonly string[])[] = [
  ...['token', 'authorization', 'Authorization', 'access_token', 'X-Amz-Security-Token'].map((parameter) => [
    `GET /v1/credentials?${parameter}={token} HTTP/1.1`,
    HOST,
  ]),
  ...[
    'Proxy-Authorization: {token}',
    'X-Authorization: {token}',
    'X-Forwarded-Authorization: {token}',
    'X-Forwarded-Access-Token: {token}',
    'X-Auth-Token: {token}',
    'X-Amz-Security-Token: {token}',
    'X-aws-ec2-metadata-token: {token}',
    'Token: {token}',
    'Cookie: token={token}; Authorization={token}',
    'Authorization:',
  ].map((header) => [GET, HOST, header]),
  ...[
    [FORM, 'token={token}'],
    ['application/json', '{"token":"{token}"}'],
  ].map(([type = '', body = '']) => [
    ...['POST /v1/credentials HTTP/1.1', HOST, `Content-Type: ${type}`, 'Content-Length: {length}'],
    ...['', body],
  ]),
  // The first header counts.
  [GET, HOST, 'Authorization:', 'Authorization: {token}'],
];
/** Headers that are not the token alone. */
const CHANGED = [
  ['Authorization: Bearer {token}'],
  ['Authorization: bearer {token}'],
  ['Authorization: Token {token}'],
  ['Authorization: "{token}"'],
  ['Authorization: {token}, {token}'],
  ['Authorization: {token} {token}'],
  ['Authorization: token={token}'],
  [OTHER, 'Authorization: {token}'],
];
const SAME = [
  ['authorization: {token}'],
  ['AUTHORIZATION:{token}'],
  ['Authorization: \t {token} '],
  ['Authorization: {token}', OTHER],
  ['Authorization: {token}', 'Authorization: {token}'],
  ['Authorization: {token}', 'Proxy-Authorization: x.y.z', 'Cookie: token=x.y.z'],
];

suite('agent', ({ scenario }) => {
  scenario('AP-55', 'the agent takes the token only from the first Authorization header, without a scheme', {
    source: `${AGENT_VALIDATION}; ${AGENT}pkg/handlers; Go, package net/http, Header.Get`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      ...SAME.map((headers) => granted('app', fetchCredentials({ lines: [GET, HOST, ...headers] }), { status: 200 })),
      ...ELSEWHERE.map((lines) =>
        refused('app', fetchCredentials({ lines }), {
          by: 'agent',
          status: 400,
          message: 'Service account token cannot be empty',
        }),
      ),
      ...CHANGED.map((headers) =>
        refused('app', fetchCredentials({ lines: [GET, HOST, ...headers] }), {
          by: 'agent',
          status: 400,
          message: 'Service account token cannot be parsed',
        }),
      ),
    ],
  });
});
