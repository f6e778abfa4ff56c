import { agentGet, matching, succeeds } from '../../../harness/index.ts';

/** Waits until the agent's metrics match the pattern. */
export const metrics = (pattern: RegExp) =>
  succeeds(agentGet(2705, '/metrics', { until: pattern }), { body: matching(pattern) });

/** The agent has renewed one set of credentials since it started. */
export const RENEWED = /pod_identity_cache_state\{state="hit"\} 1\n/;
