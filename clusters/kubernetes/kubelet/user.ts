import { stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { runAs } from './spec.ts';
import type { Container, PodSpec } from './spec.ts';

/** The process's user, or the reason why it is the kubelet's own. */
interface ProcessUser {
  readonly uid?: number;
  readonly gid?: number;
  readonly ignored?: string;
}

/**
 * Returns `runAsUser` if this process may change users and that user can access program and directory. The group is
 * `runAsGroup`, or else `fsGroup`, or else 0.
 */
export async function processUser(
  spec: PodSpec,
  container: Container,
  argv: readonly string[],
  directory: string,
): Promise<ProcessUser> {
  const { runAsUser: uid, runAsGroup } = runAs(spec, container);
  if (uid === undefined || uid === process.geteuid?.()) return {};
  if (process.geteuid?.() !== 0) {
    return { ignored: `runAsUser ${uid} is ignored: the cluster does not run as root` };
  }
  const gid = runAsGroup ?? spec.securityContext?.fsGroup ?? 0;
  for (const path of [directory, ...argv.filter((arg) => isAbsolute(arg))]) {
    const blocked = await blockedFor(path, uid, gid);
    if (blocked !== undefined) return { ignored: `runAsUser ${uid} is ignored: that user cannot access ${blocked}` };
  }
  return { uid, gid };
}

/** Returns the first inaccessible part of a path. */
async function blockedFor(path: string, uid: number, gid: number): Promise<string | undefined> {
  for (let part = path, bits = 0o4; ; part = dirname(part), bits = 0o1) {
    const stats = await stat(part).catch(() => undefined);
    if (stats === undefined) {
      // The argument only looks like a path.
      if (part === path) return undefined;
    } else {
      const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0;
      const wanted = stats.isDirectory() ? 0o1 : bits;
      if (((stats.mode >> shift) & wanted) !== wanted) return part;
    }
    if (dirname(part) === part) return undefined;
  }
}
