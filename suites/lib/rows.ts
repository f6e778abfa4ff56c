/** Tables: rows that each have a name, an expected outcome and a request. */
import { expect } from 'chai';

/** `expected`: an outcome, or several if the documentation does not say which. */
export type Row = readonly [row: string, expected: string | readonly string[], ask: () => Promise<string>];

/** Asks all rows, `together` at once. Fails with a sentence for each row whose outcome differs. */
export async function judge(rows: readonly Row[], together = 8): Promise<void> {
  const wrong: string[] = [];
  const left = rows.values();
  const worker = async (): Promise<void> => {
    for (const [row, expected, ask] of left) {
      const outcome = await ask();
      if (![expected].flat().includes(outcome))
        wrong.push(`${row}: expected ${[expected].flat().join(' or ')}, got ${outcome}.`);
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  if (wrong.length > 0) expect.fail(wrong.join(' '));
}

/** Returns other texts that nearly equal a text, by what differs. */
export function nearForms(text: string): Readonly<Record<string, string>> {
  const forms = {
    'without its last character': text.slice(0, -1),
    'without its first character': text.slice(1),
    'longer at the end': `${text}x`,
    'longer at the beginning': `x${text}`,
    'in another case': text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase(),
    'with a final slash': `${text}/`,
    'with a final dot': `${text}.`,
    'with a final blank': `${text} `,
    'with a first blank': ` ${text}`,
    doubled: text + text,
    'percent-encoded': `${text.slice(0, -1)}%${text.charCodeAt(text.length - 1).toString(16)}`,
    'with a star': `${text.slice(0, -1)}*`,
  };
  // Without letters there is no other case.
  return Object.fromEntries(Object.entries(forms).filter(([, form]) => form !== text));
}
