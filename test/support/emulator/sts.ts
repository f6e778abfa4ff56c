import type { Caller, RoleSession } from '../../../identity/policy/principal.ts';
import type { WorldOptions } from '../../../emulator/world/new-world.ts';
import { HERE, iamWorld, root } from './iam.ts';
import { queryCaller } from './query.ts';
import type { QueryResponse, Parameters } from './query.ts';
import { stsService } from '../../../emulator/sts/index.ts';

/** Returns `iamWorld` with STS added. */
export function stsWorld(options: Partial<WorldOptions> = {}) {
  const made = iamWorld(options);
  const sts = queryCaller(stsService(made.context), '2011-06-15');

  async function createRole(name: string, trustPolicy: string, policy?: string, accountId = HERE): Promise<string> {
    const caller = root(accountId);
    await made.must('CreateRole', { RoleName: name, AssumeRolePolicyDocument: trustPolicy }, caller);
    if (policy !== undefined) {
      await made.must('PutRolePolicy', { RoleName: name, PolicyName: 'own', PolicyDocument: policy }, caller);
    }
    return `arn:aws:iam::${accountId}:role/${name}`;
  }

  /** Returns the session of the credentials in a response. */
  function sessionIn(answer: QueryResponse): RoleSession {
    const found = made.world.credentials.find(String(answer.get('Credentials.AccessKeyId')));
    if (found?.caller.kind !== 'role-session') throw new Error(`no session: ${answer.code}: ${answer.message}`);
    return found.caller;
  }

  function assume(caller: Caller, roleArn: string, parameters: Parameters = {}): Promise<QueryResponse> {
    return sts(caller, 'AssumeRole', { RoleArn: roleArn, RoleSessionName: 'next', ...parameters });
  }
  return { ...made, sts, createRole, sessionIn, assume };
}

/** Returns session tags as parameters of AssumeRole. */
export function tagParameters(tags: Readonly<Record<string, string>>, transitive: readonly string[] = []): Parameters {
  const parameters: Record<string, string> = {};
  Object.entries(tags).forEach(([key, value], index) => {
    parameters[`Tags.member.${index + 1}.Key`] = key;
    parameters[`Tags.member.${index + 1}.Value`] = value;
  });
  transitive.forEach((key, index) => {
    parameters[`TransitiveTagKeys.member.${index + 1}`] = key;
  });
  return parameters;
}
