/**
 * What a process of `detect --judge` runs: files of the project's own tests, by mocha, with at most one mutant. Part of the build
 * with these mutants. Jobs and answers are those of `worker.ts`, with test files in the place of scenarios.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Mocha from 'mocha';
import { beat, type FromWorker, type Job } from './job.ts';
import { reachedBy, reachedByNobody, stryker } from './stryker.ts';

const build = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const send = (message: FromWorker): boolean => process.send?.(message) ?? false;
/** The last message: the process ends when it is sent. */
const over = (): void => void process.send?.({ over: true, error: null, always: [] }, () => process.exit());
/** Milliseconds: a test that waits for what never comes. On a busy machine none waits half as long. */
const TEST_LIMIT = 60_000;

/** Whether the tests of a file pass. One that does not load fails, as `npm test` would. */
async function passes(file: string): Promise<'passed' | 'failed' | 'skipped'> {
  const mocha = new Mocha({ timeout: TEST_LIMIT, bail: true, reporter: class {} as never });
  mocha.addFile(join(build, file.replace(/\.ts$/, '.js')));
  try {
    await mocha.loadFilesAsync();
  } catch {
    return 'failed';
  }
  stryker.currentTestId = file;
  const { stats } = await new Promise<Mocha.Runner>((resolve) => {
    const runner = mocha.run(() => resolve(runner));
  });
  stryker.currentTestId = undefined;
  if (stats === undefined || stats.failures > 0) return 'failed';
  return stats.passes > 0 ? 'passed' : 'skipped';
}

async function work({ scenarios: files, stopAtFirst }: Job): Promise<void> {
  for (const id of files) {
    // What is thrown between tests, as by what a mutant left under way, ends the process.
    const end = (): void => {
      send({ id, verdict: 'failed', milliseconds: 0, reached: [] });
      over();
    };
    process.once('uncaughtException', end);
    const started = performance.now();
    const verdict = await passes(id);
    const milliseconds = performance.now() - started;
    process.off('uncaughtException', end);
    // What its modules reached when they were loaded counts too.
    send({ id, verdict, milliseconds, reached: [...reachedBy(id), ...reachedByNobody()] });
    if (verdict === 'failed' && stopAtFirst) break;
  }
  over();
}

beat();
process.once('message', (job: Job) => void work(job));
// Whoever asked is gone.
process.once('disconnect', () => process.exit());
