import { commandLine } from '../../foundation/node/command-line.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import type { OptionSpec } from '../../foundation/node/options.ts';
import { wrap } from '../../foundation/node/text.ts';

export interface Described {
  readonly name: string;
  readonly summary: string;
  readonly about: string;
  /** Usage and minimum number of its files. Default: none. */
  readonly files?: { readonly usage: string; readonly least: number; readonly most?: number };
  readonly options: readonly OptionSpec[];
  /** Other commands and their summaries, if its help lists them. */
  readonly commands?: readonly (readonly [string, string])[];
  /** Last lines of its help, such as its exit codes. */
  readonly remarks: string;
}

/** Columns of help texts. */
const WIDTH = 99;
/** Columns of flags before their help. */
const FLAG_WIDTH = 30;

/**
 * Returns the help of a command. If options have topics, it lists the options of the topic, or those that are brief if no topic
 * is given; topic `all` lists every option. Throws `HarnessError` for an unknown topic.
 */
export function helpText({ name, about, files, options, remarks, commands }: Described, asked?: string): string {
  const topics = topicsOf(options);
  const topic = topics.size === 0 ? undefined : asked;
  if (topic !== undefined && topic !== 'all' && !topics.has(topic))
    throw new HarnessError(
      'BAD_FLAG_VALUE',
      `Unknown help topic "${topic}": ${suggestion(topic, [...topics.keys(), 'all'])}`,
    );
  const isBrief = topic === undefined && topics.size > 0;
  const shown = isBrief ? options.filter(({ brief }) => brief) : (topics.get(topic ?? '') ?? options);
  return [
    `Usage: ${commandLine(name, ['[flags]', ...(files ? [files.usage] : [])].join(' '))}`,
    '',
    ...wrapped(about),
    '',
    ...(isBrief && commands ? ['Commands (each has its own --help):', ...rows(commands), ''] : []),
    topic === undefined ? 'Flags:' : `Flags of topic ${topic}:`,
    ...rows(shown.map((option) => [`--${option.name}${valueOf(option)}`, helpOf(option)])),
    ...(isBrief
      ? [
          '',
          'More flags:',
          ...rows([...topics.keys(), 'all'].map((one) => [`--help ${one}`, TOPICS[one] ?? `${one} clusters`])),
        ]
      : []),
    '',
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

/** Formats flags or commands with their wrapped help. */
function rows(all: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.min(FLAG_WIDTH, Math.max(...all.map(([left]) => left.length)));
  return all.flatMap(([left, right]) => {
    const margin = ' '.repeat(width + 4);
    const text = wrap(`${margin}${right}`, WIDTH);
    return left.length > width ? [`  ${left}`, text] : [`  ${left.padEnd(width)}  ${text.slice(margin.length)}`];
  });
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
