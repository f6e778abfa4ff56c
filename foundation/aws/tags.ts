/** Tags of every AWS resource that a run makes, so that what it left is found, and known to be the harness' own. */
export const RUN_TAG = 'conformance-run';
/** ISO 8601 in UTC: from then on `sweep --cluster eks` may delete the resource. */
export const EXPIRY_TAG = 'conformance-expires';

/** Where the run was: IAM has no regions, so only the tag tells of its things whether clusters elsewhere need them. */
export const REGION_TAG = 'conformance-region';

/** What the names of a run's clusters, roles, policies and buckets in AWS begin with: policies of least privilege go by it. */
export const namePrefix = (run: string): string => `conformance-${run}`;

/** A tag as IAM and S3 write it. */
export interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** Tags as IAM and S3 take them. */
export const tagList = (tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Whether tags are those of a run's own things. */
export const areOfRun = (tags: readonly Tag[] | undefined, run: string | undefined): boolean =>
  run !== undefined && (tags ?? []).some(({ Key, Value }) => Key === RUN_TAG && Value === run);

export function tagsOf(run: string, expiresAt: Date, region: string): Readonly<Record<string, string>> {
  return { [RUN_TAG]: run, [EXPIRY_TAG]: expiresAt.toISOString().replace(/\.\d+/, ''), [REGION_TAG]: region };
}
