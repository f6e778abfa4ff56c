/**
 * Starts and ends containers' processes for the process that forked this one. It is small on purpose: what a fork costs
 * grows with the memory of the process that forks, and a cluster's is large. When its parent is gone, however that ended,
 * no container outlives it.
 */
import { spawn } from 'node:child_process';

/** How long output is awaited from a process that left the group and holds its pipes open, in milliseconds. */
const OUTPUT_GRACE = 500;

/** Number of the container -> its process, the leader of a process group of its own. */
const leaders = new Map();

process.on('message', (request) => {
  if (request.do === 'start') start(request);
  else if (request.do === 'signal') signalGroup(leaders.get(request.id), request.signal);
});
process.on('disconnect', () => {
  for (const leader of leaders.values()) signalGroup(leader, 'SIGKILL');
  process.exit(0);
});

function start({ id, argv, env, directory, uid, gid }) {
  const [program, ...args] = argv;
  let child;
  try {
    const user = { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
    child = spawn(program, args, { cwd: directory, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...user });
  } catch (error) {
    process.send({ id, failure: error.code ?? 'unknown error' });
    return;
  }
  if (child.pid !== undefined) {
    leaders.set(id, child.pid);
    process.send({ id, leader: child.pid });
  }
  const output = (chunk) => process.send({ id, output: chunk });
  child.stdout.on('data', output);
  child.stderr.on('data', output);
  child.once('error', (error) => process.send({ id, failure: error.code ?? 'unknown error' }));
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
      process.send({ id, exit: { code, signal } });
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
