import { isFlaky, type ScenarioResult, type Verdict } from './results.ts';

/** `1 scenario`, `2 scenarios`; `plural` where it is not the noun with an s. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

export const VERDICTS = ['passed', 'failed', 'inconclusive', 'error', 'skipped'] as const satisfies readonly Verdict[];

/** `2 passed, 0 failed, 1 skipped`: those that passed or failed always, the others where there are any. */
export function verdictCounts(items: readonly { readonly verdict: Verdict }[]): string {
  const count = (verdict: Verdict): number => items.filter((item) => item.verdict === verdict).length;
  return VERDICTS.filter((verdict) => count(verdict) > 0 || verdict === 'passed' || verdict === 'failed')
    .map((verdict) => `${count(verdict)} ${verdict}`)
    .join(', ');
}

/** The risks that conforming scenarios have, a line each. */
export const findingLines = (scenarios: readonly ScenarioResult[]): readonly string[] =>
  scenarios.flatMap(({ id, verdict, finding }) =>
    verdict === 'passed' && finding !== null ? [`${id}: ${finding}`] : [],
  );

export const flakyLines = (scenarios: readonly ScenarioResult[]): readonly string[] =>
  scenarios.filter(isFlaky).map(({ id, repetitions = [] }) => `${id}: ${verdictCounts(repetitions)}`);

/** A text of no more than so many characters. */
export const clip = (text: string, most = 300): string => (text.length > most ? `${text.slice(0, most - 3)}...` : text);

/** Escape sequences of colour. */
const COLOR = /\u001b\[[0-9;]*m/g;

/**
 * Breaks a line between words so that none is longer than `width` columns, where words allow it: a word is never broken. Lines
 * after the first are indented by `indent` more columns than the first. A width of undefined breaks nothing.
 */
export function wrap(line: string, width: number | undefined, indent = 0): string {
  if (width === undefined || columns(line) <= width) return line;
  const [margin = ''] = /^ */.exec(line) ?? [];
  const further = ' '.repeat(margin.length + indent);
  const lines: string[] = [];
  let current = margin;
  let isEmpty = true;
  for (const word of line.slice(margin.length).split(' ')) {
    if (!isEmpty && columns(current) + 1 + columns(word) > width) {
      lines.push(current);
      current = further + word;
    } else current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current].join('\n');
}

/** Columns to wrap at: those of the terminal, or `COLUMNS`; undefined where neither is known. */
export function widthOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const width = stream.isTTY === true && stream.columns ? stream.columns : Number(environment['COLUMNS']);
  return width >= 20 ? width : undefined;
}

const columns = (text: string): number => text.replace(COLOR, '').length;

/** Until when a scenario may fail, and why. */
export const allowedText = ({ until, reason, source }: NonNullable<ScenarioResult['allowed']>): string =>
  `Allowed until ${until}: ${reason}${source === undefined ? '' : ` (${source})`}`;

/** Text in a colour (its SGR code), or as it is. */
export type Paint = (text: string, code: number) => string;

const MARKS: Readonly<Record<Verdict, readonly [string, number]>> = {
  passed: ['ok', 32],
  failed: ['FAILED', 31],
  inconclusive: ['INCONCLUSIVE', 33],
  skipped: ['skipped', 36],
  error: ['ERROR', 35],
};

/** The word that stands in front of a scenario. */
export const mark = ({ verdict, allowed }: Pick<ScenarioResult, 'verdict' | 'allowed'>, paint: Paint): string =>
  allowed === undefined ? paint(...MARKS[verdict]) : paint(`${verdict}, allowed`, 33);
