/** Which pods an association matches, by namespace, service account and start time. */
import {
  admitPod,
  askEksAuth,
  assumeByToken,
  controlSucceeds,
  createAssociation,
  fails,
  fetchCredentials,
  granted,
  irsaRole,
  podIdentityRole,
  refused,
  restartPod,
  succeeds,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { NO_ASSOCIATION, NOT_ASSUMED, NOT_INJECTED } from '../lib/outcomes.ts';
import { ASSIGN_ROLES, CREATE_ASSOCIATION, HOW_IT_GRANTS } from '../lib/sources.ts';
import { APP } from '../lib/worlds.ts';

const roles = { app: podIdentityRole() } as const;
const ONE = 'my-conformance-one';
/** Service accounts whose names equal those of `mine` when joined, contain them, or are contained in them. */
const NEAR = {
  joined: { namespace: `${ONE}-more`, serviceAccount: 'app' },
  longEnd: { namespace: `x-${ONE}`, serviceAccount: 'more-app' },
  longStart: { namespace: `${ONE}-more`, serviceAccount: 'more-app' },
  end: { namespace: 'conformance-one', serviceAccount: 'more-app' },
  start: { namespace: 'my-conformance', serviceAccount: 'more-app' },
  endOfName: { namespace: ONE, serviceAccount: 'app' },
  longEndOfName: { namespace: ONE, serviceAccount: 'x-more-app' },
  startOfName: { namespace: ONE, serviceAccount: 'more' },
  longStartOfName: { namespace: ONE, serviceAccount: 'more-app-2' },
  dotted: { namespace: ONE, serviceAccount: 'more.app' },
} as const;
/** The same for the annotated service account. */
const NEAR_WEB = Object.fromEntries(
  Object.entries(NEAR).map(([name, { namespace, serviceAccount }]) => [
    `${name}Web`,
    { namespace, serviceAccount: serviceAccount.replace('app', 'web') },
  ]),
);
const tokenOf = ({ namespace, serviceAccount }: (typeof NEAR_WEB)[string]) => ({
  serviceAccount: `${namespace}/${serviceAccount}`,
  audience: 'sts.amazonaws.com',
});
/** Names of 253 characters, which differ in the last one. */
const LONG = 's'.repeat(252);

suite('pod-identity', ({ scenario }) => {
  scenario('PI-02', 'a pod that starts before its association gets no credentials until it is restarted', {
    profile: 'core',
    source: `${HOW_IT_GRANTS}; amazon-eks-pod-identity-webhook, pods are changed only at admission`,
    keywords: ['webhook missing'],
    roles,
    workloads: { app: {} },
    probes: [
      refused('app', whoAmI(), NOT_INJECTED),
      createAssociation('app', 'app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
      restartPod('app'),
      granted('app', fetchCredentials()),
    ],
  });

  for (const [id, title, other] of [
    ['PI-04', 'a pod of another service account gets no credentials', { serviceAccount: 'other' }],
    ['PI-05', 'a pod with the same account name in another namespace gets no credentials', { namespace: 'other' }],
  ] as const)
    scenario(id, title, {
      profile: 'core',
      source: HOW_IT_GRANTS,
      roles,
      workloads: { ...APP, other },
      probes: [controlSucceeds(askEksAuth('app')), refused('other', fetchCredentials(), NOT_INJECTED)],
    });

  scenario('PI-06', 'an association can be created before its namespace and service account', {
    source: 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": neither needs to exist',
    roles,
    workloads: { app: { role: 'app', associationFirst: true } },
    probes: [succeeds(admitPod('app'), { injected: 'pod-identity' }), succeeds(askEksAuth('app'))],
  });

  scenario('PI-42', 'a role does not reach service accounts with similar names', {
    source: `${HOW_IT_GRANTS}; ${CREATE_ASSOCIATION}, namespace and serviceAccount; ${ASSIGN_ROLES}; Kubernetes documentation, "Object Names and IDs": names may have dashes and dots`,
    // The names that a run gives to namespaces do not contain each other.
    exactNames: true,
    roles: {
      app: podIdentityRole(),
      web: irsaRole(`${ONE}/more-web`),
    },
    workloads: {
      mine: { namespace: ONE, serviceAccount: 'more-app', role: 'app' },
      ...NEAR,
      web: { namespace: ONE, serviceAccount: 'more-web', irsa: 'web' },
      ...NEAR_WEB,
      long: { namespace: ONE, serviceAccount: `${LONG}a`, role: { role: 'app', disableSessionTags: true } },
      longTwin: { namespace: ONE, serviceAccount: `${LONG}b` },
    },
    tokens: {
      web: tokenOf({ namespace: ONE, serviceAccount: 'more-web' }),
      ...Object.fromEntries(Object.entries(NEAR_WEB).map(([name, account]) => [name, tokenOf(account)])),
    },
    probes: [
      succeeds(askEksAuth('mine'), { roleArn: '<role:app>' }),
      ...['joined', 'end', 'longEnd', 'longStartOfName'].map((name) => fails(askEksAuth(name), NO_ASSOCIATION)),
      succeeds(admitPod('mine'), { injected: 'pod-identity' }),
      succeeds(admitPod('long'), { injected: 'pod-identity' }),
      succeeds(admitPod('web'), { injected: 'irsa' }),
      ...[...Object.keys({ ...NEAR, ...NEAR_WEB }), 'longTwin'].map((name) =>
        succeeds(admitPod(name), { injected: 'none' }),
      ),
      controlSucceeds(assumeByToken('web', 'web')),
      ...Object.keys(NEAR_WEB).map((name) => fails(assumeByToken('web', name), NOT_ASSUMED)),
    ],
  });
});
