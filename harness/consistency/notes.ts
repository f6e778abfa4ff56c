import type { ScenarioWorld, Workload } from '../world/world.ts';

/** Notes what was waited for in vain before the probes of these workloads: a sentence without its beginning and its end. */
export function note(world: ScenarioWorld, subject: readonly Workload[], what: string): void {
  for (const { name } of subject) world.notes.set(name, [...notesOn(world, name), `Before that, ${what}.`]);
}

/** What was waited for in vain before a workload's probes, a sentence each. */
export const notesOn = (world: ScenarioWorld, workload: string | undefined): readonly string[] =>
  world.notes.get(workload ?? '') ?? [];
