import {
  admitPod,
  allow,
  assumeWithWebIdentity,
  control,
  deleteAssociation,
  denied,
  fetchCredentials,
  getObject,
  granted,
  minted,
  podIdentityRole,
  refused,
  startPod,
  succeeds,
  suite,
  trustPodIdentity,
  trustWebIdentity,
  whoAmI,
  type Conditions,
  type RoleSpec,
} from '../harness/index.ts';
import { MAY_NOT_ASSUME, NOT_ALLOWED } from './lib/outcomes.ts';
import { ASSIGN_ROLES, TAGS_OF_PODS, TRUST_OF_PODS } from './lib/sources.ts';

const OVERVIEW = 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"';
const WEB_IDENTITY_API = 'AWS STS API Reference, AssumeRoleWithWebIdentity, errors';

/** Pods of the same namespace and service account names on both clusters, both associated with role `app`. */
const BOTH_CLUSTERS = { here: { role: 'app' }, there: { cluster: 'c2', role: 'app' } } as const;

const roleTrustedUnder = (conditions: Conditions): RoleSpec => ({ trust: [trustPodIdentity({ conditions })] });

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-01', 'one role serves two clusters with one trust', {
    profile: 'core',
    source: OVERVIEW,
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: BOTH_CLUSTERS,
    objects: ['data/key'],
    probes: [granted('here', getObject('data/key')), granted('there', getObject('data/key'))],
  });

  scenario('CC-02', "an association counts in its own cluster, whatever another cluster's names are", {
    profile: 'core',
    source: OVERVIEW,
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: { here: { role: 'app' }, there: { cluster: 'c2' } },
    objects: ['data/key'],
    probes: [
      control('here', fetchCredentials()),
      refused('there', getObject('data/key'), { by: 'injection', code: 'NoCredentialsSettings' }),
    ],
  });

  scenario('CC-03', 'a trust on the cluster name tag keeps the role to one cluster', {
    profile: 'core',
    source: TRUST_OF_PODS,
    needs: ['two-clusters'],
    roles: { app: roleTrustedUnder({ StringEquals: { 'aws:RequestTag/eks-cluster-name': '<cluster:c1>' } }) },
    workloads: BOTH_CLUSTERS,
    probes: [granted('here', fetchCredentials()), refused('there', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-04', 'a trust on the cluster ARN tag keeps the role to one cluster', {
    profile: 'core',
    source: TRUST_OF_PODS,
    needs: ['two-clusters'],
    roles: { app: roleTrustedUnder({ StringEquals: { 'aws:RequestTag/eks-cluster-arn': '<cluster-arn:c1>' } }) },
    workloads: BOTH_CLUSTERS,
    probes: [granted('here', fetchCredentials()), refused('there', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-05', 'a trust on the name tag takes a cluster of that name in any region, one on the ARN tag does not', {
    // A run has clusters in one region. So the trusts are of a cluster with this one's name in a region that is not its.
    source: 'Amazon EKS API Reference, CreateCluster: a name is unique within the region and account',
    finding:
      'Cluster names repeat over regions and accounts: a condition on eks-cluster-name also takes a cluster of that name elsewhere. Use eks-cluster-arn.',
    roles: {
      byName: roleTrustedUnder({ StringEquals: { 'aws:RequestTag/eks-cluster-name': '<cluster:c1>' } }),
      byArn: roleTrustedUnder({
        StringEquals: {
          'aws:RequestTag/eks-cluster-arn': 'arn:aws:eks:af-south-1:<account:main>:cluster/<cluster:c1>',
        },
      }),
    },
    workloads: {
      named: { serviceAccount: 'named', role: 'byName' },
      exact: { serviceAccount: 'exact', role: 'byArn' },
    },
    probes: [granted('named', fetchCredentials()), refused('exact', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-06', 'a trust on aws:SourceArn keeps the role to one cluster', {
    source: `${TRUST_OF_PODS}; Amazon EKS User Guide, "Cross-service confused deputy prevention"`,
    needs: ['two-clusters'],
    roles: { app: roleTrustedUnder({ ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' } }) },
    workloads: BOTH_CLUSTERS,
    probes: [granted('here', fetchCredentials()), refused('there', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-07', 'a prefix for each cluster keeps the clusters of one role apart', {
    profile: 'core',
    source: TAGS_OF_PODS,
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/eks-cluster-name}/*')) },
    workloads: { there: { cluster: 'c2', role: 'app' } },
    objects: ['data/<cluster:c1>/key', 'data/<cluster:c2>/key'],
    probes: [
      granted('there', getObject('data/<cluster:c2>/key')),
      denied('there', getObject('data/<cluster:c1>/key'), NOT_ALLOWED),
    ],
  });

  scenario('CC-08', "an object's tag says which cluster may read it", {
    source: `${TAGS_OF_PODS}, sample policy`,
    needs: ['two-clusters'],
    roles: {
      app: podIdentityRole(
        allow('s3:ListBucket', '*'),
        allow(['s3:GetObject', 's3:GetObjectTagging'], '*', {
          StringEquals: { 's3:ExistingObjectTag/eks-cluster-name': '${aws:PrincipalTag/eks-cluster-name}' },
        }),
      ),
    },
    workloads: { there: { cluster: 'c2', role: 'app' } },
    objects: [
      { at: 'data/first', tags: { 'eks-cluster-name': '<cluster:c1>' } },
      { at: 'data/second', tags: { 'eks-cluster-name': '<cluster:c2>' } },
    ],
    probes: [granted('there', getObject('data/second')), denied('there', getObject('data/first'), NOT_ALLOWED)],
  });

  scenario('CC-09', "a token of one cluster is worth nothing at another cluster's agent", {
    profile: 'core',
    // EKS Auth is asked about the agent's own cluster, whose keys did not sign the token. The API does not document
    // which of its errors that is.
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, errors',
    needs: ['two-clusters'],
    roles: { app: podIdentityRole() },
    workloads: BOTH_CLUSTERS,
    tokens: {
      'token-of-here': { serviceAccount: 'app/app', audience: 'pods.eks.amazonaws.com', boundTo: 'here' },
    },
    probes: [
      control('here', fetchCredentials({ token: minted('token-of-here') })),
      control('there', fetchCredentials()),
      refused('there', fetchCredentials({ token: minted('token-of-here') }), {
        by: 'eks-auth',
        code: [
          'InvalidTokenException',
          'InvalidParameterException',
          'InvalidRequestException',
          'AccessDeniedException',
        ],
      }),
    ],
  });

  scenario('CC-10', "deleting one cluster's association leaves the other cluster's alone", {
    source: 'Amazon EKS API Reference, DeletePodIdentityAssociation',
    needs: ['two-clusters'],
    roles: { app: podIdentityRole() },
    // The second cluster's pod starts late: its agent then holds no credentials for it yet.
    workloads: { here: { role: 'app' }, there: { cluster: 'c2', role: 'app', starts: 'later' } },
    probes: [
      control('here', fetchCredentials()),
      deleteAssociation('here'),
      startPod('there'),
      granted('there', fetchCredentials()),
      succeeds(admitPod('here'), { injected: 'none' }),
    ],
  });

  scenario('CC-11', 'the same service account name has its own role in each cluster', {
    profile: 'core',
    source: OVERVIEW,
    needs: ['two-clusters'],
    roles: { first: podIdentityRole(), second: podIdentityRole() },
    workloads: { here: { role: 'first' }, there: { cluster: 'c2', role: 'second' } },
    probes: [granted('here', whoAmI(), { as: 'first' }), granted('there', whoAmI(), { as: 'second' })],
  });

  scenario('CC-12', "a role that trusts one cluster's OIDC provider refuses another's tokens", {
    profile: 'core',
    source: `${ASSIGN_ROLES}; ${WEB_IDENTITY_API}`,
    needs: ['irsa', 'two-clusters'],
    roles: {
      app: { trust: [trustWebIdentity({ cluster: 'c1', subject: 'app/app' })] },
      // Shows that the second cluster's provider is registered, and its token good.
      second: { trust: [trustWebIdentity({ cluster: 'c2', subject: 'app/app' })] },
    },
    workloads: { here: { irsa: 'app' }, there: { cluster: 'c2', irsa: 'app' } },
    probes: [
      control('here', assumeWithWebIdentity('app')),
      control('there', assumeWithWebIdentity('second')),
      refused('there', assumeWithWebIdentity('app'), { by: 'sts', code: 'AccessDenied', status: 403 }),
    ],
  });

  scenario('CC-13', "an account without the cluster's OIDC provider takes none of its tokens", {
    source: WEB_IDENTITY_API,
    needs: ['irsa', 'two-clusters', 'two-accounts'],
    roles: {
      app: { trust: [trustWebIdentity({ cluster: 'c2', subject: 'app/app' })] },
      // As `app`, but in an account where nobody registered the provider that it trusts.
      unregistered: {
        account: 'other',
        trust: [trustWebIdentity({ cluster: 'c2', account: 'other', subject: 'app/app' })],
      },
    },
    workloads: { there: { cluster: 'c2', irsa: 'app' } },
    probes: [
      control('there', assumeWithWebIdentity('app')),
      refused('there', assumeWithWebIdentity('unregistered'), {
        by: 'sts',
        code: 'InvalidIdentityToken',
        status: 400,
      }),
    ],
  });

  scenario('CC-14', 'a role with a statement for each OIDC provider serves both clusters', {
    profile: 'core',
    source: ASSIGN_ROLES,
    needs: ['irsa', 'two-clusters'],
    roles: {
      app: {
        trust: [
          trustWebIdentity({ cluster: 'c1', subject: 'app/app' }),
          trustWebIdentity({ cluster: 'c2', subject: 'app/app' }),
        ],
      },
    },
    workloads: { here: { irsa: 'app' }, there: { cluster: 'c2', irsa: 'app' } },
    probes: [granted('here', assumeWithWebIdentity('app')), granted('there', assumeWithWebIdentity('app'))],
  });
});
