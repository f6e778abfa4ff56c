import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { HarnessError, unreadable } from './errors.ts';

/** Text of a file that the user names; `what` it is, for the error. Throws `HarnessError` BAD_FILE. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new HarnessError('BAD_FILE', `${what} ${file} cannot be read (${unreadable(error)}): give the path of one.`);
  }
}

/** What a file of YAML or JSON holds; as `readText` otherwise. */
export function readYaml(file: string, what: string): unknown {
  const content = readText(file, what);
  try {
    return parse(content);
  } catch (error) {
    throw new HarnessError(
      'BAD_FILE',
      `${file} is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]?.replace(/:$/, '') ?? ''}.`,
    );
  }
}
