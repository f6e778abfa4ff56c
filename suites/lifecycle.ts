/** What changes while pods run: associations, roles, service accounts, tokens, the agent. */
import {
  admitPod,
  advanceClock,
  allow,
  between,
  control,
  controlSucceeds,
  createAssociation,
  createAssociationFor,
  deleteAssociation,
  deleteRole,
  denied,
  deny,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  putRolePolicy,
  readFile,
  recreateRole,
  recreateServiceAccount,
  refused,
  restartAgent,
  restartPod,
  startAgent,
  startPod,
  stopAgent,
  succeeds,
  suite,
  tokenRotation,
  updateAssociation,
  wait,
  whoAmI,
} from '../harness/index.ts';
import { NOT_INJECTED } from './lib/outcomes.ts';
import { EKS_AUTH_ERRORS, UPDATE_ASSOCIATION } from './lib/sources.ts';
import { readData } from './lib/worlds.ts';

const HOW_TO_ASSIGN = 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account"';
const DELETE =
  'Amazon EKS API Reference, DeletePodIdentityAssociation: credentials that were handed out before stay good';
const CACHE = 'eks-pod-identity-agent source, internal/credsretriever';
const TOKENS = 'Kubernetes documentation, "Configure Service Accounts for Pods": a kubelet asks for a new token';

const TOKEN_FILE = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token';

/** A token lives as short as it may: ten minutes. */
const SHORT_TOKEN = { 'token-expiration': '600' };

suite('lifecycle', ({ scenario }) => {
  scenario('LC-01', 'pods get their settings as soon as a new association has reached the webhook', {
    source: `${HOW_TO_ASSIGN}: associations are eventually consistent`,
    roles: { app: podIdentityRole() },
    workloads: { app: { starts: 'later' } },
    probes: [
      controlSucceeds(admitPod('app'), { injected: 'none' }),
      createAssociation('app', 'app'),
      // The pod that is made at once, and what it is given by then.
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      startPod('app'),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('LC-02', 'pods started after the association was deleted get nothing', {
    profile: 'core',
    source: `${DELETE}; amazon-eks-pod-identity-webhook, pods are changed at admission alone`,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', fetchCredentials()),
      deleteAssociation('app'),
      restartPod('app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
    ],
  });

  scenario('LC-03', 'a running pod keeps its credentials when the association is deleted', {
    profile: 'core',
    source: `${DELETE}; ${CACHE}`,
    finding:
      'Deleting an association takes nothing from running pods: their credentials last up to six hours, and the agent goes on handing them out from its cache. Restart the pods, and deny older sessions of the role (aws:TokenIssueTime).',
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' }, fresh: { role: 'app', starts: 'later' } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials()),
      deleteAssociation('app'),
      startPod('fresh'),
      // The association is gone indeed: what the other pod still has is not due to it.
      refused('fresh', fetchCredentials(), NOT_INJECTED),
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('LC-04', 'an agent that was started anew has no credentials for a pod whose association is gone', {
    source: `${DELETE}; ${CACHE}: the cache is in memory alone; ${EKS_AUTH_ERRORS}`,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', fetchCredentials()),
      deleteAssociation('app'),
      restartAgent(),
      refused('app', fetchCredentials(), {
        by: 'eks-auth',
        code: ['ResourceNotFoundException', 'AccessDeniedException'],
      }),
    ],
  });

  scenario('LC-05', 'pods started after the association was given another role have that role', {
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

  scenario('LC-06', 'a running pod keeps its role when the association is given another one', {
    source:
      'Amazon EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles": recreate the pods to apply a change sooner; ' +
      CACHE,
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

  scenario('LC-07', 'an association may be deleted and made again', {
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

  scenario('LC-08', 'the kubelet renews the token ahead of its end, and calls go on working', {
    source: `${TOKENS} when the old one has lived 80 % of its time`,
    profile: 'soak',
    allowSeconds: 780,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app', serviceAccountAnnotations: SHORT_TOKEN } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials()),
      granted('app', tokenRotation('pod-identity', 620), {
        // A kubelet that is a little early or late is right: it looks at its pods every minute or so.
        facts: { sameSubject: true, sameAudience: true, issuedLater: between(450, 600) },
      }),
      granted('app', fetchCredentials()),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-08b', 'the kubelet renews the token when 80 % of its time are over by the clock', {
    source: `${TOKENS} when the old one has lived 80 % of its time`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    // With another token beside, which lives longer, or a user to whom alone it belongs.
    workloads: {
      app: { role: 'app', serviceAccountAnnotations: SHORT_TOKEN, automountServiceAccountToken: true },
      user: { role: 'app', runAsUser: 1000 },
    },
    probes: [
      granted('app', fetchCredentials()),
      granted('user', readFile(TOKEN_FILE), { facts: { mode: '0600' } }),
      advanceClock(490),
      granted('app', tokenRotation('pod-identity', 10), {
        facts: { sameSubject: true, sameAudience: true, issuedLater: between(490, 520) },
      }),
      granted('app', fetchCredentials()),
      granted('user', readFile(TOKEN_FILE), { facts: { mode: '0600' } }),
    ],
  });

  scenario('LC-10', 'a restart of the agent costs running pods nothing but a new session', {
    profile: 'core',
    source: `${CACHE}: the cache is in memory alone`,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
      restartAgent(),
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
    ],
  });

  scenario('LC-11', "a pod that starts ahead of its node's agent has credentials as soon as that is there", {
    source:
      'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; amazon-eks-pod-identity-webhook, admission does not ask the agent',
    finding:
      'While a node has no agent, pods on it start all the same, with settings that lead to nobody: an SDK gives up after seconds.',
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app', starts: 'later' } },
    objects: ['data/key'],
    probes: [
      stopAgent(),
      startPod('app'),
      refused('app', fetchCredentials(), { by: 'agent', message: 'cannot be reached' }),
      startAgent(),
      granted('app', fetchCredentials()),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-11b', "a Job's pod on a fresh node fails for good when the agent is late, and its next pod does not", {
    source: 'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; eks-pod-identity-agent, issue 159',
    finding:
      'An SDK waits seconds for the agent of a fresh node and then gives up: a Job without a further try (backoffLimit) fails for good.',
    roles: { app: podIdentityRole() },
    workloads: { first: { role: 'app', starts: 'later' }, next: { role: 'app', starts: 'later' } },
    probes: [
      stopAgent(),
      startPod('first'),
      refused('first', whoAmI(), { by: 'agent' }),
      startAgent(),
      startPod('next'),
      granted('next', whoAmI()),
    ],
  });

  scenario('LC-25', "an agent asks with its node's next credentials when the first have expired", {
    source: `Amazon EC2 User Guide, "Retrieve security credentials from instance metadata": new ones are there ahead of the end of the old ones; ${EKS_AUTH_ERRORS}`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, fresh: { role: 'app', starts: 'later' } },
    probes: [
      control('app', fetchCredentials()),
      advanceClock(13 * 3600),
      startPod('fresh'),
      granted('fresh', fetchCredentials()),
    ],
  });

  scenario('LC-15', 'sessions older than a moment can be denied, and new ones are not', {
    source: 'IAM User Guide, "Revoking IAM role temporary security credentials"',
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      putRolePolicy('app', readData, deny('*', '*', { DateLessThan: { 'aws:TokenIssueTime': '<time:now>' } })),
      denied('app', getObject('data/key'), { by: 's3', code: 'AccessDenied', policy: 'identity', explicit: true }),
      // Sessions are dated in whole seconds.
      wait(1),
      restartPod('app'),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-16', 'what a role may do changes for the sessions that are under way', {
    source:
      'IAM User Guide, "Policies and permissions in AWS Identity and Access Management": evaluated at each request',
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key', 'data/other'],
    probes: [
      granted('app', getObject('data/key')),
      putRolePolicy('app', allow('s3:GetObject', 'data/other')),
      granted('app', getObject('data/other')),
      denied('app', getObject('data/key'), { by: 's3', code: 'AccessDenied', policy: 'identity', explicit: false }),
      putRolePolicy('app', readData),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-17', 'a service account that was deleted and made again keeps its association', {
    source: `${HOW_TO_ASSIGN}: an association names namespace and service account`,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', fetchCredentials()),
      recreateServiceAccount('app'),
      restartPod('app'),
      granted('app', whoAmI()),
    ],
  });

  scenario('LC-19', 'a role that was deleted gives new pods no credentials', {
    profile: 'core',
    source: EKS_AUTH_ERRORS,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' }, fresh: { role: 'app', starts: 'later' } },
    objects: ['data/key'],
    probes: [
      control('app', fetchCredentials()),
      control('app', getObject('data/key')),
      deleteRole('app'),
      startPod('fresh'),
      refused('fresh', fetchCredentials(), { by: 'eks-auth', code: 'AccessDeniedException', status: 400 }),
      // What it had opened is worth nothing either. With which code it is refused is not documented.
      denied('app', getObject('data/key'), { by: 's3', code: ['AccessDenied', 'InvalidAccessKeyId', 'InvalidToken'] }),
    ],
  });

  scenario('LC-20', 'a role that is made again under its name serves its association again', {
    source: `${HOW_TO_ASSIGN}: an association names the role by its ARN`,
    finding:
      'Whoever may create a role under the name of a deleted one gets the pods of the associations that were left behind: delete associations ahead of their roles.',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      deleteRole('app'),
      refused('app', fetchCredentials(), { by: 'eks-auth', code: 'AccessDeniedException', status: 400 }),
      recreateRole('app'),
      granted('app', whoAmI()),
    ],
  });

  scenario('LC-22', 'of two that create the same association at once one succeeds', {
    source: 'Amazon EKS API Reference, CreatePodIdentityAssociation, ResourceInUseException',
    roles: { app: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { atOnce: 2 }), {
        created: 1,
        refusals: 'ResourceInUseException',
      }),
    ],
  });
});
