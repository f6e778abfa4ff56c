import type { ClusterFacts } from '../facts/cluster-facts.ts';

/** Quotes a word for a POSIX shell, if it needs quotes. */
export const shellWord = (text: string): string =>
  /^[\w.:/@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

const line = (text: string, words: readonly string[]): string =>
  [...text.split(' '), ...words].map(shellWord).join(' ');

/** Returns a command for the cluster's context. `text` has words without spaces. No namespace: for objects of the cluster. */
export const kubectl = ({ snapshot }: ClusterFacts, namespace: string | undefined, text: string, ...words: string[]) =>
  line('kubectl --context', [snapshot.context, ...(namespace === undefined ? [] : ['-n', namespace])]) +
  ` ${line(text, words)}`;

/** Returns a command of the AWS CLI for the cluster's region. */
export const aws = ({ snapshot }: ClusterFacts, text: string, ...words: string[]): string =>
  line(`aws ${text}`, [...words, '--region', snapshot.aws?.region ?? '']);

/** Joins commands that follow each other; undefined without any. */
export const inOrder = (...commands: readonly (string | undefined)[]): string | undefined =>
  [...new Set(commands.filter((one) => one !== undefined && one !== ''))].join(' && ') || undefined;

/** Splits a repair at `&&` outside of quotes. */
export const commandsOf = (repair: string): readonly string[] =>
  isCommand(repair) ? (repair.match(/(?:\\.|'[^']*'|[^&'\\]|(?<!&)&(?!&))+/g) ?? []).map((one) => one.trim()) : [];

/** Whether a command replaces pods. */
export const isRestart = (command: string): boolean =>
  /^kubectl .*(?: rollout restart | delete pod | replace --force )/.test(command);

/** Whether a repair is a command. Others are sentences. */
export const isCommand = (repair: string): boolean => /^(?:aws|kubectl) /.test(repair);
