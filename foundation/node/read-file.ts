import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { HarnessError, unreadable } from './errors.ts';

/** Text of a user's file; `what` names it in the error. Throws `HarnessError` BAD_FILE. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new HarnessError('BAD_FILE', `${what} ${file} cannot be read (${unreadable(error)}): give the path of one.`);
  }
}

/** Content of a YAML or JSON file; as `readText` otherwise. */
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
