import { choice, flag, list, opt, text, whole } from '../scenario/form.ts';
import { change, tokenSource } from './forms.ts';
import { CLIENT_ENDED, type CallRecord } from '../../emulator/index.ts';
import type { AgentRequest, ProbeReport } from '../../foundation/protocols/probe-protocol.ts';
import { GREATEST_ID } from '../scenario/checks.ts';
import type { Expectation } from '../scenario/spec.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';
import { isApiToken, mintedToken, tokenWords } from './token-source.ts';

const MOST_PIPELINED = 10_000;

const countsCalls = ({ facts = {} }: Expectation): boolean => 'upstreamCalls' in facts;

/** Requests credentials from the agent, inside the pod. */
export const fetchCredentials = defineWorkloadOperation(
  'FetchCredentials',
  (options: Partial<Omit<AgentRequest, 'do'>> = {}): Omit<AgentRequest, 'do'> => ({
    token: { from: 'pod-identity' },
    ...options,
  }),
  {
    form: {
      token: tokenSource,
      change,
      method: opt(text),
      path: opt(text),
      host: opt(text),
      repeat: opt(whole(1, GREATEST_ID)),
      atOnce: opt(flag),
      pipelined: opt(whole(1, MOST_PIPELINED)),
      lines: opt(list(text, 'a list of strings: the request line and the headers')),
      giveUpAfter: opt(whole(1, GREATEST_ID)),
      perSecond: opt(whole(1, GREATEST_ID)),
      via: opt(choice('ipv4', 'ipv6')),
    },
    withoutIdentity: true,
    refersTo: (operation) => ({ tokens: [mintedToken(operation)] }),
    needs: ({ via }, expectation) => [
      ...(via === 'ipv6' ? (['agent-ipv6'] as const) : []),
      ...(countsCalls(expectation) ? (['call-record'] as const) : []),
    ],
    countsCalls,
    usesApiToken: isApiToken,
    describe: (operation) => {
      const { method = '', path = '', host, via, repeat, atOnce, pipelined, giveUpAfter, lines } = operation;
      return [
        lines === undefined ? '' : `"${lines.map((line) => line.slice(0, 60)).join('", "')}"`,
        method,
        path,
        host === undefined ? '' : `Host "${host}"`,
        via === undefined ? '' : `over ${via}`,
        repeat === undefined ? '' : `${repeat} times${atOnce ? ' at once' : ''}`,
        pipelined === undefined ? '' : `${pipelined} times over one connection`,
        giveUpAfter === undefined ? '' : `given up after ${giveUpAfter} ms`,
        tokenWords(operation),
      ];
    },
    // Counts EKS Auth calls for the workload's namespace during the probe, and finds the one that returned credentials.
    recorded: ({ environment: { aws } }, { namespace, serviceAccount }, report, { facts: expected = {} }) => {
      if (aws.controls === undefined) return undefined;
      const record = aws.controls.calls();
      const podRequests = record.filter(
        ({ operation, receivedAt, notes }) =>
          operation === 'AssumeRoleForPodIdentity' &&
          receivedAt <= report.endedAt &&
          notes.some((note) => note.includes(namespace)),
      );
      const calls = podRequests.filter(({ receivedAt }) => receivedAt >= report.startedAt);
      const isSurplus = calls.length > Number(expected['upstreamCalls']);
      const isCertain =
        isSurplus &&
        !calls.some(isAbandoned) &&
        longestPause(calls) < SHORTEST_WAIT &&
        wereAnswered(calls.slice(0, -1), record);
      const gave = podRequests.findLast(
        ({ errorCode, notes }) =>
          errorCode === undefined && notes.some((note) => note.includes(`${namespace}/${serviceAccount}`)),
      );
      return {
        facts: { upstreamCalls: calls.length },
        unreliableFactsReason: isCertain ? undefined : unreliableCountReason(calls, report),
        ...(report.outcome === 'granted' && gave && { requestId: gave.requestId }),
      };
    },
  },
);

/** Whether the agent received the answer of each call: aborting a call ends its connection (RFC 9112, 9.5). */
const wereAnswered = (calls: readonly CallRecord[], record: readonly CallRecord[]): boolean =>
  calls.every((call) => record.findLast(({ connection }) => connection === call.connection) !== call);

/** Milliseconds after which an agent may reconnect to EKS Auth (eks-pod-identity-agent). */
const PATIENCE = 500;

/** In milliseconds. Requests wait longer for the call of another request before their own (nine polls, 200 ms apart). */
const SHORTEST_WAIT = 1000;

/** Whether the agent had given a call up: a late call of an earlier request, or one that it repeated. */
const isAbandoned = ({ notes }: CallRecord): boolean => notes.includes(CLIENT_ENDED);

const longestPause = (calls: readonly CallRecord[]): number =>
  Math.max(0, ...calls.slice(1).map(({ receivedAt }, index) => receivedAt - (calls[index]?.receivedAt ?? receivedAt)));

/** Why a count of calls is inconclusive: the agent may have repeated one, because calls or requests took so long. */
function unreliableCountReason(
  calls: readonly CallRecord[],
  { startedAt, endedAt, facts }: ProbeReport,
): string | undefined {
  if (calls.some(isAbandoned))
    return 'The agent had given up a call before EKS Auth received it. The number of calls proves nothing about the agent.';
  const pause = longestPause(calls);
  const each = (endedAt - startedAt) / (Number(facts?.['requests'] ?? 1) * Number(facts?.['tries'] ?? 1));
  if (Math.max(pause, each) < PATIENCE) return undefined;
  return `EKS Auth calls or requests took up to ${Math.round(Math.max(pause, each))} ms, so the agent may have timed out and repeated a call. The number of calls proves nothing about the agent.`;
}
