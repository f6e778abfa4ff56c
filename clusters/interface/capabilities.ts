import type { AgentVersion } from '../../components/agent/options.ts';

export const AGENT_CAPABILITIES: Readonly<Record<AgentVersion, readonly string[]>> = {
  '0.1': ['agent-token-cache'],
  '0.2': ['agent-pod-cache', 'agent-token-validation'],
};

/** Harness capabilities of every cluster type, unless its options or workloads exclude them. */
export const COMMON_CAPABILITIES: readonly string[] = [
  'kubernetes',
  'own-cluster',
  'agent-addon',
  'pod-identity',
  'irsa',
  'two-clusters',
  'agent-restart',
  'agent-stop',
  'agent-ipv6',
  'node-role',
  'sdk-chain',
  'lasting-client',
  'client-clock',
  'configurable-sts',
];

export const without = (capabilities: Iterable<string>, unavailable: Iterable<string>): ReadonlySet<string> => {
  const left = new Set(capabilities);
  for (const capability of unavailable) left.delete(capability);
  return left;
};
