import { setTimeout as sleep } from 'node:timers/promises';
import { awsProblem } from '../../../../foundation/aws/aws-problem.ts';
import { removeAll, type Resource } from '../../../../foundation/aws/resources.ts';
import { accountsOf, type AwsTarget } from '../../../aws-target/target.ts';
import { EXIT } from '../../../../foundation/node/errors.ts';
import { findInAccount } from './find.ts';
import type { InClusters } from './in-clusters.ts';
import type { AwsFindings, AwsThing } from './things.ts';

interface AwsSweepOptions {
  readonly list: boolean;
  /** The runs to sweep, expired or not. Empty: all expired runs. */
  readonly runs: readonly string[];
}

export interface AwsSweepIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly now: () => Date;
  readonly kubernetes: Pick<InClusters, 'find' | 'remove' | 'passedOver'>;
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Milliseconds before each round of removals. The last resources of a killed run appear late, and IAM lists deleted
 * resources for a while (IAM User Guide, "Troubleshoot IAM").
 */
const PAUSES = [0, 2000, 10_000];

interface Findings extends AwsFindings {
  readonly due: readonly AwsThing[];
  readonly elsewhere: readonly AwsThing[];
}

interface Sweep extends AwsSweepOptions, AwsSweepIo {
  readonly aws: AwsTarget;
}

/** Lists leftovers in AWS, and deletes those that are expired or whose run is named. Only deletes resources with a run's tags. Returns the exit code. */
export async function sweepAws(aws: AwsTarget, options: AwsSweepOptions, io: AwsSweepIo): Promise<number> {
  const sweep = { aws, ...options, ...io };
  const findings = await look(sweep);
  tell(sweep, findings);
  const { seen, reasons } = options.list ? { seen: findings, reasons: new Map() } : await removeDue(sweep, findings);
  const { due, unseen } = seen;
  for (const { title, why } of unseen) io.err(`Not readable: ${title} (${why}).\n`);
  if (options.list) return unseen.length > 0 ? EXIT.environment : EXIT.conforms;
  for (const { name } of due) io.err(`Not removed: ${name} (${reasons.get(name) ?? 'it reappeared'}).\n`);
  const isMissed = options.runs.length > 0 && seen.elsewhere.length > 0;
  const complete = due.length === 0 && unseen.length === 0 && !isMissed;
  if (findings.due.length > 0 && complete) io.out('Removal complete.\n');
  return complete ? EXIT.conforms : EXIT.environment;
}

async function look(sweep: Sweep): Promise<Findings> {
  const { aws, runs, kubernetes } = sweep;
  const { services } = aws;
  const parts = await Promise.all(
    accountsOf(aws).map((account) =>
      findInAccount({ clients: aws.clients(account), services, account, runs, kubernetes }),
    ),
  );
  const isHere = ({ region = aws.region }: AwsThing): boolean => region === aws.region;
  const all = parts.flatMap((part) => part.things.filter(({ run }) => runs.length === 0 || runs.includes(run)));
  const things = all.filter(isHere);
  return {
    things,
    due: things.filter((thing) => isDue(sweep, thing)),
    elsewhere: all.filter((thing) => !isHere(thing)),
    refused: parts.flatMap(({ refused }) => refused),
    unseen: parts.flatMap(({ unseen }) => unseen),
  };
}

const isDue = ({ runs, now }: Sweep, { run, expiresAt }: AwsThing): boolean =>
  runs.includes(run) || expiresAt.getTime() <= now().getTime();

/** Reports leftovers before the removal, and skipped resources. */
function tell(sweep: Sweep, { things, refused, elsewhere, unseen }: Findings): void {
  const { aws, runs, out, err, kubernetes } = sweep;
  const none = `no leftovers of ${runs.length === 0 ? 'any run' : `run ${runs.join(' and ')}`}${unseen.length === 0 ? '' : ' among readable resources'}`;
  const accounts = accountsOf(aws).map((account) => aws.accountId(account));
  out(
    `Account ${accounts.join(' and ')}, region ${aws.region}: ${things.length === 0 ? none : `${things.length} leftover resources`}.\n`,
  );
  for (const run of new Set(things.map((thing) => thing.run))) out(describe(sweep, run, things));
  for (const { title, why } of refused) out(`Not touched: ${title} ${why}.\n`);
  for (const sentence of placesOf(elsewhere)) (runs.length === 0 ? out : err)(`Not touched: ${sentence}.\n`);
  for (const [name, why] of kubernetes.passedOver) out(`Skipped Kubernetes objects in cluster ${name}: ${why}.\n`);
}

/** Removes due resources in rounds. Returns the last findings, and the reasons of failed removals by name. */
async function removeDue(sweep: Sweep, sweepFindings: Findings) {
  let seen = sweepFindings;
  let reasons: ReadonlyMap<string, string> = new Map();
  for (const pause of PAUSES) {
    if (pause > 0 && seen.due.length > 0) {
      await (sweep.pause ?? sleep)(pause);
      // Resources may have disappeared during the pause.
      seen = await look(sweep);
    }
    if (seen.due.length === 0) break;
    reasons = await remove(sweep, seen);
    seen = await look(sweep);
  }
  return { seen, reasons };
}

/** Returns a clause for each other region whose runs have IAM resources. */
const placesOf = (elsewhere: readonly AwsThing[]): string[] =>
  [
    ...new Set(
      elsewhere.map(
        ({ run, region }) => `of run ${run} in region ${region}: sweep that region with --region ${region}`,
      ),
    ),
  ].map((place) => `IAM resources ${place}`);

/** Removes due resources, and reports each removal. Returns the reasons of failures by name. */
async function remove(
  { aws, out, kubernetes }: Sweep,
  { due, things, refused, unseen }: Findings,
): Promise<ReadonlyMap<string, string>> {
  const notDue = things.filter((thing) => !due.includes(thing)).map(({ name }) => name);
  const untouched = [...refused, ...unseen].map(({ title }) => title);
  const resources = due.map((thing): Resource => {
    const progress = (line: string): void => out(`  ${thing.run}: ${line}\n`);
    const remove = async (): Promise<void> => {
      await thing.remove({ clients: aws.clients(thing.account), kubernetes, progress });
      progress(`removed ${thing.name}`);
    };
    return { ...thing, lives: 'aws', remove };
  });
  const failures = await removeAll(resources, { existing: new Set([...notDue, ...untouched]) });
  return new Map([...failures].map(([{ name }, error]) => [name, reasonOf(error)]));
}

const reasonOf = (error: Error): string =>
  awsProblem(error)?.sentence.replace(/\.$/, '') ??
  `${error.name === 'Error' ? '' : `${error.name}: `}${error.message.split('\n')[0]?.replace(/\.$/, '')}`;

function describe(sweep: Sweep, run: string, all: readonly AwsThing[]): string {
  const things = all.filter((thing) => thing.run === run);
  const expiresAt = new Date(Math.max(...things.map((thing) => thing.expiresAt.getTime())));
  const minutes = Math.round((expiresAt.getTime() - sweep.now().getTime()) / 60_000);
  const state = things.every((thing) => isDue(sweep, thing))
    ? minutes <= 0
      ? `expired ${-minutes} min ago`
      : `expires in ${minutes} min, and is named with --run`
    : `expires in ${minutes} min (${expiresAt.toISOString()}): skipped, unless you name it with --run ${run}`;
  const order = [...things].sort((a, b) => a.order - b.order);
  return `Run ${run}, ${state}\n${order.map((thing) => `  ${thing.name}\n`).join('')}`;
}
