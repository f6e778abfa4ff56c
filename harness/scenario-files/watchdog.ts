import { Worker } from 'node:worker_threads';

/**
 * Sees signals where a suite keeps the process from doing so, with a loop that does not end: says so at the first interrupt, and
 * ends the process with 130 at the second. A thread of its own can, since a signal reaches each of a process' event loops; it
 * leaves everything to the process' own handlers while those answer.
 */
export function watchInterrupts(): void {
  if (isWatching) return;
  isWatching = true;
  const answers = new SharedArrayBuffer(4);
  const thread = new Worker(PROGRAM, { eval: true, execArgv: [], workerData: { answers } });
  thread.unref();
  // Without it, only a process that does not answer is not ended by its second interrupt.
  thread.on('error', () => undefined);
  const counter = new Int32Array(answers);
  setInterval(() => Atomics.add(counter, 0, 1), ANSWER_MILLISECONDS).unref();
}

/** Signals are of the process, which needs one thread. */
let isWatching = false;

/** How often a process that is not kept busy shows that it answers. */
const ANSWER_MILLISECONDS = 100;

/** The process ends by the inspector's hand: that reaches into a loop. Its farewell on standard error is left out. */
const PROGRAM = `
process.noDeprecation = true;
const { Signal } = process.binding('signal_wrap');
const { Session } = require('node:inspector');
const { writeSync } = require('node:fs');
const { workerData } = require('node:worker_threads');
const counter = new Int32Array(workerData.answers);
const ifNoAnswer = (act) => {
  const before = Atomics.load(counter, 0);
  setTimeout(() => Atomics.load(counter, 0) === before && act(), ${ANSWER_MILLISECONDS * 10});
};
const end = () => {
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', {
    expression: "process.getBuiltinModule('fs').closeSync(2); process.exit(130)",
  });
};
let first = 0;
const onSignal = () => {
  if (first === 0) {
    first = Date.now();
    ifNoAnswer(() => writeSync(2, '\\nInterrupted, but a suite file keeps the process busy and nothing can be torn down. Once more stops at once.\\n'));
  } else if (Date.now() - first > 1000) ifNoAnswer(end);
};
for (const number of [2, 15]) {
  const signal = new Signal();
  signal.onsignal = onSignal;
  signal.start(number);
}
`;
