import { CreatePolicyCommand } from '@aws-sdk/client-iam';
import { tagList, tagsOf } from '../../foundation/aws/tags.ts';
import { EVERYTHING, type RehearsalCloud } from '../cloud/cloud.ts';
import { BOUNDARY_NAME } from './statements.ts';

/** Creates the permissions boundary as administrator and returns its ARN. Throws IAM errors. */
export async function makeBoundary(cloud: Pick<RehearsalCloud, 'aws'>, document: string): Promise<string> {
  const create = new CreatePolicyCommand({ PolicyName: BOUNDARY_NAME, PolicyDocument: document });
  const { Policy } = await cloud.aws.clients('main').iam.send(create);
  return Policy?.Arn ?? '';
}

/** Run id in the name of the policy that `leaveBoundary` creates. */
export const KILLED_RUN = 'c0ffee1';

/** Creates the expired boundary of a killed run without `--permissions-boundary`. Throws IAM errors. */
export async function leaveBoundary(cloud: Pick<RehearsalCloud, 'aws'>): Promise<void> {
  const create = new CreatePolicyCommand({
    PolicyName: `conformance-${KILLED_RUN}-sec-12-app-boundary`,
    PolicyDocument: EVERYTHING,
    Tags: tagList(tagsOf(KILLED_RUN, new Date(0), cloud.aws.region)),
  });
  await cloud.aws.clients('main').iam.send(create);
}
