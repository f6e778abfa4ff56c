/** Errors of EKS Auth: which ones the agent retries, and how it passes them on. */
import {
  agentArguments,
  control,
  deleteAssociation,
  fetchCredentials,
  matching,
  refused,
  startPod,
  suite,
  trustPodIdentity,
} from '../../harness/index.ts';
import { AWAY, eksAuth, STARTED_LATER } from './lib/eks-auth.ts';
import { AGENT, AGENT_ERRORS } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { CONTROL, gets, ONE_CALL, PLAIN_TEXT, refusedByAgent } from './lib/requests.ts';

suite('agent', ({ scenario }) => {
  scenario('AP-19', 'the pod receives code, status and request id of a denial by EKS Auth', {
    source: AGENT_ERRORS + '; Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
    roles: { ...ASSOCIATED.roles, untagged: { trust: [trustPodIdentity({ actions: ['sts:AssumeRole'] })] } },
    workloads: { app: { role: 'app' }, untagged: { serviceAccount: 'untagged', role: 'untagged' } },
    probes: [
      CONTROL,
      refused('untagged', fetchCredentials(), {
        by: 'eks-auth',
        code: 'AccessDeniedException',
        status: 400,
        message: 'EKS does not have permissions to assume the associated role',
        facts: PLAIN_TEXT,
      }),
    ],
  });

  scenario('AP-20', 'a service account without an association gets ResourceNotFoundException without a retry', {
    profile: 'core',
    source: AGENT_ERRORS + ', ResourceNotFoundException',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app' }, witness: { role: 'app' } },
    probes: [
      // Before its deletion the association works. The other pod's token is not cached yet, so the agent must call EKS Auth.
      control('witness', fetchCredentials()),
      deleteAssociation('app'),
      refused('app', fetchCredentials(), {
        by: 'eks-auth',
        code: 'ResourceNotFoundException',
        status: 404,
        facts: { upstreamCalls: 1 },
      }),
    ],
  });

  for (const [id, code, status, fault] of [
    ['AP-20b', 'ThrottlingException', 429, 'client'],
    // AWS's API model declares a server fault; some observed agents have SDKs that report a client fault.
    ['AP-20c', 'ServiceUnavailableException', 503, matching(/^(server|client)$/)],
    ['AP-20d', 'InternalServerException', 500, matching(/^(server|client)$/)],
  ] as const) {
    scenario(id, `the agent passes on ${code} after three tries`, {
      source: AGENT_ERRORS + '; AWS SDKs and Tools Reference Guide, "Retry behavior"',
      ...STARTED_LATER,
      probes: [
        eksAuth({ error: { code, status, message: 'Try again later.' }, times: 3 }),
        startPod('app'),
        refused('app', fetchCredentials(), { by: 'eks-auth', code, status, facts: { upstreamCalls: 3, fault } }),
        gets({}, ONE_CALL),
      ],
    });
  }

  scenario('AP-20e', 'the agent hides an EKS Auth error that ends within three tries', {
    source: 'AWS SDKs and Tools Reference Guide, "Retry behavior"',
    ...STARTED_LATER,
    probes: [
      eksAuth({ error: { ...AWAY, message: 'Try again later.' }, times: 2 }),
      startPod('app'),
      gets({}, { upstreamCalls: 3 }),
    ],
  });

  scenario('AP-21', 'the agent gives up after three tries of one second if EKS Auth does not answer', {
    // The message comes from the SDK in the agent, and varies.
    source: AGENT + 'internal/cloud/eksauth: timeout of a try',
    finding: 'The agent takes longer to give up than most SDKs wait (1 to 2 s), so the SDKs report a timeout.',
    ...STARTED_LATER,
    probes: [
      eksAuth({ delayMilliseconds: 2000, times: 3 }),
      startPod('app'),
      refusedByAgent({}, 500, undefined, PLAIN_TEXT),
      // A connection may take half a second, a response longer.
      eksAuth({ delayMilliseconds: 600, times: 3 }),
      gets(),
    ],
  });

  scenario('AP-47', 'an agent with another EKS Auth endpoint calls that endpoint', {
    keywords: ['endpoint', 'private endpoint', 'proxy'],
    source: `${AGENT}cmd/server.go: --endpoint; smithy-go, JoinPath; Go, package net: a refused connection`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      agentArguments('--endpoint http://127.0.0.1:9/eks-auth/'),
      refusedByAgent(
        {},
        500,
        'Post "http://127.0.0.1:9/eks-auth/clusters/<cluster:c1>/assume-role-for-pod-identity": dial tcp 127.0.0.1:9: connect: connection refused',
      ),
    ],
  });
});
