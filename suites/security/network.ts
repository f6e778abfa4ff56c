/** What pods reach: network policies, the agent by a name, instance metadata. */
import { expect } from 'chai';
import {
  check,
  connect,
  control,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  readFile,
  refused,
  suite,
  wait,
} from '../../harness/index.ts';
import { asker, MESSAGE, messageOf, podOf } from '../lib/programs.ts';
import { readData } from '../lib/worlds.ts';

const NETWORK_POLICIES = 'Kubernetes documentation, "Network Policies"';

suite('security', ({ scenario }) => {
  scenario('SEC-20', 'instance metadata tells nothing to who has no session with it', {
    source: 'Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata": IMDSv2, errors',
    needs: ['imds', 'own-cluster'],
    workloads: { app: { imds: 'reachable' } },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('a pod asks it', async (context) => {
        await asker(context)('POST', 'pods', await podOf(context, 'asks', ASK_METADATA));
        const { role, ...told } = JSON.parse(await messageOf(context, 'asks')) as Readonly<Record<string, unknown>>;
        expect(told).to.deep.equal({
          ...{ none: 401, noneOfRole: 401, wrong: 401, noTime: 400, longTime: 400, session: 200, path: 404 },
          ...{ instance: 200, credentials: true },
        });
        expect(role).to.match(/^[\w+=,.@-]+$/);
      }),
    ],
  });

  scenario('SEC-07', 'a name that leads to the agent is none of its addresses', {
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
      'A policy that denies egress need not keep a pod from the agent, which is on its own node; where the network plugin applies it there too, allow 169.254.170.23/32 on TCP port 80.',
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
});

const ASK_METADATA = `
const ask = async (path, method = 'GET', headers = {}) => {
  const answer = await fetch('http://169.254.169.254/latest/' + path, { method, headers });
  return { status: answer.status, text: await answer.text() };
};
const open = (ttl) => ask('api/token', 'PUT', ttl ? { 'x-aws-ec2-metadata-token-ttl-seconds': ttl } : {});
const ROLES = 'meta-data/iam/security-credentials/';
(async () => {
  const { status: session, text } = await open('60');
  const get = (path, token = text) => ask(path, 'GET', { 'x-aws-ec2-metadata-token': token });
  const role = (await get(ROLES)).text;
  const { Code, AccessKeyId, Token } = JSON.parse((await get(ROLES + role)).text);
  require('fs').writeFileSync('${MESSAGE}', JSON.stringify({
    none: (await ask('meta-data/instance-id')).status, noneOfRole: (await ask(ROLES + role)).status,
    wrong: (await get('meta-data/instance-id', 'none')).status, noTime: (await open()).status,
    longTime: (await open('21601')).status, session, path: (await get('meta-data/none')).status, role,
    instance: (await get('meta-data/instance-id')).status,
    credentials: Code === 'Success' && AccessKeyId.startsWith('ASIA') && Token !== '',
  }));
})();`;
