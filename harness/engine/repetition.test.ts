import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { act } from '../../test/support/acts.ts';
import { anEnvironment } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { succeeds } from '../operations/index.ts';
import { runRepeatedly, type Repetition } from './scenario.ts';

const PASSES: ProbeResult = { outcome: 'granted' };
const FAILS: ProbeResult = { outcome: 'refused', layer: 'eks', code: 'Other' };
const FAILS_OTHERWISE: ProbeResult = { outcome: 'refused', layer: 'eks', code: 'Another' };
const BREAKS: ProbeResult = { outcome: 'error', message: 'it broke' };
const aws = { region: 'us-west-2', accountId: () => '111122223333' } as unknown as AwsTarget;

describe('a repeated scenario', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'repeat-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Repeats a scenario whose only probe has these results in turn. */
  async function repeat(
    results: readonly ProbeResult[],
    { available = ['s3'], gate }: { readonly available?: readonly string[]; readonly gate?: Repetition['gate'] } = {},
  ) {
    let made = 0;
    const probe = act(() => {
      made += 1;
      return results[made - 1]!;
    });
    const spec = { roles: {}, workloads: {}, objects: ['data/key'], probes: [succeeds(probe)] };
    const result = await runRepeatedly(
      aScenario(available.length > 0 ? { ...spec, objects: [] } : spec),
      {
        environment: anEnvironment(aws),
        available: new Set(available),
        timeoutMilliseconds: 30_000,
        retries: 0,
        signal: new AbortController().signal,
        keep: 'never',
        diagnostics: { directory, interrupted: new AbortController().signal },
      },
      { times: results.length, ...(gate && { gate }) },
    );
    return { made, result };
  }

  for (const [what, results, verdict] of [
    ['passes if every repetition passes', [PASSES, PASSES], 'passed'],
    ['fails if a repetition fails', [PASSES, BREAKS, FAILS], 'failed'],
    ['is an error if a repetition is an error and none fails', [PASSES, BREAKS, PASSES], 'error'],
  ] as const)
    it(what, async () => {
      const { made, result } = await repeat(results);
      expect(made).to.equal(results.length);
      expect(result.verdict).to.equal(verdict);
      expect(result.repetitions?.map((one) => one.verdict)).to.deep.equal(
        results.map((one) => (one === PASSES ? 'passed' : one === FAILS ? 'failed' : 'error')),
      );
      expect(result.reason).to.equal(result.repetitions?.find((one) => one.verdict === verdict)?.reason);
      const probing = (result.repetitions ?? []).map(({ durations }) => durations.probing);
      expect(result.durations.probing).to.equal(probing.reduce((total, one) => total + one));
    });

  const allowed = { until: '2999-12-31', reason: 'It is known.' };
  const gate: Repetition['gate'] = (result) =>
    result.probes[0]?.observed?.code === 'Other' ? { ...result, allowed } : result;

  it('is allowed to fail if every failing repetition is allowed', async () => {
    const { result } = await repeat([PASSES, FAILS, FAILS], { gate });
    expect(result).to.include({ verdict: 'failed' });
    expect(result.allowed).to.deep.equal(allowed);
  });

  for (const [what, results, verdict] of [
    ['another fails differently', [FAILS, PASSES, FAILS_OTHERWISE], 'failed'],
    ['another is an error', [FAILS, BREAKS], 'error'],
  ] as const)
    it(`is not allowed to fail if one repetition is and ${what}`, async () => {
      const { result } = await repeat(results, { gate });
      expect(result.verdict).to.equal(verdict);
      expect(result).not.to.have.property('allowed');
    });

  it('keeps the diagnostics of all attempts in separate folders', async () => {
    const { result } = await repeat([FAILS, PASSES, FAILS]);
    const summaries = result.attachments.filter(({ name }) => name === 'summary.md').map(({ path }) => path);
    expect(summaries).to.deep.equal(['diagnostics/AB-01/summary.md', 'diagnostics/AB-01-attempt3/summary.md']);
  });

  it('has the total duration of all repetitions', async () => {
    const { result } = await repeat([PASSES, PASSES, PASSES]);
    for (const phase of ['arranging', 'probing', 'teardown'] as const)
      expect(result.durations[phase]).to.equal(
        result.repetitions?.reduce((sum, { durations }) => sum + durations[phase], 0),
      );
  });

  it('has no repetitions in its result if it runs once', async () => {
    const { made, result } = await repeat([PASSES]);
    expect(made).to.equal(1);
    expect(result).not.to.have.property('repetitions');
  });

  it('is not repeated if it is skipped', async () => {
    const { made, result } = await repeat([PASSES, PASSES], { available: [] });
    expect(made).to.equal(0);
    expect(result.verdict).to.equal('skipped');
    expect(result).not.to.have.property('repetitions');
  });
});
