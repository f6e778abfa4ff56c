/** Tokens of one cluster at another cluster's agent. */
import { control, fetchCredentials, minted, podIdentityRole, refused, suite } from '../../harness/index.ts';

/** Pods of the same namespace and service account names on both clusters, both associated with role `app`. */
const BOTH_CLUSTERS = { here: { role: 'app' }, there: { cluster: 'c2', role: 'app' } } as const;

suite('cross-cluster', ({ scenario }) => {
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
});
