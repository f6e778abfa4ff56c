import type { ExaminedStatement } from '../results/results.ts';

export interface PolicyLine {
  readonly text: string;
  readonly depth: number;
  /** Index of its statement, from 0. */
  readonly statement?: number;
  readonly compared?: { readonly matched: boolean; readonly with?: string };
}

interface Asked {
  readonly action: string;
  readonly resource: string;
}

type Mark = NonNullable<PolicyLine['compared']>;

/** Returns the text of a policy document, with comparisons next to the elements of deciding statements. */
export function policyLines(
  document: unknown,
  deciding: readonly Omit<ExaminedStatement, 'policy'>[],
  call: Asked,
): readonly PolicyLine[] {
  const lines: PolicyLine[] = [];
  const write = (value: unknown, path: readonly string[], before: string, after: string): void => {
    const depth = path.length;
    const first = lines.length;
    const statement = statementOf(path);
    const decidingStatement = deciding.find(({ index }) => index === statement);
    const compared = decidingStatement === undefined ? undefined : comparedAt(path, decidingStatement, call);
    const line = (text: string): void =>
      void lines.push({ text, depth, ...(statement !== undefined && { statement }) });
    if (typeof value !== 'object' || value === null || isShort(value)) line(`${before}${inline(value)}${after}`);
    else {
      const [open, close] = Array.isArray(value) ? '[]' : '{}';
      line(`${before}${open}`);
      const entries = Object.entries(value);
      for (const [index, [name, item]] of entries.entries()) {
        const label = Array.isArray(value) ? '' : `${JSON.stringify(name)}: `;
        write(item, [...path, name], label, index < entries.length - 1 ? ',' : '');
      }
      line(`${close}${after}`);
    }
    const at = lines[first];
    if (compared !== undefined && at !== undefined) lines[first] = { ...at, compared };
  };
  write(document, [], '', '');
  return lines;
}

/** Whether a value fits on its line, such as a list of one value. */
const isShort = (value: object): boolean =>
  Object.keys(value).length === 0 || (Array.isArray(value) && value.length === 1 && typeof value[0] !== 'object');

const inline = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(inline).join(', ')}]` : JSON.stringify(value);

/** `Statement` is a list or a single statement. */
function statementOf([element, index]: readonly string[]): number | undefined {
  if (element !== 'Statement' || index === undefined) return undefined;
  return /^\d+$/.test(index) ? Number(index) : 0;
}

function comparedAt(
  path: readonly string[],
  {
    applied,
    principalMatched = applied || undefined,
    actionMatched = applied || undefined,
    resourceMatched = applied || undefined,
    conditions = [],
  }: Omit<ExaminedStatement, 'policy'>,
  { action, resource }: Asked,
): Mark | undefined {
  const [, index = '', ...inside] = path;
  const [element = '', operator, key, ...deeper] = /^\d+$/.test(index) ? inside : [index, ...inside];
  if (operator === undefined) {
    if (/^(Not)?Action$/.test(element)) return mark(actionMatched, action);
    if (/^(Not)?Resource$/.test(element)) return mark(resourceMatched, resource);
    return /^(Not)?Principal$/.test(element) ? mark(principalMatched) : undefined;
  }
  if (element !== 'Condition' || key === undefined || deeper.length > 0) return undefined;
  const condition = conditions.find((one) => one.operator === operator && one.key.toLowerCase() === key.toLowerCase());
  if (condition === undefined) return undefined;
  return mark(
    condition.matched ?? applied,
    condition.actual?.map((value) => JSON.stringify(value)).join(', ') ?? 'no value',
  );
}

/** Returns undefined for an element that was not evaluated. */
const mark = (matched: boolean | undefined, value?: string): Mark | undefined =>
  matched === undefined ? undefined : { matched, ...(value !== undefined && { with: value }) };
