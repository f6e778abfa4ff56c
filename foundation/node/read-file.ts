import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { HarnessError, unreadable } from './errors.ts';

/** Reads a user's file. `what` describes it in the error. Throws `HarnessError` BAD_FILE. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new HarnessError('BAD_FILE', `${what} ${file} cannot be read (${unreadable(error)}). Check the path.`);
  }
}

/** Reads and parses a YAML or JSON file; otherwise as `readText`. */
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

/** Reads and parses a JSON file; otherwise as `readText`. Much faster than `readYaml`. */
export function readJson(file: string, what: string): unknown {
  const content = readText(file, what);
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new HarnessError('BAD_FILE', `${file} is not JSON: ${(error as Error).message}.`);
  }
}
