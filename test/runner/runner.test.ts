import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../support/run-cli.ts';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

describe('npm test', () => {
  /** Runs these test files, and interrupts the run after the text `until`. */
  async function run(files: Readonly<Record<string, string>>, variables: NodeJS.ProcessEnv = {}, until?: string) {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const args = Object.keys(files).map((name) => join(folder, name));
    const { TEST_FOLDER: _, TEST_COUNTS_FILE: __, MOCHA_WORKER_ID: ___, ...inherited } = process.env;
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...inherited, ...variables } });
    let output = '';
    let errors = '';
    let isSent = false;
    // Apart, since the order between two pipes is not kept.
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (until === undefined || isSent || !output.includes(until)) return;
      isSent = true;
      child.kill('SIGTERM');
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, output, errors, counts: output.trim().split('\n').at(-1) };
  }

  it('removes settings of the shell from the environment of tests', async () => {
    const NAMES = {
      AWS_PROFILE: 'nope',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      KUBECONFIG: '/nonexistent',
      CONFORMANCE_SUITE: 'nope',
      NODE_OPTIONS: '--no-deprecation',
    };
    const test = `it('prints', () => console.log('found', Object.entries(process.env).filter(([name]) => ${JSON.stringify(Object.keys(NAMES))}.includes(name)), require('node:fs').readdirSync(process.env.HOME)));`;
    const { output, code } = await run({ 'prints.test.ts': test }, NAMES);
    expect(output).to.include('found [] []');
    expect(code).to.equal(0);
  });

  it('counts the tests that passed before an interrupt', async () => {
    const files = {
      'fast.test.ts': `it('passes', () => undefined); it('passes again', () => undefined);`,
      'slow.test.ts': `it('waits', () => new Promise((resolve) => setTimeout(resolve, 600_000)));`,
    };
    const { code, counts, output, errors } = await run(files, {}, 'passes again');
    expect(errors).to.include('Interrupted, so tests are missing from the counts.');
    // The interrupt may arrive before the second result.
    expect(counts, output).to.match(/^[12] passed, 1 failed$/);
    expect(code).to.equal(130);
  });

  it('leaves out no file in as many samples in a row as a sample is a part', async () => {
    const { sampled } = (await import(fileURLToPath(new URL('./tiers.js', import.meta.url)))) as {
      sampled: (files: readonly string[], count: number, seed: string) => readonly string[];
    };
    const files = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const samples = ['7f3a1c', '7f3a1d', '7f3a1e'].map((seed) => sampled(files, 3, `0123${seed}`));
    expect(samples.flat().sort()).to.deep.equal(files);
    for (const sample of samples) expect(sample.length).to.be.within(2, 3);
    expect(() => sampled(files, 3, 'main')).to.throw('"main"');
  });
});
