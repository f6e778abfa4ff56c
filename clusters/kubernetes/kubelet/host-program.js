/**
 * Starts and ends containers' processes for the process that forked this one. It is small on purpose: what a fork costs
 * grows with the memory of the process that forks, and a cluster's is large. When its parent is gone, however that ended,
 * no container outlives it, and no volume with a token in it.
 */
import { spawn } from 'node:child_process';
import { rmSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** How long output is awaited from a process that left the group and holds its pipes open, in milliseconds. */
const OUTPUT_GRACE = 500;

/** Without a callback, a message that comes too late for the parent would be an error that ends this process first. */
const tell = (message) => process.send?.(message, () => undefined);

/** Number of the container -> its process, the leader of a process group of its own. */
const leaders = new Map();
/** What the parent would have removed at its end. */
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

/** Removes a directory, and the one around it when nothing else is in it. */
function clear(directory) {
  try {
    // A process that was killed just now may still be writing.
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    rmdirSync(dirname(directory));
  } catch {
    // Not empty, or gone already.
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
    // As when the first process of a container's PID namespace ends: the others end with it.
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
    // The group has no member left.
  }
}
