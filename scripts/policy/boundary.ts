import { CreatePolicyCommand } from '@aws-sdk/client-iam';
import type { RehearsalCloud } from '../rehearsal/cloud.ts';
import { BOUNDARY_NAME } from './statements.ts';

/** Makes the boundary that the job's policy names, as the administrator; resolves to its ARN. Throws errors of IAM. */
export async function makeBoundary(cloud: Pick<RehearsalCloud, 'aws'>, document: string): Promise<string> {
  const create = new CreatePolicyCommand({ PolicyName: BOUNDARY_NAME, PolicyDocument: document });
  const { Policy } = await cloud.aws.clients('main').iam.send(create);
  return Policy?.Arn ?? '';
}
