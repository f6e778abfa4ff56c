import { awsProblem } from '../../../../foundation/aws/aws-problem.ts';
import { isMissing } from '../../../../foundation/aws/missing.ts';
import type { AwsClients } from '../../../../aws/clients.ts';
import type { AwsService } from '../../../../aws/service-names.ts';
import type { AccountAlias } from '../../../../foundation/protocols/aliases.ts';
import type { InClusters } from './in-clusters.ts';
import { markOf, readTags, runOfName } from './tags.ts';
import type { AwsThing, Removable, Untouched } from './things.ts';

export interface Inventory {
  readonly clients: AwsClients;
  readonly services: readonly AwsService[] | undefined;
  readonly account: AccountAlias;
  /** Runs whose resources are read. Empty: all runs. */
  readonly runs: readonly string[];
  readonly kubernetes: Pick<InClusters, 'find'>;
}

/** The result for one resource; undefined if it belongs to no run. */
export type Found =
  { readonly thing: AwsThing } | { readonly refused: Untouched } | { readonly unseen: Untouched } | undefined;

export const isDenied = (error: unknown): boolean => awsProblem(error)?.kind === 'denied';

/** Tests whether a name belongs to one of these runs. An empty list accepts every run. */
export const isOf =
  (runs: readonly string[]) =>
  (name: string): boolean => {
    const run = runOfName(name);
    return run !== undefined && (runs.length === 0 || runs.includes(run));
  };

interface Kind<T> {
  /** Default: names do not contain the run, so only tags count. */
  readonly name?: (one: T) => string;
  readonly tags: (one: T) => Promise<Readonly<Record<string, string | undefined>>>;
  readonly removable: (one: T) => Removable;
}

/** Reads the tags of each candidate. Resources that may not be read are reported as unseen. */
export function eachOfRuns<T>(all: readonly T[], account: AccountAlias, kind: Kind<T>): Promise<Found[]> {
  return each(all, async (one): Promise<Found> => {
    const removable = kind.removable(one);
    const title = removable.name;
    try {
      const tags = await kind.tags(one);
      const mark = kind.name === undefined ? readTags(tags) : markOf(kind.name(one), tags);
      if (mark !== undefined) return { thing: { ...mark, account, ...removable } };
      if (kind.name === undefined) return undefined;
      return { refused: { title, why: 'has the name of a run but not its tags: delete it by hand if you know it' } };
    } catch (error) {
      const problem = awsProblem(error);
      if (problem?.kind !== 'denied') throw error;
      return { unseen: { title, why: problem.sentence.replace(/\.$/, '') } };
    }
  });
}

/** Calls `look` for each, and ignores those that no longer exist. The clients limit the rate of requests. */
export async function each<T, R>(all: readonly T[], look: (one: T) => Promise<R>): Promise<R[]> {
  const answers = await Promise.all(
    all.map((one) =>
      look(one).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    ),
  );
  return answers.filter((answer): answer is Awaited<R> => answer !== undefined);
}
