import { agentGet, matching, succeeds } from '../../../harness/index.ts';

/** The agent's metrics come to tell this. */
export const metrics = (pattern: RegExp) =>
  succeeds(agentGet(2705, '/metrics', { until: pattern }), { body: matching(pattern) });

/** That the agent has renewed one credential since it started. */
export const RENEWED = /pod_identity_cache_state\{state="hit"\} 1\n/;
