import { isJsonObject } from '../../foundation/node/json.ts';

/** Chai's sentence about one property of an object, after a message of the suite. */
const PROPERTY = /^(?:(.*): )?expected .* to have (?:own |deep |nested )*property '([^']+)' of (.*), but got (.*)$/s;
const WHOLE = /^(?:(.*): )?expected .* to (?:deeply equal|have deep) /s;

/**
 * Returns an assertion's message. If it compares whole objects, the text names only the members that differ: `the entry:
 * username is "a", expected "b".`
 */
export function assertionText(error: Error & { readonly actual?: unknown; readonly expected?: unknown }): string {
  const { message, actual, expected } = error;
  const [, before, property, wanted = '', got = ''] = PROPERTY.exec(message) ?? [];
  if (property !== undefined) return sentence(before, [`${property} is ${got}, expected ${wanted}`]);
  const whole = WHOLE.exec(message);
  if (whole === null) return message;
  const differences = differencesOf(actual, expected, '');
  return differences.length === 0 ? message : sentence(whole[1], differences);
}

const sentence = (before: string | undefined, differences: readonly string[]): string =>
  `${before === undefined ? '' : `${before}: `}${differences.join('; ')}.`;

function differencesOf(actual: unknown, expected: unknown, path: string): string[] {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)] as (string | undefined)[];
  if (got === wanted) return [];
  if (isJsonObject(actual) && isJsonObject(expected))
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((name) =>
      differencesOf(actual[name], expected[name], path === '' ? name : `${path}.${name}`),
    );
  return [`${path === '' ? 'the value' : path} is ${got ?? 'absent'}, expected ${wanted ?? 'absent'}`];
}
