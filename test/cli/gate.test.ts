import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runInProcess, temporaryFolder, type CliRun } from '../support/run-cli.ts';
import { FAILS, INCONCLUSIVE, PASSES, scenario, suiteFile } from '../support/suites.ts';

const files = {
  'mine.ts': suiteFile(scenario('MY-01', PASSES), scenario('MY-02', FAILS), scenario('MY-03', INCONCLUSIVE)),
};
const allowed = (scenario: string, until: string, more = ''): string =>
  `- { scenario: ${scenario}, until: ${until}, reason: It is known${more} }\n`;

/** Runs scenarios of the suite with a gate file. */
function run(gate: string, scenarios: string, ...args: readonly string[]): Promise<CliRun> {
  const path = join(temporaryFolder(), 'gate.yaml');
  writeFileSync(path, gate);
  return runInProcess({ args: ['--scenario', scenarios, '--gate', path, ...args], files });
}

describe('run with a gate', () => {
  it('exits with 0 if only allowed scenarios fail, and marks them in every report', async () => {
    const gate = `allowed:\n${allowed('MY-02', '2999-12-31')}${allowed('MY-03', '2999-12-31', ', observed: { verdict: inconclusive }')}`;
    const done = await run(gate, 'MY-01,MY-02,MY-03', '--max-failures', '1');
    expect(done.exitCode, done.stderr).to.equal(0);
    expect(done.stderr).to.contain('failed, allowed MY-02').and.to.contain('Allowed until 2999-12-31: It is known');
    expect(done.stderr).to.match(/3 scenarios: 1 passed, 1 failed, 1 inconclusive \(2 allowed\)/);
    expect(done.stderr).not.to.contain('Not as expected');
    expect(done.junit).to.contain('tests="3" failures="0" errors="0" skipped="2"').and.not.to.contain('<failure');
    expect(done.results?.scenarios.map((item) => item.allowed?.until)).to.deep.equal([
      undefined,
      '2999-12-31',
      '2999-12-31',
    ]);
  });

  it('exits with 1 for an expired allowance or an unlisted finding', async () => {
    const done = await run(
      `allowed:\n${allowed('MY-02', '2020-12-31')}${allowed('MY-01', '2999-12-31')}`,
      'MY-01,MY-02',
    );
    expect(done.exitCode).to.equal(1);
    expect(done.stderr).to.contain('MY-02 was allowed to fail until 2020-12-31');
    expect(done.stderr).to.contain('warning MY-01 passed, but');
    expect(done.junit).to.contain('<failure message="MY-02 was allowed to fail until');
    expect(done.junit?.match(/<failure /g)).to.have.length(2);
    expect(done.results?.gate?.problems).to.have.length(1);
    const found = await run('findings: []', 'AB-03', '--quiet');
    expect([found.exitCode, found.results?.run.exitCode]).to.deep.equal([1, 1]);
    expect(found.stderr).to.contain('AB-03 has a finding that').and.to.contain('1 passed, 0 failed');
  });

  it('exits with 2 before creating anything if the gate names an unknown scenario', async () => {
    const done = await run(`allowed:\n${allowed('MY-99', '2999-12-31')}`, 'MY-01');
    expect([done.exitCode, done.results]).to.deep.equal([2, undefined]);
    expect(done.stderr).to.match(/gate.yaml names unknown scenario MY-99: did you mean "MY-\d+"\?\n$/);
  });
});
