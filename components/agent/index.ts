export { AGENT_VERSIONS, RELEASES, VERSION_VARIABLE } from './options.ts';
export type { AgentOptions, AgentVersion, InCluster, RunningAgent } from './options.ts';
export { AgentRefusal } from './options.ts';
export { startAgent } from './agent.ts';
export { parseServerFlags, type ServerFlags } from './cli/flags.ts';
