/** What EKS Auth answers, asked as an agent asks it: whose session a token opens, which tokens open none, and who may ask. */
import {
  advanceClock,
  allow,
  askEksAuth,
  asSession,
  between,
  changeAssociation,
  createAssociationFor,
  deny,
  fails,
  getObject,
  irsaRole,
  matching,
  podIdentityRole,
  removeAssociation,
  signedRequest,
  succeeds,
  suite,
  trustPodIdentity,
  trustRole,
  updateTrust,
  whoAmI,
  type Conditions,
} from '../harness/index.ts';
import { ALLOWED_BY_NONE, MAY_NOT_ASSUME, NO_ASSOCIATION } from './lib/outcomes.ts';
import { EKS_AUTH, HOW_IT_WORKS, TARGET_ROLES, TRUST_OF_PODS, UPDATE_ASSOCIATION } from './lib/sources.ts';
import { APP, readData } from './lib/worlds.ts';

/** Which of its errors a bad token is, the API Reference does not say. */
const BAD_TOKEN = {
  by: 'eks-auth',
  code: ['InvalidTokenException', 'InvalidParameterException', 'InvalidRequestException', 'AccessDeniedException'],
  status: 400,
} as const;

/** Of cluster and pod the names may be cut short: with the UUID, it has 64 characters at most. */
const SESSION_NAME = /^eks-[\w.-]{1,10}-[\w.-]{1,10}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const byPodName = (pattern: string): Conditions => ({
  StringLike: { 'aws:PrincipalTag/kubernetes-pod-name': pattern },
});
const byTag = (key: string, value: string): Conditions => ({ StringEquals: { [`aws:RequestTag/${key}`]: value } });

suite('eks-auth', ({ scenario }) => {
  scenario('EA-01', 'the answer says for whom the session is, by which association, and for how long', {
    source: `${EKS_AUTH}; ${TARGET_ROLES}: credentials last for six hours`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/key', byPodName(`${'?'.repeat(12)}*`)),
        allow('s3:GetObject', 'data/cut', byPodName('?'.repeat(10))),
      ),
    },
    workloads: { app: { namespace: 'red', serviceAccount: 'reader', role: 'app' } },
    objects: ['data/key', 'data/cut'],
    probes: [
      succeeds(askEksAuth('app'), {
        roleArn: '<role:app>',
        accountId: '<account:main>',
        namespace: '<namespace:red>',
        serviceAccount: 'reader',
        audience: 'pods.eks.amazonaws.com',
        associationId: '<association-id:app>',
        associationArn: matching(/podidentityassociation\/<cluster:c1>\/<association-id:app>$/),
        sessionName: matching(SESSION_NAME),
        userId: matching(/^AROA[A-Z0-9]+:eks-/),
        secondsLeft: between(21_300, 21_660),
      }),
      // Its tag has the whole name of the pod, which is a long one.
      succeeds(asSession('app', getObject('data/key'))),
      fails(asSession('app', getObject('data/cut')), ALLOWED_BY_NONE),
      succeeds(asSession('app', whoAmI()), { userId: matching(/^AROA[A-Z0-9]+:eks-/) }),
    ],
  });

  scenario('EA-02', 'an association counts for its namespace and its service account together', {
    source: 'Amazon EKS API Reference, CreatePodIdentityAssociation, namespace and serviceAccount',
    roles: { first: podIdentityRole(), second: podIdentityRole(), third: podIdentityRole() },
    workloads: {
      redOne: { namespace: 'red', serviceAccount: 'one', role: 'first' },
      redTwo: { namespace: 'red', serviceAccount: 'two', role: 'second' },
      blueOne: { namespace: 'blue', serviceAccount: 'one', role: 'third' },
      blueTwo: { namespace: 'blue', serviceAccount: 'two' },
      dashed: { namespace: 'red', serviceAccount: 'more-one', role: 'first' },
      free: { namespace: 'red', serviceAccount: 'more-two' },
    },
    probes: [
      // Those that are the same when a dash joins them are two all the same.
      succeeds(createAssociationFor('red/one', { role: 'second' }, { namespaceSuffix: '-more', name: 'one' })),
      succeeds(createAssociationFor('red/two', { role: 'second' }, { namespaceSuffix: '-more', name: 'two' })),
      succeeds(askEksAuth('dashed'), { roleArn: '<role:first>' }),
      fails(askEksAuth('free'), NO_ASSOCIATION),
      succeeds(askEksAuth('redOne'), { roleArn: '<role:first>' }),
      succeeds(askEksAuth('redTwo'), { roleArn: '<role:second>' }),
      succeeds(askEksAuth('blueOne'), { roleArn: '<role:third>' }),
      fails(askEksAuth('blueTwo'), NO_ASSOCIATION),
    ],
  });

  scenario('EA-03', 'only a token that the cluster signed, for Pod Identity and for a pod, opens a session', {
    source: `${HOW_IT_WORKS}; ${EKS_AUTH}, errors`,
    roles: { app: podIdentityRole() },
    workloads: APP,
    tokens: {
      unbound: { serviceAccount: 'app/app', audience: 'pods.eks.amazonaws.com' },
      secret: { serviceAccount: 'app/app', audience: 'pods.eks.amazonaws.com', boundToSecret: true },
    },
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', { audience: 'sts.amazonaws.com' }), BAD_TOKEN),
      fails(askEksAuth('app', { token: 'unbound' }), BAD_TOKEN),
      fails(askEksAuth('app', { token: 'secret' }), BAD_TOKEN),
      fails(askEksAuth('app', { change: 'flip-signature' }), BAD_TOKEN),
      fails(askEksAuth('app', { change: 'self-signed' }), BAD_TOKEN),
      fails(askEksAuth('app', { change: 'alg-none' }), BAD_TOKEN),
    ],
  });

  scenario('EA-04', 'a token that has expired opens no session', {
    source: `${EKS_AUTH}, ExpiredTokenException`,
    roles: { app: podIdentityRole() },
    workloads: APP,
    // Bound to a pod, which has to be there for it.
    tokens: {
      short: { serviceAccount: 'app/app', audience: 'pods.eks.amazonaws.com', boundTo: 'app', expirationSeconds: 600 },
    },
    probes: [
      succeeds(askEksAuth('app', { token: 'short' }), { roleArn: '<role:app>' }),
      advanceClock(660),
      fails(askEksAuth('app', { token: 'short' }), { by: 'eks-auth', code: 'ExpiredTokenException', status: 400 }),
    ],
  });

  scenario('EA-05', "a cluster's token opens nothing by the same association of another cluster", {
    source: `${EKS_AUTH}, clusterName and token`,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, there: { cluster: 'c2', role: 'app' } },
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      succeeds(askEksAuth('there'), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', { cluster: 'c2' }), BAD_TOKEN),
    ],
  });

  scenario('EA-06', 'a deleted association gives no new pod a session, and ends none that was given', {
    source: 'Amazon EKS API Reference, DeletePodIdentityAssociation',
    roles: { app: podIdentityRole(readData) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      removeNow(),
      fails(askEksAuth('app'), NO_ASSOCIATION),
      succeeds(asSession('app', getObject('data/key'))),
    ],
  });

  scenario('SEC-15', 'a presigned URL works on when the association is gone, until its session ends', {
    source:
      'Amazon S3 User Guide, "Download and upload objects with presigned URLs"; Amazon EKS API Reference, DeletePodIdentityAssociation',
    finding:
      "A URL that a pod signed outlives its association and its pod: as long as the session's role may read, for up to six hours.",
    roles: { app: podIdentityRole(readData) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      succeeds(signedRequest('app', 'GET data/key', { presigned: 60 }), { bytes: between(1, 1000) }),
      removeNow(),
      fails(askEksAuth('app'), NO_ASSOCIATION),
      succeeds(signedRequest('app', 'GET data/key', { presigned: 60 })),
      fails(signedRequest('app', 'GET data/key', { presigned: 60, age: 3600 }), {
        by: 's3',
        code: 'AccessDenied',
        status: 403,
        message: 'Request has expired',
      }),
    ],
  });

  scenario('EA-07', 'an update turns session tags off and on for the sessions that follow', {
    source: `${UPDATE_ASSOCIATION}, disableSessionTags`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/open'),
        allow('s3:GetObject', 'data/own', {
          StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': '<namespace:app>' },
        }),
      ),
    },
    workloads: APP,
    objects: ['data/open', 'data/own'],
    probes: [
      succeeds(asSession('app', getObject('data/own'))),
      succeeds(changeAssociation('<association-id:app>', { disableSessionTags: true })),
      succeeds(asSession('app', getObject('data/open'), { fresh: true })),
      fails(asSession('app', getObject('data/own'), { fresh: true }), ALLOWED_BY_NONE),
      succeeds(changeAssociation('<association-id:app>', { disableSessionTags: false })),
      succeeds(asSession('app', getObject('data/own'), { fresh: true })),
    ],
  });

  scenario('EA-08', "an update of an association's policy counts for the sessions that follow", {
    source: `${UPDATE_ASSOCIATION}, policy`,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: { role: 'app', disableSessionTags: true, policy: [allow('s3:*', 'data/a')] } } },
    objects: ['data/a', 'data/b'],
    probes: [
      succeeds(asSession('app', getObject('data/a'))),
      succeeds(changeAssociation('<association-id:app>', { policy: [allow('s3:*', 'data/b')] })),
      succeeds(asSession('app', getObject('data/b'), { fresh: true })),
      fails(asSession('app', getObject('data/a'), { fresh: true }), { ...ALLOWED_BY_NONE, policy: 'session' }),
    ],
  });

  scenario('EA-09', 'an update gives an association a target role, and another one', {
    source: `${UPDATE_ASSOCIATION}, targetRoleArn; ${TARGET_ROLES}`,
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], ['<role:first>', '<role:second>'])),
      first: { trust: [trustRole('app')] },
      second: { trust: [trustRole('app')] },
    },
    workloads: APP,
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      succeeds(changeAssociation('<association-id:app>', { targetRole: 'first' })),
      succeeds(askEksAuth('app'), { roleArn: '<role:first>' }),
      succeeds(changeAssociation('<association-id:app>', { targetRole: 'second' })),
      succeeds(askEksAuth('app'), { roleArn: '<role:second>' }),
    ],
  });

  scenario('EA-10', 'a Deny in a trust policy keeps out whom an Allow lets in', {
    source: `${TRUST_OF_PODS}; IAM User Guide, "Policy evaluation logic"`,
    roles: {
      app: {
        trust: [
          trustPodIdentity(),
          { ...trustPodIdentity({ conditions: byTag('kubernetes-namespace', '<namespace:blue>') }), effect: 'Deny' },
        ],
      },
    },
    workloads: { red: { namespace: 'red', role: 'app' }, blue: { namespace: 'blue', role: 'app' } },
    probes: [succeeds(askEksAuth('red'), { roleArn: '<role:app>' }), fails(askEksAuth('blue'), MAY_NOT_ASSUME)],
  });

  scenario('EA-11', 'a role that trusts another service gives pods no session', {
    source: TRUST_OF_PODS,
    roles: { app: podIdentityRole() },
    workloads: APP,
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      updateTrust('app', [{ ...trustPodIdentity(), principal: { Service: 'ec2.amazonaws.com' } }]),
      fails(askEksAuth('app'), MAY_NOT_ASSUME),
    ],
  });

  scenario('EA-12', 'who asks EKS Auth needs the permission for the cluster', {
    source: 'Service Authorization Reference, Amazon EKS Auth, AssumeRoleForPodIdentity: resource cluster',
    roles: {
      app: podIdentityRole(),
      node: irsaRole('app/node', allow('eks-auth:AssumeRoleForPodIdentity', '<cluster-arn:c1>')),
      other: irsaRole(
        'app/node',
        allow('eks-auth:AssumeRoleForPodIdentity', '*'),
        deny('eks-auth:AssumeRoleForPodIdentity', '<cluster-arn:c1>'),
      ),
      none: irsaRole('app/node', allow('eks-auth:AssumeRoleForPodIdentity', '<cluster-arn:c1>-another')),
    },
    workloads: { app: { role: 'app' }, node: { serviceAccount: 'node' } },
    tokens: { node: { serviceAccount: 'app/node', audience: 'sts.amazonaws.com' } },
    probes: [
      // The caller's own session lasts an hour: that of the pod is none of it.
      succeeds(askEksAuth('app', { as: { role: 'node', token: 'node' } }), {
        roleArn: '<role:app>',
        secondsLeft: between(21_300, 21_660),
      }),
      // Whether this refusal is a 400 or a 403 is not documented.
      fails(askEksAuth('app', { as: { role: 'other', token: 'node' } }), {
        by: 'eks-auth',
        code: 'AccessDeniedException',
      }),
      fails(askEksAuth('app', { as: { role: 'none', token: 'node' } }), {
        by: 'eks-auth',
        code: 'AccessDeniedException',
      }),
      // Nor is one who may not told which clusters there are.
      fails(askEksAuth('app', { as: { role: 'none', token: 'node' }, clusterName: '<cluster:c1>-absent' }), {
        by: 'eks-auth',
        code: 'AccessDeniedException',
      }),
    ],
  });
});

/** The association of workload `app` is deleted, and its answer awaited. */
function removeNow() {
  return succeeds(removeAssociation('<association-id:app>'));
}
