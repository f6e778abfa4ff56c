/** Network access of pods: network policies, and host names for the agent. */
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
  scenario('SEC-07', 'the agent rejects a host name instead of its address', {
    source:
      'eks-pod-identity-agent source, internal/validation: the host must be an address, which prevents DNS rebinding',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', fetchCredentials()),
      ...['rebind.example.com', '169.254.170.23.example.com:80', 'app.169.254.170.23'].map((host) =>
        refused('app', fetchCredentials({ host }), { by: 'agent', status: 403, message: 'Access Denied' }),
      ),
    ],
  });

  scenario('SEC-13', 'a network policy that allows the agent and AWS is sufficient for a pod', {
    // Kubernetes leaves open whether a policy covers the agent: traffic to the pod's node may always pass.
    source: `${NETWORK_POLICIES}: default deny of egress; "What you can't do with network policies": block traffic to the own node`,
    finding:
      'A network policy that denies egress may not block the agent, which runs on the same node. If the network plugin does block it, allow 169.254.170.23/32 on TCP port 80.',
    // A network plugin that enforces policies needs time for each pod in the cluster.
    exclusive: 'cluster',
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
      // At this point its policy applies.
      granted('closed', fetchCredentials({ via: 'ipv4' })),
      // A pod can open any connection before its policy applies. Both policies were created together, so this one now applies
      // too.
      wait(2),
      granted('allowed', connect('aws', { until: 'open' })),
      granted('allowed', fetchCredentials({ via: 'ipv4' })),
      granted('allowed', getObject('data/key')),
    ],
  });

  scenario('SEC-16', 'an SDK does not send a token to a foreign host over plain HTTP', {
    source: 'AWS SDKs and Tools Reference Guide, "Container credential provider", AWS_CONTAINER_CREDENTIALS_FULL_URI',
    roles: ASSOCIATED.roles,
    workloads: {
      ...APP,
      // A documentation address (RFC 5737), which no host has.
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
