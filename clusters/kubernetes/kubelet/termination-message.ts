import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ContainerLog } from './log.ts';
import type { Container } from './spec.ts';
import { realPath } from './translation.ts';

const DEFAULT_PATH = '/dev/termination-log';
const MAX_BYTES = 4096;
const FALLBACK = { lines: 80, characters: 2048 };

export function messagePath(container: Container): string {
  return container.terminationMessagePath ?? DEFAULT_PATH;
}

/** Returns whether the spec contains the path. Other paths are not translated, so programs cannot find them. */
function isNamed(container: Container): boolean {
  if (container.terminationMessagePath !== undefined && container.terminationMessagePath !== DEFAULT_PATH) return true;
  const texts = [
    ...(container.command ?? []),
    ...(container.args ?? []),
    ...(container.env ?? []).map(({ value }) => value ?? ''),
  ];
  return texts.some((text) => text.includes(messagePath(container)));
}

/** Creates the message's file, empty and writable for any user. */
export async function prepareMessage(container: Container, root: string): Promise<void> {
  if (!isNamed(container)) return;
  const path = realPath(root, messagePath(container));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
  await chmod(path, 0o666);
}

/** Returns the termination message (Kubernetes, "Determine the Reason for Pod Failure"). */
export async function readMessage(
  container: Container,
  root: string,
  log: ContainerLog,
  exitCode: number,
): Promise<string> {
  const file = realPath(root, messagePath(container));
  const written = isNamed(container) ? await readFile(file).catch(() => Buffer.alloc(0)) : Buffer.alloc(0);
  if (written.length > 0) return written.subarray(0, MAX_BYTES).toString();
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return '';
  return log.text(FALLBACK.lines).slice(-FALLBACK.characters);
}
