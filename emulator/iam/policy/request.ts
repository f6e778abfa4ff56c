import type { EmulatorFault } from '../../core/faults.ts';
import { splitArn } from './arn.ts';
import type { ContextKey } from './context-key.ts';
import type { VariableSource } from './pattern.ts';
import type { AuthorizationInput } from './types.ts';

/** One authorization question, with what statements ask of it over and over worked out once. */
export class EvaluationRequest implements VariableSource {
  readonly input: AuthorizationInput;
  readonly principal: AuthorizationInput['principal'];
  /** Actions compare without regard to case. */
  readonly lowerCaseAction: string;
  readonly resourceArn: readonly string[] | undefined;
  readonly ignoresDeny: boolean;
  readonly ignoresCase: boolean;
  readonly ignoresSessionPolicy: boolean;

  constructor(input: AuthorizationInput, faults: ReadonlySet<EmulatorFault>) {
    this.input = input;
    this.principal = input.principal;
    this.lowerCaseAction = input.action.toLowerCase();
    this.resourceArn = splitArn(input.resource);
    this.ignoresDeny = faults.has('iam-ignores-deny');
    this.ignoresCase = faults.has('iam-string-equals-ignores-case');
    this.ignoresSessionPolicy = faults.has('iam-ignores-session-policy');
  }

  /** The account of the principal; undefined for one that has none (services, web identities, the anonymous). */
  get principalAccount(): string | undefined {
    const { principal } = this;
    return principal.kind === 'role-session' || principal.kind === 'root' || principal.kind === 'user'
      ? principal.accountId
      : undefined;
  }

  /** The values of a context key; undefined when it is absent. An empty list counts as absent. */
  values(key: ContextKey): string | readonly string[] | undefined {
    const found = this.#given(key) ?? this.#derived(key.lowerCase);
    return found !== undefined && typeof found !== 'string' && found.length === 0 ? undefined : found;
  }

  variable(key: ContextKey): string | undefined {
    const values = this.values(key);
    if (values === undefined || typeof values === 'string') return values;
    return values.length === 1 ? values[0] : undefined;
  }

  #given(key: ContextKey): string | readonly string[] | undefined {
    const { context } = this.input;
    if (Object.hasOwn(context, key.name)) return context[key.name];
    for (const name in context) {
      if (name.length === key.lowerCase.length && name.toLowerCase() === key.lowerCase) return context[name];
    }
    return undefined;
  }

  /** Context keys that follow from the principal and the resource (IAM User Guide, "AWS global condition context keys"). */
  #derived(key: string): string | undefined {
    const { principal, input } = this;
    switch (key) {
      case 'aws:principalarn':
        if (principal.kind === 'role-session') return principal.roleArn;
        return principal.kind === 'user' || principal.kind === 'root' ? principal.arn : undefined;
      case 'aws:principalaccount':
        return this.principalAccount;
      case 'aws:principaltype':
        return PRINCIPAL_TYPES[principal.kind];
      case 'aws:userid':
        if (principal.kind === 'anonymous') return 'anonymous';
        return 'userId' in principal && principal.userId !== '' ? principal.userId : undefined;
      case 'aws:username':
        return principal.kind === 'user' ? principal.userName : undefined;
      case 'aws:principalisawsservice':
        return principal.kind === 'anonymous' ? undefined : String(principal.kind === 'service');
      case 'aws:principalservicename':
        return principal.kind === 'service' ? principal.service : undefined;
      case 'aws:resourceaccount':
        return input.resourceAccount === '' ? undefined : input.resourceAccount;
      default:
        return undefined;
    }
  }
}

const PRINCIPAL_TYPES: Readonly<Record<AuthorizationInput['principal']['kind'], string | undefined>> = {
  'role-session': 'AssumedRole',
  user: 'User',
  root: 'Account',
  anonymous: 'Anonymous',
  service: undefined,
  federated: undefined,
};
