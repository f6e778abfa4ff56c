import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { HarnessError } from '../foundation/node/errors.ts';
import type { RunResults } from '../harness/results/results.ts';
import { runConformance, temporaryFolder } from '../test/support/run-cli.ts';
import { PAGE, publish, publishedOf, publishedPage, readPublished } from './published.ts';

describe('published results', () => {
  let results: RunResults;
  before(async () => {
    const run = await runConformance({ args: ['--scenario', 'PI-01,PI-02'] });
    expect(run.exitCode, run.stderr).to.equal(0);
    results = run.results!;
  });

  const whole = (run: object = {}, environment: object = {}): unknown => ({
    ...results,
    run: { ...results.run, profile: { name: 'full', version: 1, narrowed: false }, ...run },
    environment: { ...results.environment, ...environment },
  });

  it('contain the verdicts, the environment and the digest of the suites', () => {
    const published = publishedOf('agent', '1', whole());
    expect(published.scenarios).to.deep.equal({ 'PI-01': 'passed', 'PI-02': 'passed' });
    expect(published.environment).to.include({ cluster: 'embedded', aws: 'emulator', agentChart: '0.1' });
    expect(published.suites.digest).to.match(/^[0-9a-f]{64}$/);
  });

  it('are rejected for incomplete runs and runs with faults', () => {
    expect(() => publishedOf('agent', '1', results)).to.throw('flags excluded scenarios');
    expect(() => publishedOf('agent', '1', whole({ interrupted: true }))).to.throw('it did not complete');
    expect(() => publishedOf('agent', '1', whole({ error: 'no cluster' }))).to.throw('it did not complete');
    // It has all its verdicts.
    const left = publishedOf(
      'agent',
      '1',
      whole({ error: 'The run could not remove role r0 (held): retry with `x`.' }),
    );
    expect(left.remarks).to.include({ 'the run': 'Some of its resources could not be removed.' });
    expect(() => publishedOf('agent', '1', whole({}, { faults: ['one'] }))).to.throw('faults were on (one)');
  });

  const stdout = new PassThrough();
  for (const [what, act, code, message] of [
    [
      'no run',
      () => publish(['agent'], { stdout }),
      'BAD_FLAG_VALUE',
      '"agent" does not name a run. Give a subject, a version and',
    ],
    [
      'a folder without results',
      () => publish(['agent', '1', 'there-is-none'], { stdout }),
      'BAD_FILE',
      'there-is-none',
    ],
  ] as const)
    it(`are rejected for ${what} with a one-line message`, async () => {
      const error = await act().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(HarnessError).and.to.include({ code, exitCode: 2 });
      expect((error as Error).message)
        .to.contain(message)
        .and.to.match(/^[^\n]+[.)?]$/);
    });

  for (const [content, message] of [
    ['{', 'a.json is not a file of published results: it is not JSON. Publish its subject again, or delete the file.'],
    ['{"subject": "x"}', 'a.json is not a file of published results: version must be a string, not missing. Publish'],
  ] as const)
    it(`are rejected if a file contains ${content}`, () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'a.json'), content);
      expect(() => readPublished(folder)).to.throw(HarnessError, message);
    });

  it('show differing verdicts on the page, with the reason', async () => {
    const one = publishedOf('agent', '1', whole());
    const other = {
      ...one,
      version: '2',
      scenarios: { ...one.scenarios, 'PI-02': 'failed' as const },
      remarks: { 'PI-02': 'a title: granted' },
    };
    const page = await publishedPage([one, other]);
    expect(page)
      .to.match(/\| PI-02\s+\| passed\s+\| failed\s+\|/)
      .and.not.to.match(/\| PI-01\s+\| passed/);
    expect(page).to.match(/\| agent 2 \| PI-02\s+\| a title: granted \|/);
  });

  it('match the page (npm run published updates it)', async () => {
    expect(readFileSync(PAGE, 'utf8')).to.equal(await publishedPage(readPublished()));
  });
});
