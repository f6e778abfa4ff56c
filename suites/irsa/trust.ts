/** Which trust policies let pods assume a role by IRSA: conditions on subject and audience, and deleted roles. */
import {
  assumeByToken,
  assumeWithWebIdentity,
  control,
  controlSucceeds,
  deleteRole,
  fails,
  getObject,
  granted,
  irsaRole,
  podIdentityRole,
  refused,
  succeeds,
  suite,
  trustWebIdentity,
  type RoleSpec,
} from '../../harness/index.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { ASSIGN_ROLES, OIDC_KEYS, OPERATORS, WEB_IDENTITY } from '../lib/sources.ts';
import { BY_TOKEN, readData } from '../lib/worlds.ts';

const STS = 'sts.amazonaws.com';
const tokenOf = (serviceAccount: string) => ({ serviceAccount, audience: STS });
const app = irsaRole('app/app');
const trusting = (options: Parameters<typeof trustWebIdentity>[0]): RoleSpec => ({
  trust: [trustWebIdentity(options)],
});
/** A token of service account `app` can assume role `app`, but not this one. */
const closed = (role: string) => ({
  ...BY_TOKEN,
  probes: [controlSucceeds(assumeByToken('app', 'web')), fails(assumeByToken(role, 'web'), NOT_ASSUMED)],
});

const SUBJECT = 'system:serviceaccount:<namespace:app>:app';
/** Subjects that contain the token's, are contained in it, or are equal to it but for a separator or the case. */
const NEAR = [
  ...['-2', 's', ':app', '/app', ' '].map((more) => `${SUBJECT}${more}`),
  ...['x-', ' ', 'system:serviceaccount:'].map((more) => `${more}${SUBJECT}`),
  ...[SUBJECT.slice(0, -1), SUBJECT.replace(/:app$/, ':'), '<namespace:app>:app', 'app'],
  ...['-', '/', '.', ''].map((separator) => SUBJECT.replace(/:app$/, `${separator}app`)),
  ...['system:serviceaccount:-<namespace:app>:app', 'system:serviceaccount:<namespace:app>-app:app'],
  ...['system:serviceaccount:app:<namespace:app>', 'System:serviceaccount:<namespace:app>:app'],
  ...['system:serviceaccount:<namespace:app>:App', 'system:serviceaccounts:<namespace:app>'],
];
/** Patterns that match similar subjects, and not the token's. */
const NEAR_PATTERNS = [
  ...[`${SUBJECT}-*`, `${SUBJECT}?`, `?${SUBJECT}`, `*-${SUBJECT}`, 'system:serviceaccount:<namespace:app>-*'],
  ...['system:serviceaccount:<namespace:app>:*-app', 'system:serviceaccount:*-<namespace:app>:app', '?'],
];
const onSubject = (operator: string, subjects: readonly string[]): RoleSpec => ({
  trust: [
    {
      ...trustWebIdentity({ subject: null, audience: null }),
      conditions: { [operator]: { '<issuer:c1>:sub': subjects } },
    },
  ],
});

suite('irsa', ({ scenario }) => {
  scenario('IR-01', 'a pod of an annotated service account acts as its role', {
    profile: 'core',
    source: ASSIGN_ROLES,
    roles: { app: irsaRole('app/app', readData) },
    workloads: { app: { irsa: 'app' } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      granted('app', assumeWithWebIdentity('app'), {
        facts: { subject: 'system:serviceaccount:<namespace:app>:app', audience: STS },
      }),
    ],
  });

  scenario('IR-02', 'a pod cannot assume a role that trusts another namespace', {
    profile: 'core',
    source: `${ASSIGN_ROLES}; ${WEB_IDENTITY}`,
    roles: { app, elsewhere: irsaRole('elsewhere/app') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('elsewhere'), NOT_ASSUMED),
    ],
  });

  scenario('IR-03', 'a pod cannot assume a role that trusts another service account', {
    profile: 'core',
    source: `${ASSIGN_ROLES}; ${WEB_IDENTITY}`,
    roles: { app, another: irsaRole('app/another') },
    ...closed('another'),
  });

  scenario('IR-06', 'a pod cannot assume a role with a condition on another audience', {
    source: `${ASSIGN_ROLES}; ${OIDC_KEYS}: aud`,
    keywords: ['wrong audience'],
    roles: { app, picky: trusting({ subject: 'app/app', audience: 'another.example.com' }) },
    ...closed('picky'),
  });

  scenario('IR-07', 'StringLike with a star trusts every service account of the namespace, and no other', {
    source: `${ASSIGN_ROLES}: StringLike for several service accounts`,
    roles: { shared: trusting({ subject: 'app/*', operator: 'StringLike' }), outside: irsaRole('outside/first') },
    workloads: {
      first: { serviceAccount: 'first' },
      second: { serviceAccount: 'second' },
      outside: { namespace: 'outside', serviceAccount: 'first' },
    },
    tokens: { first: tokenOf('app/first'), second: tokenOf('app/second'), outside: tokenOf('outside/first') },
    probes: [
      succeeds(assumeByToken('shared', 'first')),
      succeeds(assumeByToken('shared', 'second')),
      controlSucceeds(assumeByToken('outside', 'outside')),
      fails(assumeByToken('shared', 'outside'), NOT_ASSUMED),
    ],
  });

  scenario('IR-08', 'StringEquals takes a star literally', {
    source: `${OPERATORS}: wildcards work only with StringLike`,
    roles: { app, starred: trusting({ subject: 'app/*', operator: 'StringEquals' }) },
    ...closed('starred'),
  });

  scenario('IR-09', 'a trust policy without a condition on the subject trusts the whole cluster', {
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management": scope the IAM role trust policy for IRSA',
    finding:
      'A role whose trust policy has no condition on `sub` can be assumed by every service account of the cluster. Add a condition with namespace and service account.',
    roles: { open: trusting({ subject: null }) },
    workloads: { any: { namespace: 'any', serviceAccount: 'stranger' } },
    tokens: { any: tokenOf('any/stranger') },
    probes: [succeeds(assumeByToken('open', 'any'))],
  });

  scenario('IR-12', 'STS returns the same error for a deleted role as for a role that does not trust the pod', {
    profile: 'core',
    // Not documented: STS does not say whether a role exists.
    source: WEB_IDENTITY,
    roles: { app: irsaRole('app/app', readData) },
    ...BY_TOKEN,
    probes: [
      controlSucceeds(assumeByToken('app', 'web')),
      deleteRole('app'),
      fails(assumeByToken('app', 'web'), NOT_ASSUMED),
    ],
  });

  scenario('IR-13', 'a role made only for Pod Identity does not work with IRSA', {
    source: `${ASSIGN_ROLES}: the trust policy must name the OIDC provider`,
    roles: { app, podIdentity: podIdentityRole() },
    ...closed('podIdentity'),
  });

  scenario('IR-38', 'a trust policy does not trust a service account by a part of its name', {
    source: `${ASSIGN_ROLES}; ${OPERATORS}, "String condition operators": exact matching`,
    roles: {
      exact: onSubject('StringEquals', [...NEAR, SUBJECT]),
      pattern: onSubject('StringLike', [...NEAR_PATTERNS, `${SUBJECT.slice(0, -1)}?`]),
      near: onSubject('StringEquals', NEAR),
      nearPattern: onSubject('StringLike', [...NEAR, ...NEAR_PATTERNS]),
      notNear: onSubject('StringNotEquals', NEAR),
    },
    ...BY_TOKEN,
    probes: [
      controlSucceeds(assumeByToken('exact', 'web')),
      ...['pattern', 'notNear'].map((role) => succeeds(assumeByToken(role, 'web'))),
      ...['near', 'nearPattern'].map((role) => fails(assumeByToken(role, 'web'), NOT_ASSUMED)),
    ],
  });
});
