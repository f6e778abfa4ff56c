/** Requests to the agent: paths, methods, HTTP as Go parses it; and the format of the response. */
import { between, fetchCredentials, granted, matching, refused, suite } from '../../harness/index.ts';
import { AGENT } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { CONTROL, gets, refusedByAgent } from './lib/requests.ts';

const HTTP_OF_GO = 'Go, package net/http, Server and ServeMux';
const PLAIN_TEXT = 'text/plain; charset=utf-8';
const HOST = 'Host: 169.254.170.23';

/** Paths without credentials, and paths of other ports. */
const NO_CREDENTIALS = ['/', '/v1/credentials/', '/v1/credentials/app', '/V1/credentials', '/v1', '/v2/credentials'];
const ELSEWHERE = ['/healthz', '/readyz', '/metrics'];

suite('agent', ({ scenario }) => {
  const written = (line: string, ...headers: readonly string[]) =>
    fetchCredentials({ lines: [`${line} HTTP/1.1`, ...headers] });
  const faulty = (status: number, message: string, line: string, ...headers: readonly string[]) =>
    refused('app', written(line, ...headers), { by: 'agent', status, message, facts: { contentType: PLAIN_TEXT } });
  /** The status is 301 or 307, depending on the version of Go. */
  const redirected = (line: string, message: string) =>
    refused('app', written(line, HOST), { by: 'agent', code: ['301', '307'], message });

  scenario('AP-43', "the agent parses requests as Go's HTTP server does", {
    source: HTTP_OF_GO,
    // Each request without a response takes twenty seconds.
    allowSeconds: 240,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      ...[
        written('GET /v1/%63redentials', HOST),
        written('BREW /v1/credentials', HOST),
        written('M-SEARCH /v1/credentials?a=1', HOST),
        written('CONNECT /v1/credentials', HOST),
        written('GET /v1/credentials', HOST, 'Expect: 100-continue'),
        written('GET http://user@[fd00:ec2::23]:80/v1/credentials', 'Host: example.com'),
        fetchCredentials({ lines: ['GET /v1/credentials HTTP/1.0', HOST] }),
        // Go's limit is a megabyte.
        written('GET /v1/credentials', HOST, `X-Long: ${'x'.repeat(20_000)}`),
      ].map((request) => granted('app', request, { status: 200 })),
      faulty(403, 'not example.com', 'GET http://example.com/v1/credentials', HOST),
      // The agent ignores forwarding headers, which any client can set.
      ...['X-Forwarded-Host: 169.254.170.23', 'Forwarded: host=169.254.170.23', 'X-Original-Host: 169.254.170.23'].map(
        (header) => faulty(403, 'not localhost', 'GET /v1/credentials', 'Host: localhost', header),
      ),
      faulty(403, 'address not', 'GET /v1/credentials', 'Host:'),
      faulty(404, '404 page not found', 'GET /v1%2Fcredentials', HOST),
      faulty(404, '404 page not found', 'BREW /v1/credential', HOST),
      faulty(400, '400 Bad Request', 'GET /%zz', HOST),
      faulty(400, '400 Bad Request: missing required Host header', 'GET /v1/credentials'),
      faulty(400, '400 Bad Request: missing required Host header', 'BREW /v1/credentials'),
      faulty(400, '400 Bad Request: malformed Host header', 'GET /v1/credentials', 'Host: a"b'),
      faulty(400, '400 Bad Request', 'GET /v1/credentials', HOST, HOST),
      faulty(400, '400 Bad Request', 'GET /v1/credentials', HOST, 'no header'),
      faulty(400, '400 Bad Request', 'GET', HOST),
      faulty(400, '400 Bad Request', 'GE(T /v1/credentials', HOST),
      redirected('GET //v1/credentials?a=1', '<a href="/v1/credentials?a=1">'),
      redirected('GET /a/./../b?x="<"', '<a href="/b?x=&#34;&lt;&#34;">'),
      redirected('POST /v1/./credentials', ''),
      // Responses without a body.
      refused('app', written('GET *', HOST), { by: 'agent', status: 400 }),
      refused('app', written('GET /v1/credentials', HOST, 'Expect: much'), { by: 'agent', status: 417 }),
      ...['HEAD /v1/credentials', 'OPTIONS *'].map((line) =>
        refused('app', written(line, HOST), { by: 'agent', code: 'NoCredentialsInAnswer', status: 200 }),
      ),
    ],
  });

  scenario('AP-01', 'the agent returns credentials as JSON with five members in a fixed order', {
    profile: 'core',
    source: AGENT + 'pkg/credentials/model.go',
    ...ASSOCIATED,
    probes: [
      granted('app', fetchCredentials(), {
        status: 200,
        facts: {
          contentType: 'application/json',
          keys: 'AccessKeyId,SecretAccessKey,Token,AccountId,Expiration',
          accountId: '<account:main>',
          // RFC 3339 in UTC, which every SDK reads.
          expiration: matching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
          secondsLeft: between(21_500, 21_610),
        },
      }),
    ],
  });

  scenario('AP-11', 'the agent serves credentials at one path, for any method', {
    source: `${AGENT}pkg/server: the handler is registered without a method`,
    ...ASSOCIATED,
    probes: [
      gets({ path: '/v1/credentials?ignored=true' }),
      ...['POST', 'PUT', 'DELETE', 'OPTIONS'].map((method) =>
        granted('app', fetchCredentials({ method }), { status: 200 }),
      ),
      ...[...NO_CREDENTIALS, ...ELSEWHERE].map((path) => refusedByAgent({ path }, 404, '404 page not found')),
    ],
  });
});
