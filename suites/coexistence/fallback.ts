/** Pods whose credentials are refused: they fall back neither to IRSA nor to the role of the node. */
import {
  control,
  deleteAssociation,
  fetchCredentials,
  irsaRole,
  noToken,
  podIdentityRole,
  refused,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { NO_ASSOCIATION } from '../lib/outcomes.ts';

const SDK_CHAIN = 'AWS SDK for JavaScript, default credential provider chain for Node.js';
const AGENT_REFUSES = 'EKS Auth API Reference, AssumeRoleForPodIdentity, errors';
/** A role for each way, for the service account `app` in namespace `app`. */
const ROLES = { associated: podIdentityRole(), annotated: irsaRole('app/app') } as const;
/** The pod runs with the settings of Pod Identity, and has not yet been given credentials for its own token. */
const hasAskedNothingYet = (workload: string) =>
  refused(workload, fetchCredentials({ token: noToken }), { by: 'agent', code: '400' });

suite('coexistence', ({ scenario }) => {
  scenario('CO-05', 'a running pod whose association was deleted does not fall back to IRSA', {
    source: `${AGENT_REFUSES}; settings are injected at admission alone`,
    needs: ['irsa'],
    roles: ROLES,
    workloads: {
      app: { role: 'associated', irsa: 'annotated' },
      // Another pod of the same service account shows that the association gave credentials. Were it the same pod, the
      // agent would go on answering it with those that it holds.
      witness: { role: 'associated', irsa: 'annotated' },
    },
    probes: [
      hasAskedNothingYet('app'),
      control('witness', fetchCredentials()),
      deleteAssociation('app'),
      refused('app', whoAmI(), NO_ASSOCIATION),
    ],
  });

  scenario('CO-13', "the SDK's chain does not fall back to the node's role when the agent refuses", {
    profile: 'core',
    source: `${SDK_CHAIN}: with AWS_CONTAINER_CREDENTIALS_FULL_URI set, instance metadata is not asked`,
    needs: ['imds'],
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app', imds: 'reachable' },
      plain: { serviceAccount: 'plain', imds: 'reachable' },
    },
    probes: [
      // A pod without an association does get the node's role here, so that it could be fallen back to.
      control('plain', whoAmI(), { as: 'node' }),
      hasAskedNothingYet('app'),
      deleteAssociation('app'),
      // No later provider of the chain is tried.
      refused('app', whoAmI(), NO_ASSOCIATION),
    ],
  });

  scenario('CO-14', "the SDK's chain does not fall back to the node's role when STS refuses", {
    source: `${SDK_CHAIN}: with AWS_WEB_IDENTITY_TOKEN_FILE set, instance metadata is not asked; AWS STS API Reference, AssumeRoleWithWebIdentity`,
    needs: ['irsa', 'imds'],
    roles: { annotated: irsaRole('app/other') },
    workloads: {
      app: { irsa: 'annotated', imds: 'reachable' },
      plain: { serviceAccount: 'plain', imds: 'reachable' },
    },
    probes: [
      control('plain', whoAmI(), { as: 'node' }),
      refused('app', whoAmI(), { by: 'sts', code: 'AccessDenied', status: 403 }),
    ],
  });
});
