/** Runs a command in place of Kubernetes's go-runner, which the manifests use; logs are not written to files. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** go-runner's flags in Go's syntax; only `log-file` has a value. */
const FLAG = /^--?(log-file|also-stdout|redirect-stderr)(=.*)?$/s;

/** Signals to pass on. */
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
    // Like a shell: 127 if not found, 126 if not executable.
    end(code === 'ENOENT' ? 127 : 126, `${command} cannot be run: ${message}`),
  );
  // Like a shell: 128 plus the signal's number.
  child.on('exit', (code, signal) => (process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
}
