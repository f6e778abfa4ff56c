export { AGENT_FAULTS } from './options.ts';
export type { AgentFault, AgentOptions, AwsCredentials, Clock, RunningAgent } from './options.ts';
export type { LogLevel } from './log.ts';
export { AgentRefusal } from './refusal.ts';
export { startAgent } from './agent.ts';
export { parseServerFlags, type ServerFlags } from './cli/flags.ts';
