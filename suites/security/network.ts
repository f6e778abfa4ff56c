/** What pods reach: network policies, the agent by a name. */
import {
  connect,
  control,
  fetchCredentials,
  getObject,
  granted,
  minted,
  podIdentityRole,
  refused,
  suite,
  wait,
  whoAmI,
} from '../../harness/index.ts';
import { APP, ASSOCIATED, POD_IDENTITY, readData } from '../lib/worlds.ts';

const MINTED = '/var/run/secrets/conformance/tokens';

const NETWORK_POLICIES = 'Kubernetes documentation, "Network Policies"';

suite('security', ({ scenario }) => {
  scenario('SEC-07', 'a host name that resolves to the agent is not one of its addresses', {
    source: 'eks-pod-identity-agent source, internal/validation: the host is an address, which keeps DNS rebinding out',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', fetchCredentials()),
      ...['rebind.example.com', '169.254.170.23.example.com:80', 'app.169.254.170.23'].map((host) =>
        refused('app', fetchCredentials({ host }), { by: 'agent', status: 403, message: 'Access Denied' }),
      ),
    ],
  });

  scenario('SEC-13', 'a network policy that lets a pod reach agent and AWS is enough for it', {
    // Whether a policy reaches as far as the agent is left open: traffic to the own node may always pass.
    source: `${NETWORK_POLICIES}: default deny of egress; "What you can't do with network policies": block traffic to the own node`,
    finding:
      'A network policy that denies egress may not block the agent, which runs on the same node. If the network plugin does block it, allow 169.254.170.23/32 on TCP port 80.',
    roles: { app: podIdentityRole(readData) },
    workloads: {
      open: { role: 'app' },
      closed: { role: 'app', egress: ['agent'] },
      allowed: { role: 'app', egress: ['agent', 'aws'] },
    },
    objects: ['data/key'],
    probes: [
      control('open', connect('aws')),
      refused('closed', connect('aws', { until: 'closed' }), { by: 'network' }),
      // With its policy in force.
      granted('closed', fetchCredentials({ via: 'ipv4' })),
      // Until its policy is in force a pod may open any connection: the other's policy, made with it, is by now.
      wait(2),
      granted('allowed', connect('aws', { until: 'open' })),
      granted('allowed', fetchCredentials({ via: 'ipv4' })),
      granted('allowed', getObject('data/key')),
    ],
  });

  scenario('SEC-16', 'an SDK takes no token to a foreign host over plain HTTP', {
    source: 'AWS SDKs and Tools Reference Guide, "Container credential provider", AWS_CONTAINER_CREDENTIALS_FULL_URI',
    roles: ASSOCIATED.roles,
    workloads: {
      ...APP,
      // A documentation address (RFC 5737): nobody is there.
      misled: {
        role: 'app',
        env: {
          AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://192.0.2.1/v1/credentials',
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${MINTED}/bait`,
        },
      },
    },
    tokens: { bait: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } },
    probes: [
      control('app', fetchCredentials({ token: minted('bait') })),
      refused('misled', whoAmI(), { by: 'injection', code: 'UriNotAccepted', message: '192.0.2.1' }),
    ],
  });
});
