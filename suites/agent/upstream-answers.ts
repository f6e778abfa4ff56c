/** How the agent handles responses of EKS Auth: all kinds of errors, and successes with and without credentials. */
import { fetchCredentials, minted, refused, suite, disturbAws } from '../../harness/index.ts';
import { AGENT, EKS_AUTH_ERRORS } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { gets, ONE_CALL, POD_TOKEN } from './lib/requests.ts';

const SMITHY = 'Smithy, "AWS restJson1 protocol", operation error serialization';
const RETRIES = 'AWS SDKs and Tools Reference Guide, "Retry behavior"; AWS SDK for Go v2, aws/retry';
const PLAIN_TEXT = 'text/plain; charset=utf-8';
type DisturbedResponse = NonNullable<Parameters<typeof disturbAws>[0]['answer']>;
/** Sets the responses of EKS Auth to calls with the token: each one once, and the last one from then on. */
const answers = (token: string, ...all: readonly DisturbedResponse[]) =>
  all.map((answer, index) =>
    disturbAws({
      service: 'eks-auth',
      operation: 'AssumeRoleForPodIdentity',
      token,
      answer,
      ...(index < all.length - 1 && { times: 1 }),
    }),
  );
/** Tokens of the pod. Their lifetimes differ, so the tokens also differ on clusters that set no `jti`. */
const tokensOf = (names: readonly string[]) =>
  Object.fromEntries(names.map((name, index) => [name, { ...POD_TOKEN, expirationSeconds: 3600 + index }]));
const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): DisturbedResponse => ({
  status,
  headers: { 'x-amzn-requestid': 'r-1', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const ofType = (type: string, status = 400): DisturbedResponse =>
  json(status, { message: 'no' }, { 'x-amzn-errortype': type });
const THROTTLING = [
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
];
const CLIENT_FAULTS = [
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidParameterException',
  'InvalidRequestException',
  'InvalidTokenException',
  'ResourceNotFoundException',
];
type Refusal = Parameters<typeof refused>[2];
/** Responses of EKS Auth, in order, and the pod's result. */
type Row = readonly [answers: DisturbedResponse | readonly DisturbedResponse[], refusal: Refusal];
/** Labels a row in failures with the status, and the error or body, of its first response. */
const labelOf = ([first]: readonly DisturbedResponse[]): string =>
  [first?.status, first?.headers?.['x-amzn-errortype'] ?? first?.body]
    .join('-')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/-$/, '')
    .toLowerCase();
/** In seconds: enough for an agent that never answers. */
const UNTIL_GIVEN_UP = 240;
/**
 * Returns a scenario in which EKS Auth gives the agent these responses, and at the end its own. Each row has its own token, so
 * that a repeated call gets the same response and does not use up the next row's. Rows with one call are requested twice, because
 * the agent must not cache such results.
 */
const answered = (rows: readonly Row[]) => {
  const named = rows.map(([all, refusal], index) => ({
    token: `answer-${index + 1}-${labelOf([all].flat())}`,
    all: [all].flat(),
    refusal: { ...refusal, facts: { upstreamCalls: 1, ...refusal.facts } },
  }));
  const again = named.filter(({ refusal }) => refusal.facts.upstreamCalls === 1);
  return {
    ...ASSOCIATED,
    allowSeconds: UNTIL_GIVEN_UP,
    tokens: tokensOf(named.map(({ token }) => token)),
    probes: [
      ...named.flatMap(({ token, all }) => answers(token, ...all)),
      ...[...named, ...again].map(({ token, refusal }) =>
        refused('app', fetchCredentials({ token: minted(token), giveUpAfter: 10_000 }), refusal),
      ),
      gets({}, ONE_CALL),
    ],
  };
};
const passedOn = (code: string, facts: NonNullable<Refusal['facts']> = {}, message = 'no'): Refusal => ({
  by: 'eks-auth',
  code,
  message,
  facts: { contentType: PLAIN_TEXT, fault: 'client', requestId: 'r-1', ...facts },
});
const failed = (message: string): Refusal => ({
  by: 'agent',
  status: 500,
  message: `error getting credentials to cache: ${message}`,
  facts: { contentType: PLAIN_TEXT },
});
const EMPTY = 'invalid response from server: credentials or assumed role empty: ';
const empty = (body: unknown, printed: string): Row => [json(200, body), failed(EMPTY + printed)];
/** A response of EKS Auth with every field that the agent reads. */
const GOOD = {
  assumedRoleUser: { arn: 'arn:aws:sts::111122223333:assumed-role/app/s', assumeRoleId: 'AROAEXAMPLE:s' },
  credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'x', sessionToken: 'y', expiration: 4_102_444_800 },
  podIdentityAssociation: { associationArn: 'arn', associationId: 'a-1' },
};
const withRole = (changes: object) => json(200, { ...GOOD, assumedRoleUser: { ...GOOD.assumedRoleUser, ...changes } });
const withCredentials = (changes: object) => json(200, { ...GOOD, credentials: { ...GOOD.credentials, ...changes } });

suite('agent', ({ scenario }) => {
  scenario('AP-44', 'the agent reads an EKS Auth error from header or body, and passes it on with its fault', {
    source: `${SMITHY}; ${EKS_AUTH_ERRORS}; ${AGENT}pkg/errors`,
    ...answered([
      [json(400, { __type: 'ns#AccessDeniedException', message: 'no' }), passedOn('AccessDeniedException')],
      [
        json(404, { code: 'Other', Message: 'no' }, { 'x-amzn-errortype': 'ResourceNotFoundException:http://x/' }),
        passedOn('ResourceNotFoundException'),
      ],
      [
        { ...json(400, '{"CODE":"a#Odd:x","__TYPE":"Other","MESSAGE":"no"}'), headers: { 'x-amz-requestid': 'r-2' } },
        passedOn('Odd', { fault: 'unknown', requestId: 'r-2' }),
      ],
      [
        json(400, '{"message":"yes","message":"no"}', { 'x-amz-requestid': 'r-2' }),
        passedOn('UnknownError', { fault: 'unknown' }),
      ],
      [{ status: 418, body: '' }, passedOn('UnknownError', { fault: 'unknown', requestId: '' }, 'UnknownError')],
      ...[' \n ', 'null', '{}'].map((body): Row => [
        json(418, body),
        passedOn('UnknownError', { fault: 'unknown' }, 'UnknownError'),
      ]),
      // The agent recognizes error names of the API model in any case, and reports them in the model's case.
      ...CLIENT_FAULTS.map((name): Row => [ofType(name.toLowerCase()), passedOn(name)]),
      ...['<html>', '[]', '"text"'].map((body): Row => [
        json(403, body),
        { by: 'agent', status: 403, message: '[r-1]', facts: { contentType: PLAIN_TEXT } },
      ]),
    ]),
  });

  scenario('AP-45', 'the agent retries a call to EKS Auth only after retryable errors', {
    source: `${RETRIES}; ${AGENT}internal/cloud/eksauth`,
    ...answered([
      ...[
        ...THROTTLING.map((name) => ofType(name)),
        ...['RequestTimeout', 'RequestTimeoutException', 'throttlingexception'].map((name) => ofType(name)),
        ...[500, 502, 503, 504].map((status) => json(status, '<html>')),
        ofType('AccessDeniedException', 500),
      ].map((answer): Row => [
        [answer, ofType('InvalidTokenException')],
        { ...passedOn('InvalidTokenException'), facts: { upstreamCalls: 2 } },
      ]),
      ...[...CLIENT_FAULTS, 'throttling', 'Throttled', 'RequestExpired'].map((name): Row => [
        ofType(name),
        { by: 'eks-auth', code: name },
      ]),
      ...[400, 408, 429, 501, 505].map((status): Row => [json(status, '<html>'), { by: 'agent', status }]),
    ]),
  });

  scenario('AP-46', 'the agent rejects an EKS Auth response without credentials, and does not cache it', {
    source: `${AGENT}internal/cloud/eksauth; pkg/credentials; Go, package net/http: a handler that panics`,
    ...answered([
      // The AWS SDK keeps the status of a response that it cannot parse.
      [json(200, '<html>'), { by: 'agent', code: ['500', 'NoCredentialsInAnswer'] }],
      // The message shows which members are present: role, audience, credentials, association, subject.
      ...['', 'null', '{}'].map((body) => empty(body, '&{<nil> <nil> <nil> <nil> <nil>')),
      empty('{"credentials":null,"assumedRoleUser":{}}', '&{0xc'),
      empty({ ...GOOD, assumedRoleUser: undefined }, '&{<nil> <nil> 0xc'),
      empty('{"audience":"a","subject":{}}', '&{<nil> 0xc'),
      empty('{"subject":{}}', '&{<nil> <nil> <nil> <nil> 0xc'),
      [json(200, { ...GOOD, credentials: undefined }), { ...failed(EMPTY), message: ' <nil> <nil> 0xc' }],
      [withRole({ arn: 'x:aws:sts::1:role/a' }), failed('unable to parse arn from assumed role: arn: invalid prefix')],
      [withRole({ arn: 'arn:aws:sts::1' }), failed('unable to parse arn from assumed role: arn: not enough sections')],
      // The agent expects these fields: without one, its handler panics and closes the connection. The request is made three
      // times.
      ...[
        withRole({ arn: undefined }),
        withRole({ assumeRoleId: null }),
        ...['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiration'].map((name) =>
          withCredentials({ [name]: undefined }),
        ),
        json(200, { ...GOOD, podIdentityAssociation: {} }),
        json(200, { ...GOOD, podIdentityAssociation: null }),
      ].map((answer): Row => [answer, { by: 'agent', code: 'NoAnswer', facts: { upstreamCalls: 3 } }]),
      [
        withCredentials({ expiration: 1 }),
        { by: 'agent', status: 500, message: 'fetched credentials are expired or will expire within the next -' },
      ],
    ]),
  });

  scenario('AP-46b', "the pod receives the credentials of EKS Auth, and the account id of the role's ARN", {
    source: `${AGENT}pkg/credentials/model.go; internal/cloud/eksauth`,
    needs: ['agent-token-cache'],
    ...ASSOCIATED,
    tokens: tokensOf(['plain', 'fraction', 'empty', 'status']),
    probes: [
      ...answers('plain', withRole({ arn: 'arn:aws:sts::444455556666:assumed-role/a:b/c' })),
      ...answers('fraction', withCredentials({ expiration: 4_102_444_800.25 })),
      ...answers('empty', withCredentials({ sessionToken: '' })),
      ...answers('status', json(201, { ...GOOD, more: [1] })),
      gets({ token: minted('plain') }, { accountId: '444455556666', expiration: '2100-01-01T00:00:00Z' }),
      gets({ token: minted('fraction') }, { accountId: '111122223333', expiration: '2100-01-01T00:00:00.25Z' }),
      gets({ token: minted('empty') }, { keys: 'AccessKeyId,SecretAccessKey,AccountId,Expiration' }),
      gets({ token: minted('status') }, { keys: 'AccessKeyId,SecretAccessKey,Token,AccountId,Expiration' }),
      gets({ token: minted('plain') }, { upstreamCalls: 0, accountId: '444455556666' }),
    ],
  });
});
