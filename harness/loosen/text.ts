import { counted, wrap } from '../../foundation/node/text.ts';
import { lineOf, placeText, shortest, usesOf } from '../policies/sources.ts';
import type { Loosening } from '../results/loosening.ts';
import { changeWords } from './change-id.ts';
import type { JudgedChange } from './judge.ts';

const COLUMNS = 80;
/** Groups that are printed, lines that they may have together, and places that a group names. */
const MOST = { groups: 10, lines: 85, places: 3 };

type State = JudgedChange['state'];
/** Reported states, in this order, with their heading. Undecided changes come first. */
const OPEN: Readonly<Partial<Record<State, string>>> = {
  undecided: 'NOT DECIDED',
  survived: 'SURVIVED',
  unreachable: 'SURVIVED, but no pod of the suites can ask',
};

/** Returns the share of killed changes among killed and surviving ones in percent, rounded down. */
export function scoreOf(judged: readonly JudgedChange[]): number {
  const count = (one: State): number => judged.filter(({ state, ignored }) => state === one && !ignored).length;
  const [killed, all] = [count('killed'), count('killed') + count('survived')];
  return all === 0 ? 100 : Math.floor((100 * killed) / all);
}

/** Whether a change needs attention: it is not noticed, not accepted and, with `--since`, new. */
export const isOpen = ({ state, ignored, isNew = true }: JudgedChange): boolean =>
  OPEN[state] !== undefined && ignored === undefined && isNew;

/** Returns the result for people. `width`: columns of the terminal (default: 80). */
export function loosenText(judged: readonly JudgedChange[], width = COLUMNS): string {
  const groups = groupsOf(judged.filter(isOpen));
  const proposed = new Set<string>();
  const blocks: string[] = [];
  let lines = 0;
  for (const group of groups.slice(0, MOST.groups)) {
    const block = blockOf(group, width, proposed);
    lines += block.split('\n').length + 1;
    if (lines > MOST.lines && blocks.length > 0) break;
    blocks.push(block);
  }
  const others = groups.slice(blocks.length);
  if (others.length > 0)
    blocks.push(
      wrap(
        `${counted(others.length, 'more group')} with ${counted(others.flat().length, 'change')}. --format json lists all.`,
        width,
      ),
    );
  return `${[...blocks, scoreText(judged, width)].join('\n\n')}\n`;
}

/** Groups changes of one shape, in the order of their states, the largest groups first. */
export function groupsOf(judged: readonly JudgedChange[]): readonly (readonly JudgedChange[])[] {
  const groups = new Map<string, JudgedChange[]>();
  for (const one of judged) {
    const key = JSON.stringify([one.state, one.change.operator, shapeOf(one), one.state === 'undecided' && one.reason]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const order = Object.keys(OPEN);
  const rank = ([first]: readonly JudgedChange[]): number => order.indexOf(first?.state ?? '');
  return [...groups.values()].sort((one, other) => rank(one) - rank(other) || other.length - one.length);
}

/** Returns the change without values and names. */
const shapeOf = ({ change }: JudgedChange): string =>
  changeWords(change)
    .replace(/"[^"]*"/g, '"…"')
    .replace(/arn:\S+|<[^>]+>\S*/g, '…');

function blockOf(group: readonly JudgedChange[], width: number, proposed: Set<string>): string {
  const [first] = group as readonly [JudgedChange];
  const { state, sentence, reason, proposal, change } = first;
  const fill = (text: string, indent: number): string => wrap(`${' '.repeat(indent)}${text}`, width, 2);
  const times = group.length === 1 ? '' : ` (${group.length} times)`;
  const places = group.slice(0, MOST.places).map((one) => `${placeOf(one)} [${one.id}]`);
  const more = group.length > MOST.places ? ` and ${group.length - MOST.places} more` : '';
  const lines = [
    fill(`${OPEN[state]}: ${changeWords(change)}${times}`, 0),
    fill(`${places.join(', ')}${more}`, 2),
    ...(sentence === undefined ? [] : [fill(`${capital(sentence)}.`, 2)]),
    ...(state === 'undecided' ? [fill(`${capital(reason ?? '')}.`, 2)] : []),
    ...(state === 'unreachable' ? [fill('--format json has a case for evaluate.', 2)] : []),
  ];
  if (proposal === undefined) return lines.join('\n');
  const { scenario, probe } = proposal;
  const membersCode = Object.entries(probe.code);
  const code = membersCode.flatMap(([member, entries]) => entries.map((entry) => `    ${member}: ${entry},`));
  if (proposed.has(code.join())) return [...lines, fill('The same probe as above notices it.', 2)].join('\n');
  proposed.add(code.join());
  const imports = probe.imports.length === 0 ? '' : ` (imports: ${probe.imports.join(', ')})`;
  // Code is not wrapped, so that it can be pasted.
  return [...lines, fill(`Add to ${scenario.id} in ${shortest(scenario.file)}${imports}:`, 2), ...code].join('\n');
}

const placeOf = (one: JudgedChange): string =>
  placeText({ ...one.source, uses: usesOf(one.source) }, lineOfChange(one));

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const BESIDE: Readonly<Partial<Record<State, string>>> = {
  unreachable: 'survived, but no pod of the suites can ask',
  undecided: 'not decided',
  equivalent: 'equivalent',
  invalid: 'invalid because every probe fails',
  rejected: 'rejected by AWS',
  unjudged: 'not judged',
};

function scoreText(judged: readonly JudgedChange[], width: number): string {
  const counts = (isOne: (one: JudgedChange) => boolean): number => judged.filter(isOne).length;
  const count = (state: string): number => counts((one) => one.state === state && one.ignored === undefined);
  const beside = (many: number, words: string): string[] => (many === 0 ? [] : [`${many} ${words}`]);
  const parts = [
    `${count('killed')} killed, ${count('survived')} survived`,
    ...Object.entries(BESIDE).flatMap(([state, words]) => beside(count(state), words)),
    ...beside(
      counts(({ ignored }) => ignored !== undefined),
      'ignored',
    ),
    ...beside(
      counts((one) => isOpen(one) && one.isNew === true),
      'new since the earlier output',
    ),
  ];
  const runs = counts(({ by }) => by === 'run');
  return wrap(
    `Score ${scoreOf(judged)} % of ${counted(judged.length, 'change')}: ${parts.join(', ')} (${judged.length - runs} by replay, ${runs} by a run)`,
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
    ...(proposal && { addTo: proposal.scenario.id, code: proposal.probe.code, imports: proposal.probe.imports }),
  })),
});

/** Returns the line of the changed condition, or of its statement. */
export function lineOfChange({ source, change }: Pick<JudgedChange, 'source' | 'change'>): number | undefined {
  const statement = ['Statement', change.statement];
  const [, operator = '', key = ''] = /the condition (\S+) (\S+)/.exec(change.text) ?? [];
  return lineOf(source, [...statement, 'Condition', operator, key]) ?? lineOf(source, statement);
}
