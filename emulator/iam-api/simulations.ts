import { resourceTagKeys } from '../../identity/policy/tag-context.ts';
import type { XmlStructure } from '../query/xml.ts';
import { parsePrincipal } from '../../identity/evaluate/principal-text.ts';
import { authorize, compilePolicy } from '../../identity/policy/index.ts';
import { defaultKeyPolicy } from '../../identity/policy/key-policy.ts';
import type { AuthorizationInput, CompiledPolicy, ConditionContext, Decision } from '../../identity/policy/index.ts';
import { page, type IamCall, type IamOperation } from './call.ts';
import { invalidInput, noSuchEntity } from './errors.ts';
import { findPolicy } from './managed-policies.ts';
import { statementPositions } from './statement-positions.ts';

/** A simulated policy, with its id in results. */
interface Source {
  readonly id: string;
  readonly text: string;
  readonly compiled: CompiledPolicy;
}

interface Simulation extends Pick<AuthorizationInput, 'principal' | 'context'> {
  readonly policies: readonly Source[];
  readonly boundary: Source | undefined;
  readonly resourcePolicy: Source | undefined;
}

/** IAM API Reference, "SimulatePrincipalPolicy" and "SimulateCustomPolicy". */
export const simulations = {
  SimulatePrincipalPolicy: (call) => {
    const arn = call.parameters.required('PolicySourceArn');
    const context = contextOf(call);
    const principal = entityNamed(arn, context);
    const { roles, users } = call.account;
    const identity = [...roles.values(), ...users.values()].find((each) => each.arn === arn);
    call.demand('iam:SimulatePrincipalPolicy', arn, resourceTagKeys(identity?.tags));
    const [, kind = '', name = ''] = /:(user|role)\/(?:.*\/)?(.+)$/.exec(arn) ?? [];
    if (identity === undefined) throw noSuchEntity(`The ${kind} with name ${name} cannot be found.`);
    const managed = (policyArn: string): Source[] => {
      const policy = findPolicy(call.context.world, call.account, policyArn);
      const text = policy?.versions.get(policy.defaultVersion)?.text;
      return policy === undefined || text === undefined ? [] : [sourceOf(policy.name, text)];
    };
    const inline = [...identity.inlinePolicies].map(([key, { text }]) => sourceOf(`${kind}_${name}_${key}`, text));
    const [boundary] = identity.permissionsBoundary === undefined ? [] : managed(identity.permissionsBoundary);
    return simulate(call, {
      principal,
      context,
      boundary,
      policies: [...inline, ...[...identity.attachedPolicies].flatMap(managed)],
    });
  },

  SimulateCustomPolicy: (call) => {
    call.demand('iam:SimulateCustomPolicy', '*');
    const { parameters } = call;
    if (parameters.text('ResourcePolicy') !== undefined && parameters.text('CallerArn') === undefined)
      throw invalidInput('CallerArn is required when a ResourcePolicy is given.');
    const unknown = ['aws:PrincipalArn', 'aws:PrincipalType', 'aws:userid', 'aws:username'].map((key) => [key, []]);
    return simulate(call, {
      principal: { kind: 'user', accountId: call.account.id, arn: '', userName: '', userId: '' },
      context: { ...(Object.fromEntries(unknown) as ConditionContext), ...contextOf(call) },
      policies: [],
      boundary: undefined,
    });
  },
} satisfies Record<string, IamOperation>;

/** @param defaults values that the call does not provide */
function simulate(call: IamCall, defaults: Omit<Simulation, 'resourcePolicy'>): XmlStructure {
  const { parameters } = call;
  for (const name of ['OrderedOrganizationPolicyInputList', 'PolicyExclusionList']) {
    if (parameters.structures(name) !== undefined) throw invalidInput(`${name} is not supported by this simulator.`);
  }
  const inputs = (list: string): readonly Source[] =>
    (parameters.texts(list) ?? []).map((text, index) => sourceOf(`${list}.${index + 1}`, text));
  const [boundary = defaults.boundary, another] = inputs('PermissionsBoundaryPolicyInputList');
  if (another !== undefined) throw invalidInput('Only one permissions boundary can be given.');
  const [callerArn, resourcePolicy] = [parameters.text('CallerArn'), parameters.text('ResourcePolicy')];
  const caller = callerArn === undefined ? defaults : { context: contextOf(call), principal: entityNamed(callerArn) };
  const simulation = {
    principal: caller.principal,
    context: caller.context,
    boundary,
    policies: [...defaults.policies, ...inputs('PolicyInputList')],
    resourcePolicy: resourcePolicy === undefined ? undefined : sourceOf('ResourcePolicy', resourcePolicy, 'resource'),
  };
  const resources = parameters.texts('ResourceArns') ?? ['*'];
  const actions = (parameters.texts('ActionNames') ?? []).map((action, index) => ({ action, index }));
  const { items, members } = page(actions, ({ index }) => String(index).padStart(6, '0'), parameters);
  return { EvaluationResults: items.map(({ action }) => resultOf(call, simulation, action, resources)), ...members };
}

const DECISIONS = {
  allowed: 'allowed',
  implicitlyDenied: 'implicitDeny',
  explicitlyDenied: 'explicitDeny',
  unknown: 'implicitDeny',
} as const;
/** The strictest decision first. */
const STRICTEST = ['explicitDeny', 'implicitDeny', 'allowed'];

function resultOf(call: IamCall, simulation: Simulation, action: string, resources: readonly string[]): XmlStructure {
  const { boundary } = simulation;
  const specific = resources.map((resource) => {
    const decision = authorize(questionOf(call, simulation, action, resource));
    const alone = {
      ...simulation,
      policies: boundary ? [boundary] : [],
      boundary: undefined,
      resourcePolicy: undefined,
    };
    const isWithin = authorize(questionOf(call, alone, action, resource)).value === 'allowed';
    return {
      EvalResourceName: resource,
      EvalResourceDecision: DECISIONS[decision.value],
      MatchedStatements: matchedStatements(simulation, decision),
      // Conditions are only evaluated in statements for this action and resource.
      MissingContextValues: distinct(
        decision.statements
          .flatMap(({ conditions }) => conditions)
          .flatMap(({ key, actual }) => (actual === undefined ? [key] : [])),
      ),
      PermissionsBoundaryDecisionDetail: boundary && { AllowedByPermissionsBoundary: isWithin },
    };
  });
  return {
    EvalActionName: action,
    // The next three as recorded on AWS by LocalStack (test_simulate_principle_policy).
    EvalResourceName: resources.length === 1 ? resources[0] : '*',
    EvalDecisionDetails: {},
    OrganizationsDecisionDetail: { AllowedByOrganizations: true },
    EvalDecision: STRICTEST.find((each) => specific.some((result) => result.EvalResourceDecision === each)),
    MatchedStatements: distinct(specific.flatMap((result) => result.MatchedStatements)),
    MissingContextValues: distinct(specific.flatMap((result) => result.MissingContextValues)),
    PermissionsBoundaryDecisionDetail: boundary && {
      AllowedByPermissionsBoundary: specific.every(
        (result) => result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary,
      ),
    },
    ResourceSpecificResults: resources[0] === '*' ? undefined : specific,
  };
}

const distinct = <Item>(items: readonly Item[]): Item[] => [
  ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
];

/** The simulator ignores trust policies: for these actions it evaluates only identity policies. */
const ROLE_ASSUMPTION = /^sts:(assumerole\w*|tagsession|setsourceidentity|setcontext)$/i;

function questionOf(
  { parameters, account }: IamCall,
  { principal, policies, boundary, resourcePolicy, context }: Simulation,
  action: string,
  resource: string,
): AuthorizationInput {
  const callerAccount = 'accountId' in principal ? principal.accountId : account.id;
  const question = {
    principal,
    action,
    resource,
    context,
    resourceAccount: callerAccount,
    identityPolicies: policies.map(({ compiled }) => compiled),
    ...(boundary !== undefined && { permissionsBoundary: boundary.compiled }),
  };
  // The simulator reads no trust or key policies, so these delegate to the account.
  const delegation = (kind: 'trust' | 'resource', document: object) =>
    compilePolicy(document, { kind, name: 'delegation' });
  if (ROLE_ASSUMPTION.test(action)) {
    const Statement = { Effect: 'Allow', Principal: { AWS: callerAccount }, Action: 'sts:*' };
    return { ...question, trustPolicy: delegation('trust', { Statement }) };
  }
  if (resourcePolicy === undefined && action.toLowerCase().startsWith('kms:'))
    return { ...question, resourcePolicy: delegation('resource', defaultKeyPolicy(callerAccount)) };
  if (resourcePolicy === undefined) return question;
  const owner = /\d{12}/.exec(parameters.text('ResourceOwner') ?? '')?.[0] ?? callerAccount;
  const resourceAccount = /^\d{12}$/.exec(resource.split(':')[4] ?? '')?.[0] ?? owner;
  return { ...question, resourceAccount, resourcePolicy: resourcePolicy.compiled };
}

/** Returns the deciding statements, except those of boundaries. */
function matchedStatements({ policies, resourcePolicy }: Simulation, decision: Decision): XmlStructure[] {
  const wanted = { allowed: 'Allow', explicitlyDenied: 'Deny', implicitlyDenied: undefined, unknown: undefined }[
    decision.value
  ];
  return decision.statements
    .filter(({ applied, effect }) => applied && effect === wanted)
    .filter(({ kind }) => kind === 'identity' || (kind === 'resource' && resourcePolicy !== undefined))
    .map(({ kind, policy, index }) => {
      const source = kind === 'resource' ? resourcePolicy : policies.find(({ id }) => id === policy);
      const { start, end } = statementPositions(source?.text ?? '')[index] ?? {};
      const type = kind === 'resource' ? 'Resource Policy' : 'IAM Policy';
      return { SourcePolicyId: policy, SourcePolicyType: type, StartPosition: { ...start }, EndPosition: { ...end } };
    });
}

/** Throws `InvalidInput` (400) for an invalid policy. */
function sourceOf(id: string, text: string, kind: 'identity' | 'resource' = 'identity'): Source {
  try {
    return { id, text, compiled: compilePolicy(text, { kind, name: id }) };
  } catch (error) {
    throw invalidInput(`${id}: ${(error as Error).message}`);
  }
}

/** Throws `InvalidInput` (400) unless the ARN is a user's or a role's. */
function entityNamed(arn: string, context: ConditionContext = {}): Simulation['principal'] {
  const entity = /:(user|role)\//.test(arn) ? parsePrincipal(arn, context) : undefined;
  if (entity !== undefined) return entity;
  throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
}

function contextOf({ parameters }: IamCall): ConditionContext {
  const entries = (parameters.structures('ContextEntries') ?? []).map((entry) => {
    const values = entry.texts('ContextKeyValues') ?? [];
    const isList = entry.text('ContextKeyType')?.endsWith('List') === true;
    return [entry.text('ContextKeyName') ?? '', isList ? values : (values[0] ?? [])] as const;
  });
  return Object.fromEntries(entries);
}
