/** The external id that EKS passes to a target role. */
import { allow, askEksAuth, fails, succeeds, suite, trustRole, updateTrust } from '../../harness/index.ts';
import { baseRole, targetRole } from './lib/roles.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { base } from '../lib/role-chains.ts';
import { EKS_API, TARGET_ROLES } from '../lib/sources.ts';

const EXTERNAL_ID = `${TARGET_ROLES}; ${EKS_API} PodIdentityAssociation, externalId`;

suite('cross-account', ({ scenario }) => {
  /** Of region, account, cluster, namespace and service account. */
  const idOf = (namespace: string, account: string) =>
    `*/<account:main>/<cluster:c1>/<namespace:${namespace}>/${account}`;
  const byId = (id: string) => targetRole('app', { conditions: { StringLike: { 'sts:ExternalId': id } } });
  const untagged = (of: string, role = 'app') => ({ role, targetRole: of, disableSessionTags: true });

  scenario('XA-06', 'without session tags the target role can ask for the external id of the association', {
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

  scenario('XA-07', "the external id of another namespace's or service account's association opens no target role", {
    source: EXTERNAL_ID,
    roles: {
      app: base('own', 'namespace', 'account'),
      own: byId(idOf('red', 'reader')),
      namespace: byId(idOf('blue', 'reader')),
      account: byId(idOf('red', 'writer')),
    },
    workloads: {
      // Beside a policy too.
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

  scenario('XA-08', 'while session tags are on no external id is sent to the target role', {
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
