/** Policies of bucket `data`, put by a session of `app`. */
import { ask } from '../../lib/s3-requests.ts';

/** Puts a policy on the bucket: by each statement everyone may read its objects, unless it says otherwise. */
export const putPolicy = (...statements: readonly object[]) => ask('PUT data?policy', { body: policyText(statements) });
export const policyText = (statements: readonly object[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::<bucket:data>/*',
      ...statement,
    })),
  });
/** It denies nobody anything: no session has this tag. */
export const NOBODY = {
  Effect: 'Deny',
  Condition: { StringEquals: { 'aws:PrincipalTag/no-such-tag': 'any' } },
} as const;
