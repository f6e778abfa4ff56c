/** Tags of every AWS resource that a run makes, so that what it left is found, and known to be the harness' own. */
export const RUN_TAG = 'conformance-run';
/** ISO 8601 in UTC: from then on `npm run sweep -- --cluster eks` may delete the resource. */
export const EXPIRY_TAG = 'conformance-expires';

/** What the names of a run's clusters, roles, policies and buckets in AWS begin with: policies of least privilege go by it. */
export const namePrefix = (run: string): string => `conformance-${run}`;

export function tagsOf(run: string, expiresAt: Date): Readonly<Record<string, string>> {
  return { [RUN_TAG]: run, [EXPIRY_TAG]: expiresAt.toISOString().replace(/\.\d+/, '') };
}
