import { declaredId } from '../../foundation/node/validate.ts';
import { fits } from '../compare/deviations.ts';
import { valueOf } from '../compare/differences.ts';
import type { ProbeOutcome, RunResults, ScenarioResult } from '../results/results.ts';
import type { Allowance, Gate } from './gate.ts';

export interface GatedRun {
  readonly id: string;
  /** The facts of the run, as in a comparison. */
  readonly facts: Readonly<Record<string, string>>;
  /** Day of the run in UTC, such as `2026-12-31`. */
  readonly today: string;
}

/** Returns the result, with the allowance if it is unexpected and the gate allows it. */
export function applyGate(gate: Gate | undefined, result: ScenarioResult, run: GatedRun): ScenarioResult {
  if (gate === undefined) return result;
  const inForce = aboutScenario(gate, result.id, run).filter(({ until }) => run.today <= until);
  const allowance =
    inForce.find((item) => item.probe === null && isMet(item, result, run)) ?? allowedByProbes(inForce, result, run);
  if (allowance === undefined) return result;
  const { until, reason, source } = allowance;
  return { ...result, allowed: { until, reason, ...(source !== undefined && { source }) } };
}

/** Returns the first of the allowances that cover every failed probe. */
function allowedByProbes(
  allowances: readonly Allowance[],
  result: ScenarioResult,
  run: GatedRun,
): Allowance | undefined {
  const failed = result.probes.filter(({ verdict }) => verdict === 'failed');
  if (result.verdict !== 'failed') return undefined;
  const matchingAllowances = failed.map(({ number }) =>
    allowances.find((item) => item.probe === number && isMet(item, result, run)),
  );
  return matchingAllowances.every((item) => item !== undefined) ? matchingAllowances[0] : undefined;
}

const aboutScenario = ({ allowances }: Gate, id: string, run: GatedRun): readonly Allowance[] =>
  allowances.filter(({ scenario, ...item }) => [id, declaredId(id)].includes(scenario) && fits(item, run));

function isMet({ probe, observed }: Allowance, result: ScenarioResult, run: GatedRun): boolean {
  if (probe === null) return result.verdict === observed['verdict'];
  const probeResult = result.probes.find(({ number }) => number === probe);
  return probeResult !== undefined && isObserved(observed, probeResult, result.id, run);
}

/** An unlisted verdict means `failed`. */
const isObserved = (observed: Allowance['observed'], probe: ProbeOutcome, scenario: string, run: GatedRun): boolean =>
  Object.entries({ verdict: 'failed', ...observed }).every(
    ([field, value]) => valueOf(run.id, scenario, probe, field) === value,
  );

/** Applies a gate to a whole run. Returns sentences about violations and superfluous entries. */
export function reportOf(
  gate: Gate,
  scenarios: readonly ScenarioResult[],
  run: GatedRun,
): NonNullable<RunResults['gate']> {
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const result of scenarios.filter(({ verdict }) => verdict !== 'skipped')) {
    for (const allowance of aboutScenario(gate, result.id, run)) {
      const place = `${allowance.listed} of ${gate.file}`;
      const { id, verdict, allowed } = result;
      if (isMet(allowance, result, run)) {
        if (run.today > allowance.until && allowed === undefined)
          problems.push(
            `${id} was allowed to fail until ${allowance.until} (${place}: ${end(allowance.reason)}). Fix the failure, or set a later date.`,
          );
      } else if (verdict === 'passed') warnings.push(`${id} passed, but ${place} allows it to fail. Remove the entry.`);
      else if (allowed === undefined) problems.push(`${id} has a result that ${place} does not allow.`);
      // Another repetition may have failed like this.
      else if (result.repetitions === undefined)
        warnings.push(`${id} does not fail as ${place} allows. Remove the entry.`);
    }
    const { id, verdict, finding } = result;
    if (verdict !== 'passed' || gate.findings === undefined) continue;
    const isListed = gate.findings.some(({ scenario }) => scenario === declaredId(id));
    if (finding !== null && !isListed)
      problems.push(`${id} has a finding that ${gate.file} does not list: ${end(finding)}. List it under findings.`);
    if (finding === null && isListed)
      warnings.push(`${id} has no finding, but ${gate.file} lists one. Remove the entry.`);
  }
  return { file: gate.file, problems, warnings };
}

const end = (sentence: string): string => sentence.replace(/\.$/, '');
