import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { redactor } from '../../foundation/node/redact.ts';
import type { Runner } from './docker/runner.ts';

/** Timeout in milliseconds. */
const LONGEST = 30_000;
/** Bytes. Longer files lose their beginning. */
const MAX_BYTES = 8 * 1024 * 1024;

interface DiagnosticsOptions {
  readonly run: Runner;
  readonly program: string;
  readonly cluster: string;
  readonly directory: string;
  /** Private folder for logs that still contain secrets. */
  readonly privateFolder: string;
  /** kind's error output. */
  readonly errorOutput?: string;
}

/** Collects the nodes' logs without secrets. Returns the folder, or undefined without logs. */
export async function collectDiagnostics(options: DiagnosticsOptions): Promise<string | undefined> {
  const { run, program, cluster, directory, privateFolder, errorOutput } = options;
  const exported = join(privateFolder, 'logs');
  const folder = join(directory, cluster);
  try {
    await mkdir(exported, { recursive: true, mode: 0o700 });
    // Partial logs are useful too.
    await run(program, ['export', 'logs', exported, '--name', cluster], {
      environment: { KIND_EXPERIMENTAL_PROVIDER: 'docker' },
      signal: AbortSignal.timeout(LONGEST),
    }).catch(() => undefined);
    // If no node has ever run, kind's own output is the only log.
    if (errorOutput !== undefined) await writeFile(join(exported, 'kind.log'), `${errorOutput}\n`);
    return (await copyWithoutSecrets(exported, folder)) > 0 ? folder : undefined;
  } catch {
    return undefined;
  } finally {
    await rm(exported, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Copies text files recursively and returns their number. Skips binary files, which might contain secrets. */
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

/** Reads the last lines of a file. Starts at a full line, because part of a secret would not be recognized. */
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

/** Adds advice and the diagnostics folder to an error. */
export function explained(error: Error, folder: string | undefined): Error {
  if (!(error instanceof ClusterError)) return error;
  const { code, blame, message } = error;
  const hints = [
    ...(/too many open files/i.test(message) ? [TOO_MANY_WATCHES] : []),
    ...(folder === undefined ? [] : [`The nodes' logs are in ${folder}.`]),
  ];
  return hints.length === 0
    ? error
    : new ClusterError(code, [message.replace(/[^.]$/, '$&.'), ...hints].join(' '), { blame, cause: error });
}

/** kind, "Known Issues", Pod errors due to "too many open files". */
const TOO_MANY_WATCHES =
  'This host allows too few file watches for its containers. Increase fs.inotify.max_user_instances with sysctl.';
