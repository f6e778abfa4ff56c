import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { WebhookOptions } from '../options.ts';
import { decodeText } from '../../go/json-decode.ts';
import { goTypes } from '../../go/json-types.ts';

type Identities = NonNullable<WebhookOptions['identities']>;

const IdentityConfigObject = goTypes({
  Identity: { namespace: 'string', serviceAccount: 'string' },
  IdentityConfigObject: { identities: '[]Identity' },
})('IdentityConfigObject');

/** Parses `{"identities":[{"namespace":"…","serviceAccount":"…"}]}`, or empty content. */
export function parseIdentities(content: string): Identities {
  if (content === '') return [];
  const { value, error } = decodeText<DecodedConfig>(IdentityConfigObject, content);
  if (error !== undefined) throw new Error(`The container credentials config cannot be read: ${error}`);
  return (value?.identities ?? []).map(({ namespace = '', serviceAccount = '' }) => ({ namespace, serviceAccount }));
}

interface DecodedConfig {
  readonly identities?: readonly { readonly namespace?: string; readonly serviceAccount?: string }[];
}

/** Milliseconds between reads of an unreadable file; doubles up to `most`. */
const RETRY = { first: 10, most: 300_000 };

/**
 * Loads a file's identities, again after each change. A missing or empty file has none. If it is unreadable, keeps the
 * previous identities and retries. Resolves after the first attempt.
 */
export async function watchIdentities(
  file: string,
  onIdentities: (identities: Identities) => void,
  log: (line: string) => void,
): Promise<{ stop(): void }> {
  let retry: NodeJS.Timeout | undefined;
  let wait = RETRY.first;
  let stopped = false;

  async function load(): Promise<void> {
    clearTimeout(retry);
    try {
      const identities = parseIdentities(await contentOf(file));
      if (stopped) return;
      wait = RETRY.first;
      onIdentities(identities);
    } catch (error) {
      if (stopped) return;
      log(error instanceof Error ? error.message : 'The container credentials config cannot be read.');
      retry = setTimeout(() => void load(), wait);
      wait = Math.min(wait * 2, RETRY.most);
    }
  }

  // Watch the folder: in a mounted config map, the kubelet replaces a link next to the file.
  const watcher = watch(dirname(file), (_event, name) => {
    if (name === null || name === basename(file) || name.startsWith('..')) void load();
  });
  await load();
  return {
    stop() {
      stopped = true;
      clearTimeout(retry);
      watcher.close();
    },
  };
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new Error(`The container credentials config cannot be opened: ${(error as NodeJS.ErrnoException).code}`);
  }
}
