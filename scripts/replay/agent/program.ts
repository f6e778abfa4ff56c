import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Starts the agent, sends SIGTERM once all servers listen, and returns the exit code. @param program command and its arguments */
export async function exitCodeAfterSigterm(program: readonly string[], endpoint: string): Promise<number | null> {
  const [command = process.execPath, ...args] = program;
  const flags = ['--cluster-name=c1', '--bind-hosts=127.0.0.1', '--port=0', '--probe-port=0', '--metrics-port=0'];
  const child = spawn(command, [...args, 'server', ...flags, '--metrics-address=127.0.0.1', `--endpoint=${endpoint}`], {
    env: { ...process.env, AWS_REGION: 'us-west-2', AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  let servers = 0;
  createInterface(child.stdout).on('line', (line) => {
    if (!line.includes('Starting server')) return;
    servers += 1;
    if (servers === 3) child.kill('SIGTERM');
  });
  const [code] = (await ended) as [number | null];
  return code;
}
