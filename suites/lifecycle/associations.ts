/** Associations that change while pods run. */
import {
  admitPod,
  control,
  controlSucceeds,
  createAssociation,
  deleteAssociation,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  recreateServiceAccount,
  refused,
  restartPod,
  startPod,
  succeeds,
  suite,
  updateAssociation,
  whoAmI,
} from '../../harness/index.ts';
import { NOT_INJECTED } from '../lib/outcomes.ts';
import { TARGET_ROLES, UPDATE_ASSOCIATION } from '../lib/sources.ts';
import { ASSOCIATED, readData } from '../lib/worlds.ts';

const HOW_TO_ASSIGN = 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account"';
const DELETE = 'Amazon EKS API Reference, DeletePodIdentityAssociation: credentials issued before remain valid';
const CACHE = 'eks-pod-identity-agent source, internal/credsretriever';

suite('lifecycle', ({ scenario }) => {
  scenario('LC-01', 'new pods get their settings once a new association has reached the webhook', {
    source: `${HOW_TO_ASSIGN}: associations are eventually consistent`,
    roles: { app: podIdentityRole() },
    workloads: { app: { starts: 'later' } },
    probes: [
      controlSucceeds(admitPod('app'), { injected: 'none' }),
      createAssociation('app', 'app'),
      // A pod that is created now gets settings and credentials.
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      startPod('app'),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('LC-02', 'pods that start after the deletion of the association get no credentials', {
    profile: 'core',
    source: `${DELETE}; amazon-eks-pod-identity-webhook, pods are changed only at admission`,
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      deleteAssociation('app'),
      restartPod('app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
    ],
  });

  scenario('LC-03', 'a running pod keeps its credentials after the deletion of its association', {
    profile: 'core',
    source: `${DELETE}; ${CACHE}`,
    finding:
      'Deleting an association does not affect running pods: their credentials are valid for up to six hours, and the agent keeps returning them from its cache. Restart the pods, and deny older sessions of the role (aws:TokenIssueTime).',
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' }, fresh: { role: 'app', starts: 'later' } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials()),
      deleteAssociation('app'),
      startPod('fresh'),
      // Proves that the association is gone while `app` still has access.
      refused('fresh', fetchCredentials(), NOT_INJECTED),
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('LC-05', 'pods that start after an update of the association use its new role', {
    profile: 'core',
    source: UPDATE_ASSOCIATION,
    roles: { first: podIdentityRole(), second: podIdentityRole() },
    workloads: { app: { role: 'first' } },
    probes: [
      granted('app', whoAmI(), { as: 'first' }),
      updateAssociation('app', 'second'),
      restartPod('app'),
      granted('app', whoAmI(), { as: 'second' }),
    ],
  });

  scenario('LC-06', 'a running pod keeps its role when its association gets another role', {
    source: `${TARGET_ROLES}: recreate the pods to apply a change sooner; ${CACHE}`,
    roles: { first: podIdentityRole(), second: podIdentityRole() },
    workloads: { app: { role: 'first' }, fresh: { role: 'first', starts: 'later' } },
    probes: [
      granted('app', whoAmI(), { as: 'first' }),
      updateAssociation('app', 'second'),
      startPod('fresh'),
      granted('fresh', whoAmI(), { as: 'second' }),
      granted('app', whoAmI(), { as: 'first' }),
    ],
  });

  scenario('LC-07', 'an association can be deleted and recreated', {
    profile: 'core',
    source: HOW_TO_ASSIGN,
    roles: { first: podIdentityRole(), second: podIdentityRole() },
    workloads: { app: { role: 'first', starts: 'later' } },
    probes: [
      deleteAssociation('app'),
      createAssociation('app', 'second'),
      startPod('app'),
      granted('app', whoAmI(), { as: 'second' }),
    ],
  });

  scenario('LC-17', 'a recreated service account keeps its association', {
    source: `${HOW_TO_ASSIGN}: an association names namespace and service account`,
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      recreateServiceAccount('app'),
      restartPod('app'),
      granted('app', whoAmI()),
    ],
  });
});
