/** Requests for associations, and the expected responses and errors. */
import { EKS } from '@aws-sdk/client-eks';
import { isAbsent, matching, podIdentityRole, type CheckContext } from '../../../harness/index.ts';

export const app = { app: podIdentityRole() } as const;
export const ID = '<association-id:made>';
export const ARN = '<association-arn:made>';
/** An id that no association has. */
export const UNKNOWN = 'a-00000000000000000';
export const READ = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
});
/** Returns a policy of this length; white space counts too. */
export const longPolicy = (length: number): string => READ.replace('{', `{${' '.repeat(length - READ.length)}`);
export const eksOf = async ({ aws }: CheckContext): Promise<EKS> => new EKS(await aws('eks'));
/** EKS has several codes for a bad request, and does not document which rule causes which. */
export const BAD_INPUT = {
  by: 'eks',
  code: ['InvalidParameterException', 'InvalidRequestException', 'BadRequestException', 'ValidationException'],
  status: 400,
} as const;
/** Facts report times in ISO 8601. */
export const A_TIME = matching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
export const asMade = {
  clusterName: '<cluster:c1>',
  namespace: '<namespace:app>',
  serviceAccount: 'app',
  roleArn: '<role:app>',
  associationId: ID,
  associationArn: matching(
    /^arn:aws:eks:[a-z0-9-]+:<account:main>:podidentityassociation\/<cluster:c1>\/<association-id:made>$/,
  ),
  createdAt: A_TIME,
  modifiedAt: A_TIME,
  targetRoleArn: isAbsent,
  externalId: isAbsent,
};
