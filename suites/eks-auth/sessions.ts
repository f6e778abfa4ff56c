/** Sessions of EKS Auth: their subject, association, duration and tags. */
import {
  allow,
  askEksAuth,
  between,
  createAssociationFor,
  fails,
  getObject,
  matching,
  podIdentityRole,
  succeeds,
  suite,
  trustPodIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { ALLOWED_BY_NONE, DENIED_ELSEWHERE, MAY_NOT_ASSUME, NO_ASSOCIATION } from '../lib/outcomes.ts';
import { EKS_AUTH, TAGS_OF_PODS, TARGET_ROLES } from '../lib/sources.ts';
import { APP, POD_IDENTITY, SESSION_TAGS } from '../lib/worlds.ts';

const principalTag = (key: string, value: string) => ({ StringEquals: { [`aws:PrincipalTag/${key}`]: value } });
/** Returns a role that accepts only sessions with these tags. */
const tagged = (keys: readonly string[]) => ({
  trust: [trustPodIdentity({ conditions: { 'ForAllValues:StringEquals': { 'aws:TagKeys': keys } } })],
});
/** The longest possible name of a service account, with letters that do not compress. */
const LONG_NAME = Array.from({ length: 253 }, (_, at) => ((at * at * 104_729 + at * 7919) % 36).toString(36)).join('');
const UNTAGGED_NAME = `un${LONG_NAME}`.slice(0, 253);
/** Names of cluster and pod may be truncated, because the session name has at most 64 characters with the UUID. */
const SESSION_NAME = /^eks-[\w.-]{1,10}-[\w.-]{1,10}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const byPodName = (pattern: string) => ({ StringLike: { 'aws:PrincipalTag/kubernetes-pod-name': pattern } });

suite('eks-auth', ({ scenario }) => {
  scenario('EA-18', 'a session has exactly six tags, and none of the tags of its association', {
    source: `${TAGS_OF_PODS}; Amazon EKS API Reference, CreatePodIdentityAssociation, tags`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/own', principalTag('kubernetes-namespace', '<namespace:app>')),
        allow('s3:GetObject', 'data/tagged', principalTag('conformance-team', 'red')),
      ),
      six: tagged(SESSION_TAGS),
      five: tagged(SESSION_TAGS.slice(1)),
    },
    workloads: { app: {}, six: { serviceAccount: 'six', role: 'six' }, five: { serviceAccount: 'five', role: 'five' } },
    objects: ['data/own', 'data/tagged'],
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { tags: { 'conformance-team': 'red' } })),
      may('app', getObject('data/own')),
      mayNot('app', getObject('data/tagged'), DENIED_ELSEWHERE),
      succeeds(askEksAuth('six'), { roleArn: '<role:six>' }),
      fails(askEksAuth('five'), MAY_NOT_ASSUME),
    ],
  });

  scenario('EA-15', 'EKS Auth rejects names that are too long for session tags until tags are disabled', {
    source: `${TAGS_OF_PODS}: PackedPolicyTooLarge, and disabled session tags`,
    roles: { app: podIdentityRole() },
    workloads: {
      app: APP.app,
      long: { serviceAccount: LONG_NAME, role: 'app' },
      untagged: { serviceAccount: UNTAGGED_NAME, role: { role: 'app', disableSessionTags: true } },
      // Only the last character differs.
      twin: { serviceAccount: UNTAGGED_NAME.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')) },
    },
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('long'), {
        by: 'eks-auth',
        status: 400,
        message: 'PackedPolicyTooLarge',
        // The API Reference does not document which error this is.
        code: ['InvalidRequestException', 'InvalidParameterException', 'AccessDeniedException'],
      }),
      succeeds(askEksAuth('untagged'), { roleArn: '<role:app>' }),
      fails(askEksAuth('twin'), NO_ASSOCIATION),
    ],
  });

  scenario('EA-01', 'the response of EKS Auth names subject, association and expiration of the session', {
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
        audience: POD_IDENTITY,
        associationId: '<association-id:app>',
        associationArn: matching(/podidentityassociation\/<cluster:c1>\/<association-id:app>$/),
        sessionName: matching(SESSION_NAME),
        userId: matching(/^AROA[A-Z0-9]+:eks-/),
        secondsLeft: between(21_300, 21_660),
      }),
      // The session tag has the whole name of the pod, which is long.
      may('app', getObject('data/key')),
      mayNot('app', getObject('data/cut'), ALLOWED_BY_NONE),
      may('app', whoAmI(), { userId: matching(/^AROA[A-Z0-9]+:eks-/) }),
    ],
  });

  scenario('EA-02', 'an association applies only to its namespace and service account together', {
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
      // A namespace and a name that are equal when joined by a dash still differ.
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
});
