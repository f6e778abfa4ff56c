/** Conditions on session tags, for sessions without them. */
import {
  allow,
  asSession,
  control,
  controlSucceeds,
  denied,
  deny,
  forPrincipal,
  getObject,
  granted,
  podIdentityRole,
  suite,
  trustPodIdentity,
  trustWebIdentity,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { OPERATORS, TAGS_OF_PODS } from '../lib/sources.ts';
import { WEB } from '../lib/worlds.ts';

const NAMESPACE = 'aws:PrincipalTag/kubernetes-namespace';
/** A statement of the bucket policy denied the action. */
const DENIED_BY_BUCKET = { by: 's3', code: 'AccessDenied', status: 403, policy: 'resource', explicit: true } as const;
/** Denies reads to all sessions except those of the namespace. */
const onlyFor = (resource: string, namespace: string) =>
  forPrincipal('*', deny('s3:GetObject', resource, { StringNotEquals: { [NAMESPACE]: namespace } }));

suite('abac', ({ scenario }) => {
  scenario('AB-08', 'a session without session tags matches no Allow on a session tag', {
    profile: 'core',
    source: `${TAGS_OF_PODS}, disabling session tags`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/open/*'),
        allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*'),
      ),
    },
    workloads: { app: { role: { role: 'app', disableSessionTags: true } } },
    objects: ['data/open/key', 'data/<namespace:app>/key'],
    probes: [
      control('app', getObject('data/open/key')),
      denied('app', getObject('data/<namespace:app>/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-09', 'a Null condition distinguishes sessions with and without tags', {
    source: `${OPERATORS}, "Condition operator to check existence of condition keys"`,
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/web' })],
        permissions: [
          allow('s3:GetObject', 'data/open/*'),
          allow('s3:GetObject', 'data/tagged/*', { Null: { [NAMESPACE]: 'false' } }),
        ],
      },
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'app' }, web: { serviceAccount: 'web' } },
    tokens: { web: { serviceAccount: 'app/web', audience: 'sts.amazonaws.com' } },
    objects: ['data/open/key', 'data/tagged/key'],
    probes: [
      may('pod', getObject('data/tagged/key')),
      controlSucceeds(asSession(WEB, getObject('data/open/key'))),
      mayNot(WEB, getObject('data/tagged/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-10', 'a Deny with StringNotEquals also applies to sessions without tags', {
    profile: 'core',
    source: `${OPERATORS}: a key that is not in the request matches a negated operator`,
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/web' })],
        permissions: [allow('s3:GetObject', ['data/*', 'open/*'])],
      },
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'app' }, web: { serviceAccount: 'web', irsa: 'app' } },
    buckets: { data: { policy: [onlyFor('data/mine/*', '<namespace:app>'), onlyFor('data/other/*', 'elsewhere')] } },
    objects: ['data/mine/key', 'data/other/key', 'open/key'],
    probes: [
      granted('pod', getObject('data/mine/key')),
      denied('pod', getObject('data/other/key'), DENIED_BY_BUCKET),
      control('web', getObject('open/key')),
      denied('web', getObject('data/mine/key'), DENIED_BY_BUCKET),
    ],
  });

  scenario('AB-11', 'an Allow with StringEqualsIfExists also applies to sessions without tags', {
    source: `${OPERATORS}, "...IfExists condition operators"`,
    finding:
      'An Allow with StringEqualsIfExists on a session tag also allows sessions without that tag, such as IRSA sessions. Use StringEquals, or add a Null condition.',
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'blue/web' })],
        permissions: [allow('s3:GetObject', 'data/*', { StringEqualsIfExists: { [NAMESPACE]: '<namespace:red>' } })],
      },
    },
    workloads: {
      blue: { namespace: 'blue', serviceAccount: 'pod', role: 'app' },
      web: { namespace: 'blue', serviceAccount: 'web' },
    },
    tokens: { web: { serviceAccount: 'blue/web', audience: 'sts.amazonaws.com' } },
    objects: ['data/key'],
    probes: [mayNot('blue', getObject('data/key'), NOT_ALLOWED), may(WEB, getObject('data/key'))],
  });
});
