/** A pod's session tags when it assumes another role. */
import {
  allow,
  assumeRole,
  chain,
  control,
  denied,
  getObject,
  granted,
  irsaRole,
  refused,
  suite,
  trustRole,
} from '../../harness/index.ts';
import { NOT_ALLOWED, NOT_ASSUMED } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { PASS_TAGS, TAGS_OF_PODS } from '../lib/sources.ts';
import { APP } from '../lib/worlds.ts';

const CHAINING = `${PASS_TAGS}, chaining session tags`;
const MAY_NOT_TAG = { ...NOT_ASSUMED, message: 'sts:TagSession' } as const;
const plain = (role: string) => ({ trust: [trustRole(role, { actions: ['sts:AssumeRole'] })] });

suite('abac', ({ scenario }) => {
  scenario('AB-20', 'a session keeps its tags when it assumes another role', {
    profile: 'core',
    source: `${TAGS_OF_PODS}; ${CHAINING}`,
    roles: {
      app: base('target'),
      target: target(undefined, allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')),
    },
    workloads: APP,
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', getObject('data/<namespace:app>/key', { through: chain('target') })),
      denied('app', getObject('data/elsewhere/key', { through: chain('target') }), { ...NOT_ALLOWED, as: 'target' }),
    ],
  });

  scenario('AB-21', "a role whose trust lacks sts:TagSession cannot be assumed by a pod's session", {
    source: `${CHAINING}; IAM User Guide, permissions required to add session tags`,
    roles: { app: base('tagging', 'plain'), tagging: target(), plain: plain('app') },
    workloads: APP,
    probes: [control('app', assumeRole('tagging')), denied('app', assumeRole('plain'), MAY_NOT_TAG)],
  });

  scenario('AB-21b', 'an IRSA session has no tags, so sts:AssumeRole is enough to assume another role', {
    source: `${CHAINING}; Amazon EKS User Guide, comparison of EKS Pod Identity and IRSA`,
    needs: ['irsa'],
    roles: { web: irsaRole('app/app', allow('sts:AssumeRole', '<role:plain>')), plain: plain('web') },
    workloads: { app: { irsa: 'web' } },
    probes: [
      granted('app', assumeRole('plain')),
      denied('app', assumeRole('plain', { tags: { team: 'a' } }), MAY_NOT_TAG),
    ],
  });

  scenario('AB-22', 'a pod cannot override its session tags when it assumes another role', {
    // The IAM User Guide documents a failure, but no error code.
    source: CHAINING,
    roles: { app: base('target'), target: target() },
    workloads: APP,
    probes: [
      control('app', assumeRole('target', { tags: { team: 'a' } })),
      refused('app', assumeRole('target', { tags: { 'kubernetes-namespace': 'elsewhere' } }), { by: 'sts' }),
    ],
  });
});
