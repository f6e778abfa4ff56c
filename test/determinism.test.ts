import { expect } from 'chai';
import { runInProcess, type CliRun } from './support/run-cli.ts';

/** Returns the parts of results that must be equal in each run, without times, random names and addresses. */
function findings({ results, exitCode }: CliRun): unknown {
  return {
    exitCode,
    scenarios: results?.scenarios.map(({ id, verdict, probes }) => ({
      id,
      verdict,
      probes: probes.map(({ number, workload, expected, observed, verdict: probeVerdict }) => ({
        number,
        workload,
        expected: expected.outcome,
        observed: observed?.outcome,
        verdict: probeVerdict,
      })),
    })),
  };
}

describe('runs with the same seed', () => {
  const selected = ['--seed', 'same', '--suite', 'pod-identity', '--grep', 'PI-0', '--quiet'];

  it('have the same verdicts in the same order, regardless of parallelism and start order', async () => {
    // Runs are sequential, since SDKs time out after a second, for which a busy machine may be too slow.
    const runs = [
      await runInProcess({ args: [...selected, '--parallel', '16'] }),
      await runInProcess({ args: [...selected, '--parallel', '2', '--shuffle', 'reverse'] }),
      await runInProcess({ args: [...selected, '--shuffle', '7'] }),
    ] as const;
    const [first, ...others] = runs.map(findings);
    expect(runs[0].results?.scenarios).to.have.length.above(5);
    expect(runs[0].exitCode, runs[0].stderr).to.equal(0);
    for (const other of others) expect(other).to.deep.equal(first);
  });
});
