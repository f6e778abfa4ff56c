import { HarnessError } from '../../foundation/node/errors.ts';
import type { ScenarioResult, Verdict } from '../results/results.ts';
import type { Scenario } from '../scenario/spec.ts';

export function scenarioResult(scenario: Scenario, verdict: Verdict, reason: string): ScenarioResult {
  const { client } = scenario;
  return {
    id: scenario.id,
    suite: scenario.suite,
    title: scenario.title,
    file: scenario.file,
    ...(client && { client: { name: client.client.name, version: client.version } }),
    verdict,
    reason,
    errorCode: null,
    finding: scenario.spec.finding ?? null,
    source: scenario.spec.source ?? null,
    attempts: 1,
    durations: { arranging: 0, probing: 0, teardown: 0 },
    probes: [],
    attachments: [],
    timeline: [],
    calls: [],
    policies: [],
  };
}

/** Returns the first line of an error. It has no secrets, because clients translate their exceptions earlier. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof HarnessError) return error.message;
  const line = error.message.replace(/\n.*/s, '');
  return error.name === 'Error' ? line : `${error.name}: ${line}`;
}
