import { url } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { commandLine } from '../../foundation/node/command-line.ts';
import { EXIT } from '../../foundation/node/errors.ts';

/** Seconds for which a suite may block the process. Loading a file takes well under one. */
const LIMIT_SECONDS = 60;

let supervisor: Worker | undefined;
let reminder: NodeJS.Timeout | undefined;
let isLoading = false;

/**
 * Loads a suite file. Exits with code 2 if loading, or user code later, blocks the process for `seconds`. A worker
 * checks this, because a blocked process cannot. A debugger lifts the limit.
 */
export async function withTimeLimit(file: string, load: () => Promise<void>, seconds = LIMIT_SECONDS): Promise<void> {
  if (url() !== undefined) return load();
  const blocked = `A hook or check kept the process busy for ${seconds} s. Run \`${commandLine('sweep')}\` to remove leftover resources.`;
  supervisor ??= supervise(seconds, blocked);
  isLoading = true;
  supervisor.postMessage(`Suite file ${file} did not finish loading within ${seconds} s.`);
  try {
    await load();
  } finally {
    isLoading = false;
    supervisor.postMessage(blocked);
  }
}

/** Ends the limit, for a process that continues after a run. */
export async function endTimeLimit(): Promise<void> {
  clearInterval(reminder);
  await supervisor?.terminate();
  supervisor = undefined;
}

function supervise(seconds: number, blocked: string): Worker {
  const worker = new Worker(PROGRAM, { eval: true, execArgv: [], workerData: seconds });
  worker.unref();
  reminder = setInterval(() => isLoading || worker.postMessage(blocked), 1000);
  reminder.unref();
  return worker;
}

/** Counts ticks, because a suspended process has none. The inspector interrupts a loop; its last message is hidden. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { Session } = require('node:inspector');
const { writeSync } = require('node:fs');
let problem;
let ticks = 0;
parentPort.on('message', (message) => {
  problem = message;
  ticks = 0;
});
setInterval(() => {
  ticks += 1;
  if (ticks !== workerData) return;
  writeSync(2, problem + '\\n');
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', {
    expression: "process.getBuiltinModule('fs').closeSync(2); process.exit(${EXIT.usage})",
  });
}, 1000);
`;
