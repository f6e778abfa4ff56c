/** Reads of bucket `data` by a session of `app`, and policies that the builders cannot express. */
import { asSession, fails, getObject, succeeds } from '../../../harness/index.ts';
import { NOT_ALLOWED } from '../../lib/outcomes.ts';

export const can = (key: string) => succeeds(asSession('app', getObject(`data/${key}`)));
export const cannot = (key: string, refusal: Parameters<typeof fails>[1] = NOT_ALLOWED) =>
  fails(asSession('app', getObject(`data/${key}`)), refusal);
export const objects = (...keys: readonly string[]) => keys.map((key) => `data/${key}`);

/** Returns a policy with elements that the builders do not support. */
export const rawPolicy = (Statement: readonly object[], Version = '2012-10-17') => ({
  document: { Version, Statement },
  from: 'the scenario',
});
/** Returns a statement that denies reads of an object in bucket `data` to all except these principals. */
export const denyAllBut = (key: string, ...names: readonly string[]) => ({
  Effect: 'Deny',
  Action: 's3:GetObject',
  Resource: `arn:aws:s3:::<bucket:data>/${key}`,
  NotPrincipal: { AWS: names },
});
