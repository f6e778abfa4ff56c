/**
 * Runs the command that its arguments name. Manifests of the agent and of the webhook start them by Kubernetes'
 * go-runner, which also writes logs to files; here they go where they go without it.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** go-runner's own flags, as Go's flag package takes them; of these, `log-file` alone has a value of its own. */
const FLAG = /^--?(log-file|also-stdout|redirect-stderr)(=.*)?$/s;

/** What is passed on to the command; others cannot be caught, or are the business of one process alone. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

function commandOf(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args;
  if (first === '--') return rest;
  const [, name, value] = (first && FLAG.exec(first)) || [];
  if (name === undefined) return args;
  return commandOf(name === 'log-file' && value === undefined ? rest.slice(1) : rest);
}

function end(exitCode: number, message: string): void {
  process.stderr.write(`go-runner: ${message}\n`);
  process.exitCode = exitCode;
}

const [command, ...args] = commandOf(process.argv.slice(2));
if (command === undefined) {
  end(1, 'no command: give it after the flags');
} else {
  const child = spawn(command, args, { stdio: 'inherit' });
  for (const signal of SIGNALS) process.on(signal, () => void child.kill(signal));
  child.on('error', ({ code, message }: NodeJS.ErrnoException) =>
    // As a shell ends: 127 for what does not exist, 126 for what cannot be run.
    end(code === 'ENOENT' ? 127 : 126, `${command} cannot be run: ${message}`),
  );
  // A command that a signal ended is told apart by 128 and the signal's number, as a shell does.
  child.on('exit', (code, signal) => (process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
}
