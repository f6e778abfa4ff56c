import type { CallRecord } from '../../emulator/index.ts';
import { explain } from '../verdict/why.ts';
import { explanationLines } from '../results/explanation.ts';
import { bucketsOf } from '../scenario/parts.ts';
import { workloads, type ScenarioContext } from '../scenario/scenario-context.ts';
import { MAX_BYTES, type Findings, type Scene } from './scene.ts';

const MOST_CALLS = 3;

/** Collects AWS calls from the scenario or about its resources, if AWS has a readable record. */
export function collectCalls(scene: Scene, findings: Findings): void {
  const { context, since } = scene;
  const { controls } = context.environment.aws;
  if (!controls) {
    findings.notes.push('Calls: this AWS has no readable record of calls.');
    return;
  }
  const names = namesOf(context);
  // A scenario can move AWS's clock forward, but never back.
  const calls = controls
    .calls()
    .filter((call) => call.time >= since.getTime() && isOf(call, context.scenario.id, names));
  if (calls.length === 0) return;
  const shown = lastOnes(calls.map(callOf));
  const cut = shown.length < calls.length ? ` (the last ${shown.length} of ${calls.length})` : '';
  findings.files.push({
    name: 'calls.json',
    description: `AWS calls from the scenario or about its resources, with each decision statement by statement${cut}`,
    content: shown,
  });
  const explained = new Set(scene.probes.map(({ decisiveCall }) => decisiveCall));
  const refused = calls.filter(({ errorCode, requestId }) => errorCode !== undefined && !explained.has(requestId));
  for (const call of refused.slice(-MOST_CALLS))
    findings.excerpts.push({
      source: `AWS answered ${call.errorCode} (${call.status}) to ${call.caller}`,
      lines: explanationLines(explain(call)),
    });
}

/** Returns the names of the scenario's resources, which no other scenario uses at the same time. */
function namesOf(context: ScenarioContext): string[] {
  const { names, scenario } = context;
  return [
    ...workloads(context).map(({ namespace }) => namespace),
    ...Object.keys(scenario.spec.roles ?? {}).map((alias) => names.roleName(alias)),
    ...bucketsOf(scenario.spec).map((alias) => names.bucket(alias)),
  ];
}

/** Whether a call is from the scenario or about its resources. Ignores statements, which cost time and add no names. */
function isOf(call: CallRecord, scenario: string, names: readonly string[]): boolean {
  if (call.applicationId === scenario) return true;
  const text = [call.caller, ...call.notes, ...call.authorizations.map(({ resource }) => resource)].join('\n');
  return names.some((name) => text.includes(name));
}

function callOf(call: CallRecord): object {
  const { time, caller, applicationId, status, errorCode } = call;
  return { time: new Date(time).toISOString(), caller, applicationId, status, errorCode, ...explain(call) };
}

/** Returns the last calls that fit into one file. */
function lastOnes<T>(all: readonly T[]): T[] {
  const kept: T[] = [];
  let bytes = 0;
  for (const item of [...all].reverse()) {
    bytes += JSON.stringify(item, null, 2).length;
    if (bytes > MAX_BYTES) break;
    kept.unshift(item);
  }
  return kept;
}
