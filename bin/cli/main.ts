import { setMaxListeners } from 'node:events';
import { writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../foundation/node/errors.ts';
import { onNpmEnded } from '../../foundation/node/npm-ended.ts';
import { CLEAR } from '../../harness/report/live-region.ts';
import type { Io } from '../../foundation/node/io.ts';
import { main } from './commands.ts';

/** npm forwards an interrupt, so a second one within this time is a duplicate. */
const SAME_INTERRUPT_MILLISECONDS = 1000;

// Many concurrent tasks listen to the run's signals, which Node would report as a leak.
setMaxListeners(0);

const interruption: Io['interruption'] = (note = '') => {
  const interrupt = new AbortController();
  let first = 0;
  const begin = (event: string): void => {
    if (first !== 0) return;
    first = Date.now();
    // Clears the progress lines of a run.
    process.stderr.write(process.stderr.isTTY ? `${CLEAR}${note}` : note);
    interrupt.abort(new Error('the run was interrupted', { cause: event }));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (first !== 0 && Date.now() - first > SAME_INTERRUPT_MILLISECONDS) process.exit(EXIT.interrupted);
      begin(signal);
    });
  // A parent that exited is never a second interrupt: its channel and npm end at different times, often after a signal.
  process.on('disconnect', () => begin('disconnect'));
  process.channel?.unref();
  onNpmEnded(() => begin('SIGTERM'));
  return interrupt.signal;
};

// A reader may close the pipe early (`--list | head`).
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

// A suite that ends this process must not look like a pass. 13: Node's code for an unsettled top-level await.
let finished = false;
process.on('exit', (ending) => {
  if (finished || (ending !== EXIT.conforms && ending !== 13)) return;
  process.exitCode = EXIT.environment;
  try {
    writeSync(
      2,
      'The process exited during the run: a suite file calls process.exit, or awaits a promise that never settles.\n',
    );
  } catch {
    // Standard error is closed; only the exit code remains.
  }
});

// Built, this file is dist/bin/cli/main.js; it also runs from its source.
const code = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const root = basename(code) === 'dist' ? dirname(code) : code;
const exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  get stdin() {
    return process.stdin;
  },
  environment: process.env,
  root,
  code,
  interruption,
});
finished = true;
// All output is written, and open keep-alive connections would keep the process alive for seconds.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
