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

/**
 * Reads the config file of container credentials, `{"identities":[{"namespace":"…","serviceAccount":"…"}]}`; empty
 * content names none. Throws an Error.
 */
export function parseIdentities(content: string): Identities {
  if (content === '') return [];
  const { value, error } = decodeText<DecodedConfig>(IdentityConfigObject, content);
  if (error !== undefined) throw new Error(`The container credentials config cannot be read: ${error}`);
  return (value?.identities ?? []).map(({ namespace = '', serviceAccount = '' }) => ({ namespace, serviceAccount }));
}

interface DecodedConfig {
  readonly identities?: readonly { readonly namespace?: string; readonly serviceAccount?: string }[];
}

/** Milliseconds between looks at a file that could not be read, at first and at most; it doubles in between. */
const RETRY = { first: 10, most: 300_000 };

/**
 * Loads the identities of a file now and whenever it changes. A missing or empty file names none; one that cannot be
 * read leaves what was loaded before and is tried again. Resolves after the first try.
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

  // The folder is watched, since a mounted config map changes by exchanging a link beside the file.
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
