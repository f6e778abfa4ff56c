import type { AgentRequest } from '../../foundation/probe-protocol.ts';
import { GREATEST_ID, oneOf, whole } from '../scenario/checks.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import { defineOperation } from './registry.ts';
import { isApiToken, mintedToken, tokenWords } from './token-source.ts';

/** A request for credentials sent to the agent from inside the pod. */
export const fetchCredentials = (
  options: Partial<Omit<AgentRequest, 'do'>> = {},
): AgentRequest & WorkloadOperation => ({ do: 'FetchCredentials', token: { from: 'pod-identity' }, ...options });

defineOperation<AgentRequest>({
  name: 'FetchCredentials',
  performedBy: 'workload',
  withoutIdentity: true,
  refersTo: (operation) => ({ tokens: [mintedToken(operation)] }),
  *check({ via, repeat }) {
    yield oneOf('"via" of fetchCredentials', via, ['ipv4', 'ipv6']);
    yield whole('"repeat" of fetchCredentials', repeat, 1, GREATEST_ID);
  },
  needs: ({ via }, { facts = {} }) => [
    ...(via === 'ipv6' ? (['agent-ipv6'] as const) : []),
    ...('upstreamCalls' in facts ? (['call-record'] as const) : []),
  ],
  usesApiToken: isApiToken,
  describe: (operation) => {
    const { method = '', path = '', host, via, repeat, atOnce } = operation;
    return [
      method,
      path,
      host === undefined ? '' : `Host "${host}"`,
      via === undefined ? '' : `over ${via}`,
      repeat === undefined ? '' : `${repeat} times${atOnce ? ' at once' : ''}`,
      tokenWords(operation),
    ];
  },
  // How often EKS Auth was asked for the workload's service account meanwhile.
  recordedFacts: ({ environment: { aws } }, { namespace }, { startedAt, endedAt }) => {
    const calls = aws.controls
      ?.calls()
      .filter(
        ({ operation, time, notes }) =>
          operation === 'AssumeRoleForPodIdentity' &&
          time >= startedAt &&
          time <= endedAt &&
          notes.some((note) => note.includes(namespace)),
      );
    return calls && { upstreamCalls: calls.length };
  },
});
