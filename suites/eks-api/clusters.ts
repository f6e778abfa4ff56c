/** The description of a cluster, and its tags. */
import {
  controlSucceeds,
  describeCluster,
  fails,
  isAbsent,
  listTags,
  matching,
  succeeds,
  suite,
  tagResource,
  untagResource,
} from '../../harness/index.ts';
import { A_TIME } from '../associations/lib/requests.ts';
import { EKS_API } from '../lib/sources.ts';

const TAGGING = `${EKS_API} TagResource, UntagResource and ListTagsForResource`;

suite('eks-api', ({ scenario }) => {
  scenario('CP-01', 'EKS describes a cluster with name, ARN, status and version', {
    source: `${EKS_API} DescribeCluster and Cluster`,
    probes: [
      succeeds(describeCluster(), {
        name: '<cluster:c1>',
        arn: matching(/^arn:aws:eks:[a-z0-9-]+:<account:main>:cluster\/<cluster:c1>$/),
        status: 'ACTIVE',
        version: matching(/^1\.\d\d$/),
      }),
    ],
  });

  scenario('CP-02', 'a cluster has its own OIDC issuer', {
    source: 'Amazon EKS User Guide, "Create an IAM OIDC provider for your cluster"',
    needs: ['own-cluster'],
    probes: [
      succeeds(describeCluster(), {
        issuer: matching(/^https:\/\/oidc\.eks\.[a-z0-9-]+\.amazonaws\.com\/id\/[0-9A-F]{32}$/),
      }),
    ],
  });

  scenario('CP-03', 'a cluster has the tags from its creation', {
    source: `${EKS_API} CreateCluster, tags; ListTagsForResource`,
    needs: ['own-cluster'],
    probes: [
      succeeds(listTags('<cluster-arn:c1>'), {
        'tags.conformance-run': matching(/./),
        'tags.conformance-expires': A_TIME,
      }),
    ],
  });

  scenario('CP-17', 'tags of a cluster can be added, listed and removed', {
    source: TAGGING,
    needs: ['own-cluster'],
    probes: [
      succeeds(tagResource('<cluster-arn:c1>', { 'cp-17': 'added' })),
      succeeds(listTags('<cluster-arn:c1>'), { 'tags.cp-17': 'added', 'tags.conformance-run': matching(/./) }),
      succeeds(untagResource('<cluster-arn:c1>', ['cp-17'])),
      succeeds(listTags('<cluster-arn:c1>'), { 'tags.cp-17': isAbsent, 'tags.conformance-run': matching(/./) }),
    ],
  });

  scenario('CP-18', 'EKS returns NotFoundException for the tags of a missing resource', {
    source: `${EKS_API} ListTagsForResource, NotFoundException`,
    probes: [
      fails(listTags('<cluster-arn:c1>-absent'), { by: 'eks', code: 'NotFoundException', status: 404 }),
      controlSucceeds(listTags('<cluster-arn:c1>')),
    ],
  });
});
