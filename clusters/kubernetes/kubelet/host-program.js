/**
 * Starts and ends the containers' processes for its parent. It is small because the cost of a fork grows with memory. When
 * the parent ends, it kills the containers and removes directories with tokens.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

/** Milliseconds to wait for output of processes that have left the group. */
const OUTPUT_GRACE = 500;

/** Sends a message. Without a callback, a late message would end this process with an error. */
const tell = (message) => process.send?.(message, () => undefined);

/** Process group leaders by container id. */
const leaders = new Map();
const directories = new Set();

process.on('message', (request) => {
  if (request.do === 'start') start(request);
  else if (request.do === 'signal') signalGroup(leaders.get(request.id), request.signal);
  else if (request.do === 'clear') directories.add(request.directory);
});
process.on('disconnect', () => {
  for (const leader of leaders.values()) signalGroup(leader, 'SIGKILL');
  for (const directory of directories) clear(directory);
  process.exit(0);
});

function clear(directory) {
  try {
    // A killed process may still be writing.
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch {
    // `sweep` removes leftovers.
  }
}

function start({ id, argv, env, directory, uid, gid }) {
  const [program, ...args] = argv;
  let child;
  try {
    const user = { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
    child = spawn(program, args, { cwd: directory, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...user });
  } catch (error) {
    tell({ id, failure: error.code ?? 'unknown error' });
    return;
  }
  if (child.pid !== undefined) {
    leaders.set(id, child.pid);
    tell({ id, leader: child.pid });
  }
  const output = (chunk) => tell({ id, output: chunk });
  child.stdout.on('data', output);
  child.stderr.on('data', output);
  child.once('error', (error) => tell({ id, failure: error.code ?? 'unknown error' }));
  child.once('exit', (code, signal) => {
    // Like the end of the first process in a PID namespace.
    signalGroup(child.pid, 'SIGKILL');
    leaders.delete(id);
    const timer = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, OUTPUT_GRACE);
    child.once('close', () => {
      clearTimeout(timer);
      tell({ id, exit: { code, signal } });
    });
  });
}

function signalGroup(leader, signal) {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // The group has no processes left.
  }
}
