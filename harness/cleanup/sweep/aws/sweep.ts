import { setTimeout as sleep } from 'node:timers/promises';
import { awsProblem } from '../../../../foundation/aws-problem.ts';
import { removeAll, type Resource } from '../../../../foundation/resources.ts';
import type { AwsTarget } from '../../../aws/target.ts';
import { EXIT } from '../../../../foundation/errors.ts';
import { findInAccount } from './find.ts';
import type { InClusters } from './in-clusters.ts';
import type { AwsFindings, AwsThing } from './things.ts';

export interface AwsSweepOptions {
  readonly list: boolean;
  /** Only these runs, expired or not. None: all, once they have expired. */
  readonly runs: readonly string[];
}

export interface AwsSweepIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly now: () => Date;
  readonly kubernetes: Pick<InClusters, 'find' | 'remove' | 'passedOver'>;
  /** For tests. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Milliseconds ahead of each round of removals. There are several, as what a run was still making when it was killed shows up
 * late, and IAM lists for a while what it has deleted (IAM User Guide, "Troubleshoot IAM").
 */
const PAUSES = [0, 2000, 10_000];

interface Findings extends AwsFindings {
  /** Things in IAM of runs that were in other regions, where clusters may need them. */
  readonly elsewhere: readonly AwsThing[];
}

/**
 * Lists what runs left in AWS, and deletes what has expired or is of a run that is named. Only what carries the tags of
 * a run is ever deleted. Gives the exit code.
 */
export async function sweepAws(aws: AwsTarget, options: AwsSweepOptions, io: AwsSweepIo): Promise<number> {
  const accounts = aws.capabilities.has('two-accounts') ? (['main', 'other'] as const) : (['main'] as const);
  const { runs } = options;
  const look = async (): Promise<Findings> => {
    const parts = await Promise.all(
      accounts.map((account) =>
        findInAccount({
          ...{ clients: aws.clients(account), services: aws.services },
          ...{ account, runs, kubernetes: io.kubernetes },
        }),
      ),
    );
    const isWanted = ({ run }: AwsThing): boolean => runs.length === 0 || runs.includes(run);
    const isHere = ({ region = aws.region }: AwsThing): boolean => region === aws.region;
    const things = parts.flatMap((part) => part.things.filter(isWanted));
    return {
      things: things.filter(isHere),
      elsewhere: things.filter((thing) => !isHere(thing)),
      refused: parts.flatMap(({ refused }) => refused),
      unseen: parts.flatMap(({ unseen }) => unseen),
    };
  };
  const mayGo = (thing: AwsThing): boolean =>
    runs.includes(thing.run) || thing.expiresAt.getTime() <= io.now().getTime();
  const found = await look();
  const { things, refused } = found;
  const none = `nothing is left of ${runs.length === 0 ? 'any run' : `run ${runs.join(' and ')}`}${found.unseen.length === 0 ? '' : ' as far as it could be seen'}`;
  io.out(
    `Account ${accounts.map((account) => aws.accountId(account)).join(' and ')}, region ${aws.region}: ${things.length === 0 ? none : `${things.length} resources of runs`}.\n`,
  );
  for (const run of new Set(things.map((thing) => thing.run)))
    io.out(
      describe(
        run,
        things.filter((thing) => thing.run === run),
        mayGo,
        io.now(),
      ),
    );
  for (const { title, why } of refused) io.out(`Not touched: ${title} ${why}.\n`);
  for (const sentence of placesOf(found.elsewhere))
    (runs.length === 0 ? io.out : io.err)(`Not touched: ${sentence}.\n`);
  for (const [name, why] of io.kubernetes.passedOver)
    io.out(`Kubernetes objects in cluster ${name} were not looked for: ${why}.\n`);
  let reasons: ReadonlyMap<string, string> = new Map();
  let left = things.filter(mayGo);
  let seen = found;
  const any = left.length > 0;
  for (const pause of options.list ? [] : PAUSES) {
    if (pause > 0 && left.length > 0) {
      await (io.pause ?? sleep)(pause);
      // By now it may be gone.
      seen = await look();
      left = seen.things.filter(mayGo);
    }
    if (left.length === 0) break;
    reasons = await remove(aws, left, seen, io);
    seen = await look();
    left = seen.things.filter(mayGo);
  }
  const { unseen } = seen;
  for (const { title, why } of unseen) io.err(`Not looked at: ${title} (${why}).\n`);
  if (options.list) return unseen.length > 0 ? EXIT.environment : EXIT.conforms;
  for (const { name } of left) io.err(`Not removed: ${name} (${reasons.get(name) ?? 'it is there again'}).\n`);
  const isMissed = runs.length > 0 && seen.elsewhere.length > 0;
  const complete = left.length === 0 && unseen.length === 0 && !isMissed;
  if (any && complete) io.out('All of it is removed.\n');
  return complete ? EXIT.conforms : EXIT.environment;
}

/** What is of runs in other regions, a clause each. */
const placesOf = (elsewhere: readonly AwsThing[]): string[] =>
  [
    ...new Set(
      elsewhere.map(({ run, region }) => `of run ${run} in region ${region}: sweep there, with --region ${region}`),
    ),
  ].map((place) => `IAM resources ${place}`);

/** Removes the things, and tells of each. Gives the reasons by name of what could not be removed. */
async function remove(
  aws: AwsTarget,
  things: readonly AwsThing[],
  found: AwsFindings,
  { out, kubernetes }: AwsSweepIo,
): Promise<ReadonlyMap<string, string>> {
  const names = new Set(things.map(({ name }) => name));
  const others = found.things.filter(({ name }) => !names.has(name));
  const untouched = [...found.refused, ...found.unseen].map(({ title }) => title);
  const resources = things.map((thing): Resource => {
    const progress = (line: string): void => out(`  ${thing.run}: ${line}\n`);
    const remove = async (): Promise<void> => {
      await thing.remove({ clients: aws.clients(thing.account), kubernetes, progress });
      progress(`removed ${thing.name}`);
    };
    return { ...thing, lives: 'aws', remove };
  });
  const there = new Set([...others.map(({ name }) => name), ...untouched]);
  const failures = await removeAll(resources, { there });
  return new Map([...failures].map(([{ name }, error]) => [name, reasonOf(error)]));
}

const reasonOf = (error: Error): string =>
  awsProblem(error)?.sentence.replace(/\.$/, '') ??
  `${error.name === 'Error' ? '' : `${error.name}: `}${error.message.split('\n')[0]?.replace(/\.$/, '')}`;

function describe(run: string, things: readonly AwsThing[], mayGo: (thing: AwsThing) => boolean, now: Date): string {
  const expiresAt = new Date(Math.max(...things.map((thing) => thing.expiresAt.getTime())));
  const minutes = Math.round((expiresAt.getTime() - now.getTime()) / 60_000);
  const state = things.every(mayGo)
    ? minutes <= 0
      ? `expired ${-minutes} min ago`
      : `expires in ${minutes} min, and is named with --run`
    : `expires in ${minutes} min (${expiresAt.toISOString()}): left alone, unless you name it with --run ${run}`;
  const order = [...things].sort((a, b) => a.order - b.order);
  return `Run ${run}, ${state}\n${order.map((thing) => `  ${thing.name}\n`).join('')}`;
}
