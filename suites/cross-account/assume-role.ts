/** A pod that assumes a role of another account itself, by a profile of its SDK. */
import { assumeByProfile, denied, granted, suite, trustRole } from '../../harness/index.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { PASS_TAGS } from '../lib/sources.ts';
import { APP } from '../lib/worlds.ts';

suite('cross-account', ({ scenario }) => {
  scenario('XA-14', 'an SDK assumes a role of another account by a profile, with the credentials of the association', {
    source: `AWS SDKs and Tools Reference Guide, "Assume role credential provider", credential_source; ${PASS_TAGS}`,
    roles: {
      app: base('target', 'untaggable'),
      target: { ...target(), account: 'other' },
      untaggable: { trust: [trustRole('app', { actions: ['sts:AssumeRole'] })], account: 'other' },
    },
    workloads: APP,
    probes: [
      granted('app', assumeByProfile('target')),
      denied('app', assumeByProfile('untaggable'), { ...NOT_ASSUMED, message: 'sts:TagSession' }),
    ],
  });
});
