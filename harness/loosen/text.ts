import { counted, wrap } from '../../foundation/node/text.ts';
import { lineOf, placeText, shortest, usesOf } from '../policies/sources.ts';
import type { Loosening } from '../results/loosening.ts';
import type { JudgedChange } from './judge.ts';

const COLUMNS = 80;

/** Returns the percentage of judged changes that a scenario notices, rounded down. Unknown ones count as not noticed. */
export function scoreOf(judged: readonly JudgedChange[]): number {
  const killed = judged.filter(({ state }) => state === 'killed').length;
  const all = killed + judged.filter(isOpen).length;
  return all === 0 ? 100 : Math.floor((100 * killed) / all);
}

const isOpen = ({ state }: Pick<JudgedChange, 'state'>): boolean => state === 'survived';

/** Returns the result for people. `width`: columns of the terminal (default: 80). */
export function loosenText(judged: readonly JudgedChange[], width = COLUMNS): string {
  const survivors = judged.filter(isOpen);
  const groups = new Map<string, JudgedChange[]>();
  for (const one of survivors) {
    const key = JSON.stringify([one.state, placeOf(one), one.sentence, codeOf(one)]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const proposed = new Set<string>();
  const blocks = [...groups.values()].map((group) => blockOf(group, width, proposed));
  return `${[...blocks, scoreText(judged, width)].join('\n\n')}\n`;
}

/** Changes of the same place that the same probe notices. `proposed`: the probes of earlier blocks. */
function blockOf(group: readonly JudgedChange[], width: number, proposed: Set<string>): string {
  const [first] = group as readonly [JudgedChange];
  const { state, sentence, proposal } = first;
  const bounds = '';
  const fill = (text: string, indent: number): string => wrap(`${' '.repeat(indent)}${text}`, width, 2);
  const lines = [
    fill(`${state.toUpperCase()} ${placeOf(first)}`, 0),
    ...group.map(({ change }) => fill(change.text, 2)),
    ...(sentence === undefined ? [] : [fill(`${capital(sentence)}${bounds}.`, 2)]),
  ];
  if (proposal === undefined) return lines.join('\n');
  const { id, file } = proposal.scenario;
  const code = codeOf(first).map((line) => `    ${line}`);
  if (proposed.has(code.join())) return [...lines, fill('The same probe as above notices it.', 2)].join('\n');
  proposed.add(code.join());
  // Code is not wrapped, so that it can be pasted.
  return [...lines, fill(`Add to ${id} in ${shortest(file)}:`, 2), ...code].join('\n');
}

/** The members of a scenario and their additional entries, one a line. */
const codeOf = ({ proposal }: JudgedChange): readonly string[] =>
  Object.entries(proposal?.probe.code ?? {}).flatMap(([member, entries]) =>
    entries.map((entry) => `${member}: ${entry},`),
  );

const placeOf = (one: JudgedChange): string =>
  placeText({ ...one.source, uses: usesOf(one.source) }, lineOfChange(one));

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function scoreText(judged: readonly JudgedChange[], width: number): string {
  const count = (state: JudgedChange['state']): number => judged.filter((one) => one.state === state).length;
  const runs = judged.filter(({ by }) => by === 'run').length;
  const others = Object.entries({
    unreachable: 'that no pod of the suites can ask for',
    undecided: 'not decided',
    equivalent: 'equivalent',
    invalid: 'invalid because every probe fails',
    rejected: 'rejected by AWS',
    unjudged: 'not judged',
  });
  const parts = [
    `${count('killed')} of ${counted(judged.length, 'change')} killed`,
    `${count('survived')} survived`,
    ...others.flatMap(([state, words]) => {
      const many = count(state as JudgedChange['state']);
      return many === 0 ? [] : [`${many} ${words}`];
    }),
  ];
  return wrap(
    `Score ${scoreOf(judged)} %: ${parts.join(', ')} (${judged.length - runs} by replay, ${runs} by a run)`,
    width,
    2,
  );
}

/** Returns the result for programs. */
export const looseningOf = (judged: readonly JudgedChange[]): Loosening => ({
  score: scoreOf(judged),
  changes: judged.map(({ source, change, proposal, ...rest }) => ({
    file: source.file,
    ...(source.address !== undefined && { address: source.address }),
    line: lineOfChange({ source, change }),
    operator: change.operator,
    direction: change.direction,
    change: change.text,
    ...rest,
    ...(proposal && { addTo: proposal.scenario.id, code: proposal.probe.code }),
  })),
});

/** Returns the line of the changed condition, or of its statement. */
export function lineOfChange({ source, change }: Pick<JudgedChange, 'source' | 'change'>): number | undefined {
  const statement = ['Statement', change.statement];
  const [, operator = '', key = ''] = /the condition (\S+) (\S+)/.exec(change.text) ?? [];
  return lineOf(source, [...statement, 'Condition', operator, key]) ?? lineOf(source, statement);
}
