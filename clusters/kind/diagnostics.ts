import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { redactor } from '../../foundation/node/redact.ts';
import type { Runner } from './runner.ts';

/** Longest time for collecting, in milliseconds. */
const LONGEST = 30_000;
/** Longest file, in bytes: longer ones lose their beginnings. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface DiagnosticsOptions {
  readonly run: Runner;
  /** Path of kind. */
  readonly program: string;
  readonly cluster: string;
  readonly directory: string;
  /** A folder that nobody else may read, for what still has secrets in it. */
  readonly privateFolder: string;
  /** What kind said when it failed. */
  readonly said?: string;
}

/**
 * Writes what the nodes of a cluster have to tell (kubelet's journal, logs of containers), without secrets, into a folder of
 * the cluster's name. Gives the folder; undefined when there is nothing to be had.
 */
export async function collectDiagnostics(options: DiagnosticsOptions): Promise<string | undefined> {
  const { run, program, cluster, directory, privateFolder, said } = options;
  const exported = join(privateFolder, 'logs');
  const folder = join(directory, cluster);
  try {
    await mkdir(exported, { recursive: true, mode: 0o700 });
    // What came until it failed is worth a look too.
    await run(program, ['export', 'logs', exported, '--name', cluster], {
      environment: { KIND_EXPERIMENTAL_PROVIDER: 'docker' },
      signal: AbortSignal.timeout(LONGEST),
    }).catch(() => undefined);
    // A node that never ran has no logs.
    if (said !== undefined) await writeFile(join(exported, 'kind.log'), `${said}\n`);
    return (await copyWithoutSecrets(exported, folder)) > 0 ? folder : undefined;
  } catch {
    return undefined;
  } finally {
    await rm(exported, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Copies the text files of a folder, and of those in it; gives how many. Of others nobody could tell what is in them. */
async function copyWithoutSecrets(from: string, to: string): Promise<number> {
  const redact = redactor();
  let copied = 0;
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const content = await endOf(source);
    if (content.includes(0)) continue;
    const target = join(to, relative(from, source));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, redact.text(content.toString('utf8')));
    copied += 1;
  }
  return copied;
}

/** A file, or what follows the first line break of its last bytes: half a secret could not be told any more. */
async function endOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, MAX_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const content = buffer.subarray(0, bytesRead);
    return size === length ? content : content.subarray(content.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}

/** An error that also says what to do about what it names, and in which folder to look. */
export function explained(error: Error, folder: string | undefined): Error {
  if (!(error instanceof ClusterError)) return error;
  const { code, blame, message } = error;
  const hints = [
    ...(/too many open files/i.test(message) ? [TOO_MANY_WATCHES] : []),
    ...(folder === undefined ? [] : [`What the nodes logged is in ${folder}.`]),
  ];
  return hints.length === 0
    ? error
    : new ClusterError(code, [message.replace(/[^.]$/, '$&.'), ...hints].join(' '), { blame, cause: error });
}

/** kind, "Known Issues", Pod errors due to "too many open files". */
const TOO_MANY_WATCHES =
  'The machine allows too few watches of files for so many containers: raise fs.inotify.max_user_instances with sysctl.';
