/** Tag of every AWS resource of a run, by which the sweep finds it. */
export const RUN_TAG = 'conformance-run';
/** ISO 8601 in UTC. After this time `sweep --cluster eks` may delete the resource. */
export const EXPIRY_TAG = 'conformance-expires';
/** Region of the run. IAM has none, and its resources may belong to clusters elsewhere. */
export const REGION_TAG = 'conformance-region';

/** Returns the prefix of a run's names in AWS, which least-privilege policies use. */
export const namePrefix = (run: string): string => `conformance-${run}`;

export interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

export const tagList = (tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export const areOfRun = (tags: readonly Tag[] | undefined, run: string | undefined): boolean =>
  run !== undefined && (tags ?? []).some(({ Key, Value }) => Key === RUN_TAG && Value === run);

export function tagsOf(run: string, expiresAt: Date, region: string): Readonly<Record<string, string>> {
  return { [RUN_TAG]: run, [EXPIRY_TAG]: expiresAt.toISOString().replace(/\.\d+/, ''), [REGION_TAG]: region };
}
