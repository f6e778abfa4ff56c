/** How the agent reads answers of EKS Auth: errors of every kind, and successes with and without credentials. */
import { fetchCredentials, minted, refused, suite, disturbAws } from '../../harness/index.ts';
import { AGENT, EKS_AUTH_ERRORS } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { gets, ONE_CALL, POD_TOKEN } from './lib/requests.ts';

const SMITHY = 'Smithy, "AWS restJson1 protocol", operation error serialization';
const RETRIES = 'AWS SDKs and Tools Reference Guide, "Retry behavior"; AWS SDK for Go v2, aws/retry';
const PLAIN_TEXT = 'text/plain; charset=utf-8';
type Answer = NonNullable<Parameters<typeof disturbAws>[0]['answer']>;
/** What EKS Auth answers to calls with the token: each answer once, and the last one from then on. */
const answers = (token: string, ...all: readonly Answer[]) =>
  all.map((answer, index) =>
    disturbAws({
      service: 'eks-auth',
      operation: 'AssumeRoleForPodIdentity',
      token,
      answer,
      ...(index < all.length - 1 && { times: 1 }),
    }),
  );
/** Tokens of the pod: by their times they differ on clusters too that write no `jti`. */
const tokensOf = (names: readonly string[]) =>
  Object.fromEntries(names.map((name, index) => [name, { ...POD_TOKEN, expirationSeconds: 3600 + index }]));
const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'x-amzn-requestid': 'r-1', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const ofType = (type: string, status = 400): Answer => json(status, { message: 'no' }, { 'x-amzn-errortype': type });
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
/** What EKS Auth answers, one after another, and what the pod gets for it. */
type Row = readonly [answers: Answer | readonly Answer[], refusal: Refusal];
/** What a failure is to name: status, and error or body, of the first answer. */
const labelOf = ([first]: readonly Answer[]): string =>
  [first?.status, first?.headers?.['x-amzn-errortype'] ?? first?.body]
    .join('-')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/-$/, '')
    .toLowerCase();
/** In seconds: for as long as an agent may take that answers nothing. */
const UNTIL_GIVEN_UP = 240;
/**
 * A pod whose agent is answered so, and what it is given each time; then EKS Auth answers itself. Each row has a token of its own: a
 * call that the agent gives up and makes again is answered alike, and takes nothing away from the next row. Tokens of one call are
 * asked with again, since nothing of that is kept.
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
/** An answer of EKS Auth with all that the agent reads of it. */
const GOOD = {
  assumedRoleUser: { arn: 'arn:aws:sts::111122223333:assumed-role/app/s', assumeRoleId: 'AROAEXAMPLE:s' },
  credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'x', sessionToken: 'y', expiration: 4_102_444_800 },
  podIdentityAssociation: { associationArn: 'arn', associationId: 'a-1' },
};
const withRole = (changes: object) => json(200, { ...GOOD, assumedRoleUser: { ...GOOD.assumedRoleUser, ...changes } });
const withCredentials = (changes: object) => json(200, { ...GOOD, credentials: { ...GOOD.credentials, ...changes } });

suite('agent', ({ scenario }) => {
  scenario('AP-44', 'an error of EKS Auth is known by its header or its body, and reaches the pod with its fault', {
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
      // A name of the model is known in any case, and goes by the model's.
      ...CLIENT_FAULTS.map((name): Row => [ofType(name.toLowerCase()), passedOn(name)]),
      ...['<html>', '[]', '"text"'].map((body): Row => [
        json(403, body),
        { by: 'agent', status: 403, message: '[r-1]', facts: { contentType: PLAIN_TEXT } },
      ]),
    ]),
  });

  scenario('AP-45', 'the agent asks EKS Auth again where another answer may come, and only there', {
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

  scenario('AP-46', 'an answer of EKS Auth without credentials gives none, and is not kept', {
    source: `${AGENT}internal/cloud/eksauth; pkg/credentials; Go, package net/http: a handler that panics`,
    ...answered([
      // AWS's client keeps the status of an answer that it cannot read.
      [json(200, '<html>'), { by: 'agent', code: ['500', 'NoCredentialsInAnswer'] }],
      // With the members that were there: those of the role, the audience, the credentials, the association, the subject.
      ...['', 'null', '{}'].map((body) => empty(body, '&{<nil> <nil> <nil> <nil> <nil>')),
      empty('{"credentials":null,"assumedRoleUser":{}}', '&{0xc'),
      empty({ ...GOOD, assumedRoleUser: undefined }, '&{<nil> <nil> 0xc'),
      empty('{"audience":"a","subject":{}}', '&{<nil> 0xc'),
      empty('{"subject":{}}', '&{<nil> <nil> <nil> <nil> 0xc'),
      [json(200, { ...GOOD, credentials: undefined }), { ...failed(EMPTY), message: ' <nil> <nil> 0xc' }],
      [withRole({ arn: 'x:aws:sts::1:role/a' }), failed('unable to parse arn from assumed role: arn: invalid prefix')],
      [withRole({ arn: 'arn:aws:sts::1' }), failed('unable to parse arn from assumed role: arn: not enough sections')],
      // The agent takes these for granted: its handler panics, and the connection ends. Such a request is made three times.
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
