import { principalArn } from './principal.ts';
import { splitArn } from './arn.ts';
import type { ContextKey } from './context-key.ts';
import type { VariableSource } from './pattern.ts';
import rcpServices from './rcp-services.json' with { type: 'json' };
import type { AuthorizationInput, CompiledPolicy, ConditionContext, OrganizationLevel } from './types.ts';

/** Denied without a trust policy, which does not apply to other actions on a role, such as `iam:PassRole`. */
const ROLE_ASSUMPTION = /^sts:(assumerole(withwebidentity|withsaml)?|tagsession|setsourceidentity|setcontext)$/;

/** Whether a trust policy decides about an action. */
export const isRoleAssumption = (action: string): boolean => ROLE_ASSUMPTION.test(action.toLowerCase());

/** The policy of a key must allow each use of it (AWS KMS Developer Guide, "Key policies in AWS KMS"). */
const KMS_KEY = /^arn:[^:]+:kms:[^:]*:[^:]*:key\//;

/** The owner's root user may call these despite the bucket policy (S3 API Reference, PutBucketPolicy). */
const NEVER_LOCKED_OUT = /^s3:(get|put|delete)bucketpolicy$/;

const RCP_SERVICES: ReadonlySet<string> = new Set(rcpServices.prefixes);
const SERVICE_LINKED_ROLE = /^arn:[^:]+:iam::\d{12}:role\/aws-service-role\//;
const AWS_MANAGED_KEY = /^arn:[^:]+:kms:[^:]*:[^:]*:alias\/aws\//;

/** An authorization question with precomputed values. */
export class EvaluationRequest implements VariableSource {
  readonly input: AuthorizationInput;
  readonly principal: AuthorizationInput['principal'];
  /** Actions are case-insensitive. */
  readonly lowerCaseAction: string;
  readonly resourceArn: readonly string[] | undefined;
  readonly contexts: readonly ConditionContext[];
  #derived: readonly ConditionContext[] | undefined;

  constructor(input: AuthorizationInput) {
    this.input = input;
    this.principal = input.principal;
    this.lowerCaseAction = input.action.toLowerCase();
    this.resourceArn = splitArn(input.resource);
    this.contexts = input.defaults === undefined ? [input.context] : [input.context, ...input.defaults];
  }

  /** Undefined for services, web identities and anonymous callers. */
  get principalAccount(): string | undefined {
    return 'arn' in this.principal ? this.principal.accountId : undefined;
  }

  get isRoleAssumption(): boolean {
    return isRoleAssumption(this.lowerCaseAction);
  }

  get isUseOfKey(): boolean {
    return this.lowerCaseAction.startsWith('kms:') && KMS_KEY.test(this.input.resource);
  }

  /** The trust policy, if a role is assumed. */
  get resourcePolicy(): CompiledPolicy | undefined {
    const { input, principal } = this;
    if (input.trustPolicy !== undefined && this.isRoleAssumption) return input.trustPolicy;
    const isOwner = principal.kind === 'root' && principal.accountId === input.resourceAccount;
    return isOwner && NEVER_LOCKED_OUT.test(this.lowerCaseAction) ? undefined : input.resourcePolicy;
  }

  /** The levels of SCPs that restrict the principal (AWS Organizations User Guide, "SCP effects on permissions"). */
  get scps(): readonly OrganizationLevel[] {
    const { scps = [], managementAccount } = this.input;
    const account = this.principalAccount;
    return account === undefined || account === managementAccount || this.#isServiceLinked ? [] : scps;
  }

  /** The levels of RCPs that restrict the resource (AWS Organizations User Guide, "Resources and entities not restricted by RCPs"). */
  get rcps(): readonly OrganizationLevel[] {
    const { rcps = [], managementAccount, resource, resourceAccount } = this.input;
    const isExempt =
      resourceAccount === managementAccount ||
      this.#isServiceLinked ||
      (this.isRoleAssumption && SERVICE_LINKED_ROLE.test(resource)) ||
      this.lowerCaseAction === 'kms:retiregrant' ||
      AWS_MANAGED_KEY.test(resource);
    return isExempt || !RCP_SERVICES.has(this.lowerCaseAction.split(':')[0]!) ? [] : rcps;
  }

  get #isServiceLinked(): boolean {
    return this.principal.kind === 'role-session' && SERVICE_LINKED_ROLE.test(this.principal.roleArn);
  }

  /** An empty list counts as absent and becomes undefined. */
  values(key: ContextKey): string | readonly string[] | undefined {
    const values = valueIn(this.contexts, key) ?? valueIn((this.#derived ??= [derivedContext(this.input)]), key);
    return values?.length === 0 && typeof values !== 'string' ? undefined : values;
  }

  variable(key: ContextKey): string | undefined {
    const values = this.values(key);
    if (values === undefined || typeof values === 'string') return values;
    return values.length === 1 ? values[0] : undefined;
  }
}

function valueIn(contexts: readonly ConditionContext[], key: ContextKey): string | readonly string[] | undefined {
  for (const context of contexts) {
    if (Object.hasOwn(context, key.name)) return context[key.name];
    for (const name in context) if (name.toLowerCase() === key.lowerCase) return context[name];
  }
  return undefined;
}

function derivedContext({ principal, resourceAccount }: AuthorizationInput): ConditionContext {
  return {
    ...principalContext(principal),
    ...(resourceAccount !== '' && { 'aws:ResourceAccount': resourceAccount }),
  };
}

const PRINCIPAL_TYPES = { 'role-session': 'AssumedRole', user: 'User', root: 'Account' } as const;

/** Returns the sources of context keys (IAM User Guide, "AWS global condition context keys"). */
export function principalContext(principal: AuthorizationInput['principal']): Record<string, string> {
  switch (principal.kind) {
    case 'anonymous':
      return { 'aws:PrincipalType': 'Anonymous', 'aws:PrincipalAccount': 'anonymous', 'aws:userid': 'anonymous' };
    case 'service':
      return { 'aws:PrincipalServiceName': principal.service, 'aws:PrincipalIsAWSService': 'true' };
    // AssumeRoleWithWebIdentity is not signed.
    case 'federated':
      return {};
    default:
      return {
        'aws:PrincipalIsAWSService': 'false',
        'aws:PrincipalArn': principalArn(principal),
        'aws:PrincipalAccount': principal.accountId,
        'aws:PrincipalType': PRINCIPAL_TYPES[principal.kind],
        ...(principal.userId !== '' && { 'aws:userid': principal.userId }),
        ...(principal.kind === 'user' && { 'aws:username': principal.userName }),
      };
  }
}
