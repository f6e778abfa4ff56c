/** Policies of bucket `data`, put by a session of `app`. */
import { ask } from '../../lib/s3-requests.ts';

/** Puts a policy on the bucket. By default, each statement lets everyone read its objects. */
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
/** This Deny never applies, because no session has this tag. */
export const NOBODY = {
  Effect: 'Deny',
  Condition: { StringEquals: { 'aws:PrincipalTag/no-such-tag': 'any' } },
} as const;
