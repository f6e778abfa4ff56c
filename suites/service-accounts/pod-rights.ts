/** Who can use a service account through its pods, and what a workload needs in Kubernetes. */
import {
  admitPod,
  createToken,
  fails,
  fetchCredentials,
  getObject,
  granted,
  kubernetesGet,
  podIdentityRole,
  reviewAccess,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { FORBIDDEN } from '../lib/outcomes.ts';
import { ASSOCIATED, readData } from '../lib/worlds.ts';
import { NOT_ALLOWED, ONLOOKER } from './lib/token-requests.ts';

const GOOD_PRACTICES = 'Kubernetes documentation, "Role Based Access Control Good Practices"';
const APP = '<namespace:app>';

suite('service-accounts', ({ scenario }) => {
  scenario('RB-12', 'a user who may run commands in pods can use their tokens', {
    source: `Amazon EKS Best Practices Guide, "Identity and Access Management"; ${GOOD_PRACTICES}`,
    finding:
      "create on pods/exec is enough to read a pod's token and use its AWS role. Treat it as a right to the roles of all pods of the namespace.",
    ...ASSOCIATED,
    users: {
      operator: { namespace: 'app', rules: [{ resources: ['pods/exec'], verbs: ['create'] }] },
      keeper: { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['*'] }] },
    },
    probes: [
      succeeds(reviewAccess('operator', { verb: 'create', resource: 'pods/exec', namespace: APP })),
      granted('app', fetchCredentials()),
      // All rights on pods do not include pods/exec.
      fails(reviewAccess('keeper', { verb: 'create', resource: 'pods/exec', namespace: APP }), NOT_ALLOWED),
      fails(reviewAccess('operator', { verb: 'get', resource: 'pods', namespace: APP }), NOT_ALLOWED),
    ],
  });

  scenario('RB-07', 'a pod without a token for the Kubernetes API still gets credentials', {
    source: 'Kubernetes documentation, "Opt out of API credential automounting"; webhook source, pkg/handler',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', automountServiceAccountToken: false } },
    probes: [granted('app', fetchCredentials())],
  });

  scenario('RB-08', 'a workload needs no Kubernetes permission to use its role', {
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"',
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    tokens: { api: { serviceAccount: 'app/app' } },
    probes: [
      granted('app', getObject('data/key')),
      fails(kubernetesGet(`/api/v1/namespaces/${APP}/pods`, { token: 'api' }), FORBIDDEN),
    ],
  });

  scenario('RB-09', 'a user who may create pods can use any service account of the namespace, and its role', {
    profile: 'core',
    source: `Amazon EKS Best Practices Guide, "Identity and Access Management"; ${GOOD_PRACTICES}`,
    finding:
      'create on pods is enough to run as any service account of the namespace and use its AWS role. Keep privileged service accounts in their own namespaces.',
    ...ASSOCIATED,
    users: { creator: { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['create'] }] }, onlooker: ONLOOKER },
    probes: [
      succeeds(admitPod('app', {}, { as: 'creator' }), { injected: 'pod-identity' }),
      granted('app', fetchCredentials()),
      fails(createToken('app/app', { as: 'creator' }), FORBIDDEN),
      fails(admitPod('app', {}, { as: 'onlooker' }), FORBIDDEN),
    ],
  });
});
