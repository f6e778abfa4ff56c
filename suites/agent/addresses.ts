/** Addresses, hosts and ports that the agent answers at. */
import {
  agentArguments,
  agentGet,
  connect,
  fails,
  fetchCredentials,
  granted,
  matching,
  noToken,
  refused,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { AGENT, AGENT_VALIDATION } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { CONTROL, gets, PLAIN_TEXT, refusedByAgent } from './lib/requests.ts';

/** Hosts that begin or end as an address of the agent, or are one written in another way. */
const NOT_ADDRESSES = [
  '169.254.170.23.example.com',
  '169.254.170.230',
  'x169.254.170.23',
  'fd00:ec2::23a',
  '169.254.170.23.',
  '2852039191',
  '169.254.43543',
  '::ffff:169.254.170.23',
  'fd00:ec2:0::23',
  'FD00:EC2::23',
];
const UNREADABLE = [
  '[169.254.170.23x',
  'x169.254.170.23]',
  '[fd00:ec2::23]80',
  'fd00:ec2::23:80',
  '169.254.170.23:80:80',
  '[',
  ':80',
];

suite('agent', ({ scenario }) => {
  scenario('AP-52', 'the agent serves only the configured addresses', {
    source:
      'Amazon EKS User Guide, "Disable IPv6 in the EKS Pod Identity Agent"; ' + AGENT + 'cmd/server.go: --bind-hosts',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', hostNetwork: true } },
    probes: [
      agentArguments('-b 169.254.170.23'),
      gets({ via: 'ipv4' }),
      refused('app', fetchCredentials({ via: 'ipv6' }), { by: 'agent', message: 'cannot be reached' }),
      agentArguments('--bind-hosts [fd00:ec2::23] --bind-hosts 169.254.170.23'),
      gets({ via: 'ipv4' }),
      gets({ via: 'ipv6' }),
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

  scenario('AP-08', 'the agent answers only to its link-local addresses, whatever the token', {
    profile: 'core',
    source: AGENT_VALIDATION + ', TestValidateEksCredentialRequest; ' + AGENT + 'pkg/server/server_test.go',
    ...ASSOCIATED,
    probes: [
      CONTROL,
      ...['localhost', '127.0.0.2', 'agent.example.com', '169.254.170.2', '169.254.169.254'].map((host) =>
        refusedByAgent(
          { host },
          403,
          `Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23] address not ${host}`,
          PLAIN_TEXT,
        ),
      ),
      // The address is looked at ahead of the token.
      refusedByAgent({ host: 'localhost', token: noToken }, 403),
      refusedByAgent({ host: 'localhost', change: 'expired' }, 403),
    ],
  });

  scenario(
    'AP-08b',
    "a Host header is accepted only if it is one of the agent's addresses, with or without brackets or port",
    {
      source: `${AGENT_VALIDATION}, TestValidateEksCredentialRequest`,
      ...ASSOCIATED,
      probes: [
        // The agent does not compare the port with its own.
        ...['169.254.170.23', '[fd00:ec2::23]'].flatMap((host) =>
          ['', ':80', ':8080', ':'].map((port) => gets({ host: `${host}${port}` })),
        ),
        gets({ host: 'fd00:ec2::23' }),
        ...NOT_ADDRESSES.map((host) => refusedByAgent({ host }, 403, `address not ${host}`)),
        ...UNREADABLE.map((host) => refusedByAgent({ host }, 403, 'invalid address')),
      ],
    },
  );

  scenario('PI-30', 'the agent is at 169.254.170.23, for every pod of the node', {
    keywords: ['link-local address'],
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" (considerations)',
    ...ASSOCIATED,
    probes: [granted('app', connect('agent')), gets({ via: 'ipv4' }, { contentType: 'application/json' })],
  });
});
