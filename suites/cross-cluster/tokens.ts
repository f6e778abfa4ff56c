/** Tokens of one cluster at another cluster's agent. */
import {
  askEksAuth,
  control,
  controlSucceeds,
  fetchCredentials,
  minted,
  podIdentityRole,
  refused,
  suite,
} from '../../harness/index.ts';
import { BAD_POD_TOKEN } from '../lib/outcomes.ts';
import { POD_IDENTITY } from '../lib/worlds.ts';

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-09', "a token of one cluster is worth nothing at another cluster's agent", {
    profile: 'core',
    // EKS Auth is asked about the agent's own cluster, whose keys did not sign the token.
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, errors',
    needs: ['two-clusters'],
    roles: { app: podIdentityRole() },
    workloads: { here: { role: 'app' }, there: { cluster: 'c2', role: 'app' } },
    tokens: { 'token-of-here': { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'here' } },
    probes: [
      controlSucceeds(askEksAuth('here', { token: 'token-of-here' })),
      control('there', fetchCredentials()),
      refused('there', fetchCredentials({ token: minted('token-of-here') }), BAD_POD_TOKEN),
    ],
  });
});
