/** Requests for associations, and the answers and errors that scenarios expect. */
import { EKS } from '@aws-sdk/client-eks';
import { isAbsent, matching, podIdentityRole, type CheckContext } from '../../../harness/index.ts';

export const app = { app: podIdentityRole() } as const;
export const ID = '<association-id:made>';
export const ARN = '<association-arn:made>';
/** The id of no association. */
export const UNKNOWN = 'a-00000000000000000';
export const READ = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
});
/** Of so many characters: white space counts as any. */
export const longPolicy = (length: number): string => READ.replace('{', `{${' '.repeat(length - READ.length)}`);
export const eksOf = async ({ aws }: CheckContext): Promise<EKS> => new EKS(await aws('eks'));
/** Which of its codes for a bad request EKS uses is not documented for each rule. */
export const BAD_INPUT = {
  by: 'eks',
  code: ['InvalidParameterException', 'InvalidRequestException', 'BadRequestException', 'ValidationException'],
  status: 400,
} as const;
/** ISO 8601, as facts tell times. */
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
