/** The external id that EKS passes to a target role. */
import { allow, askEksAuth, fails, succeeds, suite, trustRole, updateTrust } from '../../harness/index.ts';
import { baseRole, targetRole } from './lib/roles.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { base } from '../lib/role-chains.ts';
import { EKS_API, TARGET_ROLES } from '../lib/sources.ts';

const EXTERNAL_ID = `${TARGET_ROLES}; ${EKS_API} PodIdentityAssociation, externalId`;

suite('cross-account', ({ scenario }) => {
  /** Returns a pattern for region, account, cluster, namespace and service account. */
  const idOf = (namespace: string, account: string) =>
    `*/<account:main>/<cluster:c1>/<namespace:${namespace}>/${account}`;
  const byId = (id: string) => targetRole('app', { conditions: { StringLike: { 'sts:ExternalId': id } } });
  const untagged = (alias: string, role = 'app') => ({ role, targetRole: alias, disableSessionTags: true });

  scenario('XA-06', 'a target role can require the external id of an association without session tags', {
    source: EXTERNAL_ID,
    roles: { base: baseRole('target', ['sts:AssumeRole']), target: targetRole('base') },
    workloads: {
      app: { role: untagged('target', 'base') },
      another: { serviceAccount: 'another', role: untagged('target', 'base') },
    },
    probes: [
      updateTrust('target', [
        trustRole('base', {
          actions: ['sts:AssumeRole'],
          conditions: { StringEquals: { 'sts:ExternalId': '<external-id:app>' } },
        }),
      ]),
      succeeds(askEksAuth('app'), { roleArn: '<role:target>' }),
      fails(askEksAuth('another'), MAY_NOT_ASSUME),
    ],
  });

  scenario('XA-07', 'a target role rejects the external id of another namespace or service account', {
    source: EXTERNAL_ID,
    roles: {
      app: base('own', 'namespace', 'account'),
      own: byId(idOf('red', 'reader')),
      namespace: byId(idOf('blue', 'reader')),
      account: byId(idOf('red', 'writer')),
    },
    workloads: {
      // Also with a policy.
      own: { namespace: 'red', serviceAccount: 'reader', role: { ...untagged('own'), policy: [allow('s3:*', '*')] } },
      namespace: { namespace: 'red', serviceAccount: 'writer', role: untagged('namespace') },
      account: { namespace: 'blue', serviceAccount: 'reader', role: untagged('account') },
    },
    probes: [
      succeeds(askEksAuth('own'), { roleArn: '<role:own>', accountId: '<account:other>' }),
      fails(askEksAuth('namespace'), MAY_NOT_ASSUME),
      fails(askEksAuth('account'), MAY_NOT_ASSUME),
    ],
  });

  scenario('XA-08', 'EKS passes no external id to the target role while session tags are enabled', {
    source: `${TARGET_ROLES}: the external id is used with disabled session tags`,
    roles: {
      app: base('target', 'anybody'),
      target: byId(idOf('red', 'off')),
      anybody: targetRole('app', { conditions: { Null: { 'sts:ExternalId': 'false' } } }),
    },
    workloads: {
      off: { namespace: 'red', serviceAccount: 'off', role: untagged('target') },
      on: { namespace: 'red', serviceAccount: 'on', role: { role: 'app', targetRole: 'anybody' } },
    },
    probes: [succeeds(askEksAuth('off'), { roleArn: '<role:target>' }), fails(askEksAuth('on'), MAY_NOT_ASSUME)],
  });
});
