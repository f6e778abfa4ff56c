import { commandLine } from '../../foundation/node/command-line.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import type { OptionSpec } from '../../foundation/node/options.ts';
import { wrap } from '../../foundation/node/text.ts';

export interface Described {
  readonly name: string;
  readonly summary: string;
  readonly about: string;
  /** The question that it answers, for the choice among similar commands. */
  readonly question?: string;
  /** Usage and number of its arguments that are no flags. Default: none. */
  readonly operands?: { readonly usage: string; readonly least: number; readonly most?: number };
  readonly options: readonly OptionSpec[];
  readonly subcommands?: readonly Described[];
  /** Tables that its help without a topic has, such as other commands and their summaries. */
  readonly tables?: readonly { readonly title: string; readonly rows: readonly (readonly [string, string])[] }[];
  /** Last lines of its help, such as its exit codes. */
  readonly remarks: string;
}

/** Columns of help texts. */
const WIDTH = 99;
/** Columns of flags before their help. */
const FLAG_WIDTH = 30;

/**
 * Returns the help of a command. It lists the options of the topic, or if no topic is given, those that have none or are brief; topic
 * `all` lists every option. Throws `HarnessError` for an unknown topic.
 */
export function helpText(
  { name, about, operands, options, remarks, subcommands = [], tables = [] }: Described,
  requested?: string,
): string {
  const topics = topicsOf(options);
  const topic = topics.size === 0 ? undefined : requested;
  if (topic !== undefined && topic !== 'all' && !topics.has(topic))
    throw new HarnessError(
      'BAD_FLAG_VALUE',
      `Unknown help topic "${topic}": ${suggestion(topic, [...topics.keys(), 'all'])}`,
    );
  const isBrief = ({ brief, topic: one, clusters }: OptionSpec): boolean => brief ?? (one ?? clusters) === undefined;
  const shown = topic === undefined ? options.filter(isBrief) : (topics.get(topic) ?? options);
  const more = [...topics.keys(), ...(topics.size > 0 ? ['all'] : [])];
  const summaries = subcommands.map((one) => [commandLine(one.name), one.summary] as const);
  return [
    `Usage: ${commandLine(name, ['[flags]', ...(operands ? [operands.usage] : [])].join(' '))}`,
    '',
    ...wrapped(about),
    '',
    ...table('Subcommands (each has its own --help):', summaries),
    ...(topic === undefined ? tables.flatMap(({ title, rows }) => table(title, rows)) : []),
    ...table(
      topic === undefined ? 'Flags:' : `Flags of topic ${topic}:`,
      shown.map((option) => [`--${option.name}${valueOf(option)}`, helpOf(option)]),
    ),
    ...(topic === undefined
      ? table(
          'More flags:',
          more.map((one) => [`--help ${one}`, TOPICS[one] ?? `${one} clusters`]),
        )
      : []),
    ...wrapped(remarks),
    '',
  ].join('\n');
}

/** Help topics: values of `OptionSpec.topic`, and cluster types. */
const TOPICS: Readonly<Record<string, string>> = {
  select: 'which scenarios run',
  run: 'order, time limits, retries and faults',
  report: 'reports and output',
  clients: 'other AWS clients, and your own program',
  aws: 'AWS accounts, regions and endpoints',
  embedded: 'clusters in this process',
  kind: 'kind clusters',
  eks: 'Amazon EKS clusters',
  all: 'every flag',
};

function topicsOf(options: readonly OptionSpec[]): ReadonlyMap<string, readonly OptionSpec[]> {
  const topics = new Map<string, OptionSpec[]>();
  for (const option of options)
    for (const topic of [option.topic ?? [], option.clusters ?? []].flat())
      topics.set(topic, [...(topics.get(topic) ?? []), option]);
  const order = Object.keys(TOPICS);
  return new Map([...topics].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
}

/** Wraps paragraphs. Indented lines stay as they are. */
const wrapped = (text: string): readonly string[] =>
  text
    .split(/\n(?=\n| {2}|Exit codes)|(?<=\n {2}.*)\n/)
    .map((part) => wrap(part.replaceAll(/(?<=\S)\n(?=\S)/g, ' '), WIDTH));

/** Formats flags or commands with their wrapped help, and an empty line. Returns nothing without rows. */
function table(title: string, rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.min(FLAG_WIDTH, Math.max(...rows.map(([left]) => left.length)));
  const lines = rows.flatMap(([left, right]) => {
    const margin = ' '.repeat(width + 4);
    const text = wrap(`${margin}${right}`, WIDTH);
    return left.length > width ? [`  ${left}`, text] : [`  ${left.padEnd(width)}  ${text.slice(margin.length)}`];
  });
  return rows.length === 0 ? [] : [title, ...lines, ''];
}

export function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}

/** Returns the part of a flag after its name, such as ` FILE`; empty for a flag without a value. */
export function valueOf({ kind, choices, placeholder }: OptionSpec): string {
  if (kind === 'choice') return ` ${choices?.join('|')}`;
  return placeholder === undefined ? '' : ` ${placeholder}`;
}

const helpOf = ({ help, default: preset }: OptionSpec): string =>
  preset === undefined ? help : `${help} (default ${preset})`;
