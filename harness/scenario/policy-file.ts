import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../foundation/errors.ts';
import type { RawPolicy } from './policy.ts';

/**
 * A policy document of the user's own, from a JSON file: `policyFile(new URL('./read.json', import.meta.url))`. `replace`
 * puts names of the scenario in the place of fixed ones, such as `{ 'arn:aws:s3:::payments': 'arn:aws:s3:::<bucket:data>' }`.
 * `file` is a path or a URL, whose type is not named: a suite needs no types of Node or of browsers.
 */
export function policyFile(
  file: string | { readonly href: string },
  options: { readonly replace?: Readonly<Record<string, string>> } = {},
): RawPolicy {
  const path = pathOf(typeof file === 'string' ? file : file.href);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new HarnessError(
      'BAD_SUITE_FILE',
      `Policy file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}): check the path.`,
      { cause: error },
    );
  }
  for (const [from, to] of Object.entries(options.replace ?? {})) text = text.replaceAll(from, to);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new HarnessError('BAD_SUITE_FILE', `Policy file ${path} is not JSON: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new HarnessError(
      'BAD_SUITE_FILE',
      `Policy file ${path} must hold a policy document: an object with "Version" and "Statement".`,
    );
  }
  return { document: document as Readonly<Record<string, unknown>>, from: path };
}

const pathOf = (file: string): string => (file.startsWith('file:') ? fileURLToPath(file) : file);
