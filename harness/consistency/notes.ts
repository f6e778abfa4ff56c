import type { ScenarioWorld, Workload } from '../world/world.ts';

const notes = new WeakMap<ScenarioWorld, Map<string, string[]>>();

/** Notes what was waited for in vain before the probes of these workloads: a sentence without its beginning and its end. */
export function note(world: ScenarioWorld, subject: readonly Workload[], what: string): void {
  const ofWorld = notes.get(world) ?? new Map<string, string[]>();
  notes.set(world, ofWorld);
  for (const { name } of subject) ofWorld.set(name, [...(ofWorld.get(name) ?? []), `Before that, ${what}.`]);
}

/** What was waited for in vain before a workload's probes, a sentence each. */
export const notesOn = (world: ScenarioWorld, workload: string | undefined): readonly string[] =>
  notes.get(world)?.get(workload ?? '') ?? [];
