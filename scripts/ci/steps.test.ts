import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { until } from '../../test/support/until.ts';

const STEPS = fileURLToPath(new URL('steps.sh', import.meta.url));

/** Runs a script with steps. Returns its output and exit code. */
function run(...lines: readonly string[]) {
  const { stdout, status } = spawnSync(
    'bash',
    ['-c', `set -uo pipefail\nsource '${STEPS}'\n${lines.join('\n')}\nfinish`],
    {
      encoding: 'utf8',
    },
  );
  return { stdout, status };
}

/** Whether a process group still has processes. */
function isThere(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

describe('steps of .ci/run', () => {
  it('count as one check each, or by the counts that they print', () => {
    const { stdout, status } = run(
      `step 'one' true`,
      `step 'many' printf '%s passed, %s failed\\n' 40 0`,
      `beside 'more' printf '2 passed, 0 failed\\n';`,
    );
    expect(stdout).to.match(/\n43 passed, 0 failed\n$/);
    expect(status).to.equal(0);
  });

  it('are listed at the end if they failed, skipped checks or were killed', () => {
    const { stdout, status } = run(
      `step 'wrong' sh -c 'echo why; echo "3 passed, 1 failed"; exit 1' || echo 'and goes on'`,
      `step 'nothing said' false`,
      `step 'skipping' printf '3 passed, 0 failed, 2 skipped\\n'`,
      `step 'killed' sh -c 'echo "5 passed, 0 failed"; kill -KILL $$'`,
    );
    expect(stdout).to.contain('and goes on');
    const end = stdout.slice(stdout.indexOf('== Failed steps'));
    expect(end.match(/^-- .*/gm)).to.deep.equal([
      '-- wrong (exit code 1)',
      '-- nothing said (exit code 1)',
      '-- skipping skipped 2',
      '-- killed (exit code 137)',
    ]);
    expect(end).to.contain('why\n3 passed, 1 failed\n');
    expect(end).to.match(/\n11 passed, 5 failed\n$/);
    expect(status).to.equal(1);
  });

  it('name failed tests and scenarios last, with reasons', () => {
    const { stdout } = run(
      `step 'a run' sh -c 'echo "  ERROR PI-01 a title"; echo "      a reason"; echo; echo; echo; seq 100; exit 3'`,
      `step 'tests' sh -c 'echo "  1) a suite"; echo "       a test:"; echo; echo "      Error"; seq 100; exit 1'`,
    );
    expect(stdout.slice(stdout.indexOf('== What failed')).split('\n').slice(1, -3)).to.deep.equal([
      'FAILED: a run (exit code 3)',
      '  ERROR PI-01 a title',
      '      a reason',
      '',
      '',
      '',
      'FAILED: tests (exit code 1)',
      '  1) a suite',
      '       a test:',
      '',
      '      Error',
      '1',
    ]);
  });

  it('print the output of a background step in one piece when it has finished', () => {
    const { stdout } = run(
      `first() { echo one; until [ -e "$reports/go" ]; do sleep 0.01; done; echo two; }`,
      `beside 'first' first;`,
      `step 'second' touch "$reports/go"`,
      `join_steps`,
      `step 'third' true`,
    );
    const [shown = '', times = ''] = stdout.replaceAll('\n\n', '\n').split('== Steps');
    expect(shown).to.equal(
      '\n== first: started in the background\n== second\n== first: output of the background step\none\ntwo\n== third\n',
    );
    expect(times)
      .to.match(/\d s +\d+ s  first \(background\)\n/)
      .and.to.match(/\d s +\d+ s  second\n/);
  });

  it('count a background step that failed, or was killed with its shell', () => {
    const { stdout, status } = run(
      `beside 'wrong' sh -c 'echo why; exit 3';`,
      `beside 'killed' sh -c 'echo begun; kill -KILL -$(ps -o pgid= -p $$ | tr -d " ")';`,
      `step 'good' true`,
    );
    expect(stdout.match(/^-- .*\n.*/gm)).to.deep.equal([
      '-- wrong (exit code 3)\nwhy',
      '-- killed (exit code 137)\nbegun',
    ]);
    expect(stdout).to.match(/\n1 passed, 2 failed\n$/);
    expect(status).to.equal(1);
  });

  it('leave no processes and files behind if the script exits early', async () => {
    const { stdout } = run(`beside 'endless' sleep 86400;`, `echo "at $reports \${processes[0]}"`, `exit 0`);
    const [, folder = '', group = ''] = /^at (\S+) (\d+)$/m.exec(stdout) ?? [];
    expect(spawnSync('ls', [folder]).status).not.to.equal(0);
    await until(() => !isThere(Number(group)));
  });
});
