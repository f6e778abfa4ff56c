/** Addresses, hosts and ports of the agent. */
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

/** Hosts that contain an address of the agent, or write one in another form. */
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

  scenario('AP-48', 'each port of the agent has its own paths, and no other node address serves credentials', {
    source: `${AGENT}cmd/server.go; pkg/server`,
    needs: ['pod-identity'],
    probes: [
      succeeds(agentGet(2705, '/healthz'), { status: 200, body: '' }),
      succeeds(agentGet(2705, '/metrics'), { contentType: matching(/^text\/plain; version=0\.0\.4/) }),
      ...['/', '/v1/credentials', '/metrics/', '/healthz/x'].map((path) =>
        fails(agentGet(2705, path), { by: 'agent', code: '404', message: '404 page not found' }),
      ),
      // The agent's pod uses the host network, so the API server calls it at the node's address.
      fails(agentGet(80, '/v1/credentials'), { by: 'agent', code: ['503', '504'] }),
    ],
  });

  scenario('AP-08', 'the agent rejects a Host header that is not one of its link-local addresses', {
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
      // The agent checks the address before the token.
      refusedByAgent({ host: 'localhost', token: noToken }, 403),
      refusedByAgent({ host: 'localhost', change: 'expired' }, 403),
    ],
  });

  scenario('AP-08b', 'the agent accepts its own addresses as Host, with or without brackets and port', {
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
  });

  scenario('PI-30', 'every pod of a node reaches the agent at 169.254.170.23', {
    keywords: ['link-local address'],
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" (considerations)',
    ...ASSOCIATED,
    probes: [granted('app', connect('agent')), gets({ via: 'ipv4' }, { contentType: 'application/json' })],
  });
});
