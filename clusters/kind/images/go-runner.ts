/** Replaces Kubernetes's go-runner, which the manifests use. Runs a command, but does not write its log to a file. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** go-runner's flags in Go's syntax; only `log-file` has a value. */
const FLAG = /^--?(log-file|also-stdout|redirect-stderr)(=.*)?$/s;

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
  end(1, 'no command: add one after the flags');
} else {
  const child = spawn(command, args, { stdio: 'inherit' });
  for (const signal of SIGNALS) process.on(signal, () => void child.kill(signal));
  child.on('error', ({ code, message }: NodeJS.ErrnoException) =>
    // Exit codes of a shell: 127 if not found, 126 if not executable.
    end(code === 'ENOENT' ? 127 : 126, `cannot run ${command}: ${message}`),
  );
  // Exit code of a shell: 128 plus the signal's number.
  child.on('exit', (code, signal) => (process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
}
