import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ContainerLog } from './log.ts';
import type { Container } from './spec.ts';
import { realPath } from './translation.ts';

const MAX_BYTES = 4096;
const FALLBACK = { lines: 80, characters: 2048 };

/** Where in the container its last words are expected. */
export function messagePath(container: Container): string {
  return container.terminationMessagePath ?? '/dev/termination-log';
}

/** Makes the file empty and writable for whatever user the container runs as. */
export async function prepareMessage(container: Container, root: string): Promise<void> {
  const path = realPath(root, messagePath(container));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
  await chmod(path, 0o666);
}

/** What the container left (Kubernetes, "Determine the Reason for Pod Failure"), or `''`. */
export async function readMessage(
  container: Container,
  root: string,
  log: ContainerLog,
  exitCode: number,
): Promise<string> {
  const written = await readFile(realPath(root, messagePath(container))).catch(() => Buffer.alloc(0));
  if (written.length > 0) return written.subarray(0, MAX_BYTES).toString();
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return '';
  return log.text(FALLBACK.lines).slice(-FALLBACK.characters);
}
