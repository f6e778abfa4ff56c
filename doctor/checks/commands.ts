import type { ClusterFacts } from '../facts/cluster-facts.ts';

/** Quotes a word for a POSIX shell, if it needs quotes. */
export const shellWord = (text: string): string =>
  /^[\w.:/@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

const line = (...words: readonly string[]): string => words.map(shellWord).join(' ');

/** Returns a command for the cluster's context. Without a namespace, it is about objects of the cluster. */
export const kubectl = (
  { snapshot }: ClusterFacts,
  namespace: string | undefined,
  ...words: readonly string[]
): string =>
  line('kubectl', '--context', snapshot.context, ...(namespace === undefined ? [] : ['-n', namespace]), ...words);

/** Returns a command of the AWS CLI for the cluster's region. */
export const aws = ({ snapshot }: ClusterFacts, ...words: readonly string[]): string =>
  line('aws', ...words, '--region', snapshot.aws?.region ?? '');

/** Whether a repair is a command. Others are sentences. */
export const isCommand = (repair: string): boolean => /^(?:aws|kubectl) /.test(repair);
