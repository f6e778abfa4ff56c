/** Policies that limit the pods of two clusters to their own objects. */
import { allow, denied, getObject, granted, podIdentityRole, suite } from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { TAGS_OF_PODS } from '../lib/sources.ts';
import { sameTag } from '../lib/worlds.ts';

const workloads = { there: { cluster: 'c2', role: 'app' } } as const;

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-07', 'a prefix for each cluster isolates two clusters that share a role', {
    profile: 'core',
    source: TAGS_OF_PODS,
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/eks-cluster-name}/*')) },
    workloads,
    objects: ['data/<cluster:c1>/key', 'data/<cluster:c2>/key'],
    probes: [
      granted('there', getObject('data/<cluster:c2>/key')),
      denied('there', getObject('data/<cluster:c1>/key'), NOT_ALLOWED),
    ],
  });

  scenario('CC-08', "a condition on an object's tag limits reads to one cluster", {
    source: `${TAGS_OF_PODS}, sample policy`,
    needs: ['two-clusters'],
    roles: {
      app: podIdentityRole(
        allow('s3:ListBucket', '*'),
        allow(['s3:GetObject', 's3:GetObjectTagging'], '*', sameTag('eks-cluster-name')),
      ),
    },
    workloads,
    objects: [
      { at: 'data/first', tags: { 'eks-cluster-name': '<cluster:c1>' } },
      { at: 'data/second', tags: { 'eks-cluster-name': '<cluster:c2>' } },
    ],
    probes: [may('there', getObject('data/second')), mayNot('there', getObject('data/first'), NOT_ALLOWED)],
  });
});
