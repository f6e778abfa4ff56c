/** Agents that restart, start late, or get new credentials from their node. */
import {
  advanceClock,
  deleteAssociation,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  refused,
  restartAgent,
  startAgent,
  startPod,
  stopAgent,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { NO_ASSOCIATION } from '../lib/outcomes.ts';
import { EKS_AUTH_ERRORS } from '../lib/sources.ts';
import { ASSOCIATED, readData } from '../lib/worlds.ts';
import { CONTROL, FROM_CACHE, gets, ONE_CALL } from './lib/requests.ts';

const DELETE = 'Amazon EKS API Reference, DeletePodIdentityAssociation: credentials issued before remain valid';
const CACHE = 'eks-pod-identity-agent source, internal/credsretriever';

suite('agent', ({ scenario }) => {
  scenario('LC-04', 'a restarted agent has no credentials for a pod whose association was deleted', {
    source: `${DELETE}; ${CACHE}: the cache is only in memory; ${EKS_AUTH_ERRORS}`,
    ...ASSOCIATED,
    probes: [CONTROL, deleteAssociation('app'), restartAgent(), refused('app', fetchCredentials(), NO_ASSOCIATION)],
  });

  scenario('LC-10', 'running pods keep their access across an agent restart, with a new session', {
    profile: 'core',
    source: `${CACHE}: the cache is only in memory`,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      gets({}, FROM_CACHE),
      restartAgent(),
      granted('app', getObject('data/key')),
      gets({}, ONE_CALL),
    ],
  });

  scenario('LC-11', "a pod that starts before its node's agent gets credentials once the agent runs", {
    keywords: ['agent missing', 'new node'],
    source:
      'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; amazon-eks-pod-identity-webhook, admission does not depend on the agent',
    finding:
      'Without an agent on the node, pods still start, but their SDKs cannot reach the agent and give up after a few seconds.',
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app', starts: 'later' } },
    objects: ['data/key'],
    probes: [
      stopAgent(),
      startPod('app'),
      refused('app', fetchCredentials(), { by: 'agent', message: 'cannot be reached' }),
      startAgent(),
      gets(),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-11b', 'a pod that calls AWS before its agent starts fails, and the next pod succeeds', {
    keywords: ['agent missing'],
    source: 'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; eks-pod-identity-agent, issue 159',
    finding:
      'On a new node, an SDK waits a few seconds for the agent and then gives up. A Job without retries (backoffLimit) then fails for good.',
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

  scenario('LC-25', "the agent uses its node's new credentials once the old ones have expired", {
    source: `Amazon EC2 User Guide, "Retrieve security credentials from instance metadata": new credentials are available before the old ones expire; ${EKS_AUTH_ERRORS}`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, fresh: { role: 'app', starts: 'later' } },
    probes: [CONTROL, advanceClock(13 * 3600), startPod('fresh'), granted('fresh', fetchCredentials())],
  });
});
