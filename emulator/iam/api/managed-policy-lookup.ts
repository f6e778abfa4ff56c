import type { ConditionContext } from '../policy/index.ts';
import { AwsError } from '../../core/errors.ts';
import { resourceTagKeys } from '../../core/tag-context.ts';
import type { Account, World } from '../../core/world.ts';
import type { ManagedPolicy } from '../model.ts';
import type { IamCall } from './call.ts';
import { noSuchEntity, validationError } from './errors.ts';

const POLICY_ARN = /^arn:aws:iam::(\d{12}|aws):policy\/[\u0021-\u007e]+$/;

/** A managed policy of the account, or AWS's own. */
export function findPolicy(world: World, account: Account, arn: string): ManagedPolicy | undefined {
  return account.policies.get(arn) ?? world.awsManagedPolicies.get(arn);
}

/** `PolicyArn` of a call. Throws `ValidationError` (400) for an ARN of no policy form, in AWS's text. */
export function policyArn({ parameters }: IamCall): string {
  const arn = parameters.required('PolicyArn');
  if (!POLICY_ARN.test(arn)) throw validationError('Invalid ARN:  Could not be parsed!');
  return arn;
}

/**
 * The policy that `PolicyArn` names, once the caller may do `action` on it. Throws `ValidationError` (400) for an ARN
 * of no policy form, `AccessDenied` (403), or `NoSuchEntity` (404).
 */
export function demandPolicy(call: IamCall, action: string, conditionKeys: ConditionContext = {}): ManagedPolicy {
  const arn = policyArn(call);
  const policy = findPolicy(call.context.world, call.account, arn);
  call.demand(action, arn, { ...resourceTagKeys(policy?.tags), ...conditionKeys });
  if (policy === undefined) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/** As `demandPolicy`, for a change: AWS's own policies belong to no customer, so nobody may change them. */
export function demandOwnPolicy(call: IamCall, action: string, conditionKeys: ConditionContext = {}): ManagedPolicy {
  const policy = demandPolicy(call, action, conditionKeys);
  if (!call.account.policies.has(policy.arn)) {
    const caller = call.request.caller?.arn ?? 'anonymous';
    throw new AwsError(
      'AccessDenied',
      403,
      `User: ${caller} is not authorized to perform: ${action} on resource: ${policy.arn}`,
    );
  }
  return policy;
}

/** Puts a changed copy in the policy's place: the policy as it was may still be what others see. */
export function changePolicy(
  { account }: IamCall,
  policy: ManagedPolicy,
  change: Partial<ManagedPolicy>,
): ManagedPolicy {
  const changed = { ...policy, ...change };
  account.policies.set(policy.arn, changed);
  return changed;
}

/** Checks that a permissions boundary exists. Throws `NoSuchEntity` (404). */
export function demandBoundary(world: World, account: Account, arn: string): string {
  if (findPolicy(world, account, arn) === undefined) {
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
  }
  return arn;
}
