/** The agent's ports, and requests that no SDK makes. */
import {
  agentArguments,
  agentGet,
  control,
  fails,
  fetchCredentials,
  granted,
  matching,
  refused,
  succeeds,
  suite,
} from '../harness/index.ts';
import { ASSOCIATED } from './lib/worlds.ts';

const AGENT = 'eks-pod-identity-agent source, ';
const HTTP_OF_GO = 'Go, package net/http, Server and ServeMux';
const PLAIN_TEXT = 'text/plain; charset=utf-8';

const HOST = 'Host: 169.254.170.23';

suite('agent', ({ scenario }) => {
  scenario('AP-08b', "a host that only begins or ends as one of the agent's addresses is another host", {
    source: `${AGENT}internal/validation, TestValidateEksCredentialRequest`,
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      // Nor is one that is written in another way.
      ...[
        ...['169.254.170.23.example.com', '169.254.170.230', 'x169.254.170.23', 'fd00:ec2::23a', '169.254.170.23.'],
        ...['2852039191', '169.254.43543', '::ffff:169.254.170.23', 'fd00:ec2:0::23', 'FD00:EC2::23'],
      ].map((host) =>
        refused('app', fetchCredentials({ host }), { by: 'agent', status: 403, message: `address not ${host}` }),
      ),
      ...[
        '[169.254.170.23x',
        'x169.254.170.23]',
        '[fd00:ec2::23]80',
        'fd00:ec2::23:80',
        '169.254.170.23:80:80',
        '[',
        ':80',
      ].map((host) =>
        refused('app', fetchCredentials({ host }), { by: 'agent', status: 403, message: 'invalid address' }),
      ),
    ],
  });

  const written = (line: string, ...headers: readonly string[]) =>
    fetchCredentials({ lines: [`${line} HTTP/1.1`, ...headers] });

  scenario('AP-43', 'requests are read as Go reads them', {
    source: HTTP_OF_GO,
    // Those that are never answered take twenty seconds each.
    allowSeconds: 240,
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
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
      ...(
        [
          ['GET http://example.com/v1/credentials', 403, 'not example.com', HOST],
          // What a proxy writes of the host that it was asked for is anybody's word.
          ...[
            'X-Forwarded-Host: 169.254.170.23',
            'Forwarded: host=169.254.170.23',
            'X-Original-Host: 169.254.170.23',
          ].map((header) => ['GET /v1/credentials', 403, 'not localhost', 'Host: localhost', header] as const),
          ['GET /v1/credentials', 403, 'address not', 'Host:'],
          ['GET /v1%2Fcredentials', 404, '404 page not found', HOST],
          ['BREW /v1/credential', 404, '404 page not found', HOST],
          ['GET /%zz', 400, '400 Bad Request', HOST],
          ['GET /v1/credentials', 400, '400 Bad Request: missing required Host header'],
          ['BREW /v1/credentials', 400, '400 Bad Request: missing required Host header'],
          ['GET /v1/credentials', 400, '400 Bad Request: malformed Host header', 'Host: a"b'],
          ['GET /v1/credentials', 400, '400 Bad Request', HOST, HOST],
          ['GET /v1/credentials', 400, '400 Bad Request', HOST, 'no header'],
          ['GET', 400, '400 Bad Request', HOST],
          ['GE(T /v1/credentials', 400, '400 Bad Request', HOST],
        ] as const
      ).map(([line, status, message, ...headers]) =>
        refused('app', written(line, ...headers), {
          ...{ by: 'agent', status, message },
          facts: { contentType: PLAIN_TEXT },
        }),
      ),
      // 301 or 307, by the version of Go.
      ...(
        [
          ['GET //v1/credentials?a=1', '<a href="/v1/credentials?a=1">'],
          ['GET /a/./../b?x="<"', '<a href="/b?x=&#34;&lt;&#34;">'],
          ['POST /v1/./credentials', ''],
        ] as const
      ).map(([line, message]) => refused('app', written(line, HOST), { by: 'agent', code: ['301', '307'], message })),
      // Answers without a word.
      ...(
        [
          ['GET *', 400, HOST],
          ['GET /v1/credentials', 417, HOST, 'Expect: much'],
        ] as const
      ).map(([line, status, ...headers]) => refused('app', written(line, ...headers), { by: 'agent', status })),
      ...['HEAD /v1/credentials', 'OPTIONS *'].map((line) =>
        refused('app', written(line, HOST), { by: 'agent', code: 'NoCredentialsInAnswer', status: 200 }),
      ),
    ],
  });

  scenario('AP-47', 'an agent that is told of another EKS Auth asks that one', {
    source: `${AGENT}cmd/server.go: --endpoint; smithy-go, JoinPath; Go, package net: a connection that is refused`,
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      agentArguments('--endpoint http://127.0.0.1:9/eks-auth/'),
      refused('app', fetchCredentials(), {
        by: 'agent',
        status: 500,
        message:
          'Post "http://127.0.0.1:9/eks-auth/clusters/<cluster:c1>/assume-role-for-pod-identity": dial tcp 127.0.0.1:9: connect: connection refused',
      }),
    ],
  });

  scenario(
    'AP-48',
    "each port of the agent has its paths, and its port for credentials is on no other of the node's addresses",
    {
      source: `${AGENT}cmd/server.go; pkg/server`,
      needs: ['pod-identity'],
      probes: [
        succeeds(agentGet(2705, '/healthz'), { status: 200, body: '' }),
        succeeds(agentGet(2705, '/metrics'), { contentType: matching(/^text\/plain; version=0\.0\.4/) }),
        ...['/', '/v1/credentials', '/metrics/', '/healthz/x'].map((path) =>
          fails(agentGet(2705, path), { by: 'agent', code: '404', message: '404 page not found' }),
        ),
        // The API server reaches the agent's pod, which is on the node's network, at the node's address.
        fails(agentGet(80, '/v1/credentials'), { by: 'agent', code: ['503', '504'] }),
      ],
    },
  );
});
