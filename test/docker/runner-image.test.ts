import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { execa } from 'execa';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { ensureComponentImage } from '../../clusters/kind/images/index.ts';
import { retry } from '../../foundation/node/poll.ts';
import type { RunResults } from '../../harness/results/results.ts';
import { temporaryFolder } from '../support/run-cli.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const TAG = 'eks-pod-identity-conformance/runner:test';

/** Uses the component image as base. It only contains Node, so that other dependencies of the runner would be missing. */
describe('runner image', () => {
  let folder: string;
  before(async () => {
    const base = await ensureComponentImage({
      workload: JAVASCRIPT,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    const { stdout } = await execa('node', ['scripts/runner-image.js', '--base', base, '--tag', TAG], { cwd: root });
    expect(stdout).to.equal(TAG);
    folder = temporaryFolder();
    mkdirSync(join(folder, 'reports'), { mode: 0o777 });
    cpSync(join(root, 'examples', 'my-suites'), join(folder, 'suites'), { recursive: true });
  });
  after(() => execa('docker', ['image', 'rm', '--force', TAG]));

  it('runs suites in a folder without network and as any user, and writes the reports there', async () => {
    const { getuid = () => 0 } = process;
    const flags = ['--rm', '--network', 'none', '--user', String(getuid()), '--volume', `${folder}:/workspace`];
    const suite = ['--suites-dir', 'suites', '--suite', 'payments', '--report-dir', 'reports/image'];
    const { stderr } = await execa('docker', ['run', ...flags, TAG, ...suite]);
    expect(stderr).to.match(/ [1-9]\d* passed, 0 failed;/);
    const results = JSON.parse(readFileSync(join(folder, 'reports', 'image', 'results.json'), 'utf8')) as RunResults;
    expect(results.summary.passed).to.equal(results.summary.total);
  });

  it('serves the emulator to other hosts', async () => {
    const key = ['--access-key-id', 'AKIAIOSFODNN7EXAMPLE', '--secret-access-key', 'an-example-of-a-secret-key'];
    const serve = ['emulator', '--host', '0.0.0.0', '--port', '8080', ...key];
    const publish = ['--publish', '127.0.0.1::8080'];
    const { stdout: id } = await execa('docker', ['run', '--detach', '--rm', ...publish, TAG, ...serve]);
    try {
      const { stdout: address } = await execa('docker', ['port', id, '8080']);
      const answer = await untilAnswered(`http://${address.split('\n')[0]}/`);
      // A request without a signature is denied (Amazon S3 API Reference, "Error responses").
      expect(answer.status).to.equal(403);
    } finally {
      await execa('docker', ['stop', '--time', '5', id]);
    }
  });
});

/** Repeats a request until the program in the container answers. */
const untilAnswered = (url: string): Promise<Response> =>
  retry(() => fetch(url, { signal: AbortSignal.timeout(2000) }), {
    every: 100,
    within: 60_000,
    tolerates: () => true,
  });
