import type { XmlStructure } from '../../query/xml.ts';
import { parsePrincipal } from '../evaluate/principal-text.ts';
import type { Identity } from '../model.ts';
import { authorize, compilePolicy } from '../policy/index.ts';
import type { AuthorizationInput, CompiledPolicy, ConditionContext, Decision } from '../policy/index.ts';
import type { IamCall, IamOperation } from './call.ts';
import { invalidInput, noSuchEntity } from './errors.ts';
import { findPolicy } from './managed-policy-lookup.ts';
import { page } from './paging.ts';
import { statementPositions } from './statement-positions.ts';

/** A policy of a simulation, by the id that results name it by. */
interface Source {
  readonly id: string;
  readonly text: string;
  readonly compiled: CompiledPolicy;
}

interface Simulation {
  readonly principal: AuthorizationInput['principal'];
  readonly policies: readonly Source[];
  readonly boundary: Source | undefined;
  readonly resourcePolicy: Source | undefined;
  readonly context: ConditionContext;
}

/** The policy simulator (IAM API Reference, "SimulatePrincipalPolicy" and "SimulateCustomPolicy"). */
export const simulations = {
  SimulatePrincipalPolicy: (call) => {
    const arn = call.parameters.required('PolicySourceArn');
    const context = contextOf(call);
    const principal = parsePrincipal(arn, context);
    const isIdentity = principal !== undefined && /:(user|role)\//.test(arn);
    if (!isIdentity) throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
    call.demand('iam:SimulatePrincipalPolicy', arn);
    const identity = identityNamed(call, arn);
    const own = policiesOfIdentity(call, identity);
    return simulate(call, {
      principal: callerOf(call, context) ?? principal,
      policies: [...own.policies, ...inputs(call, 'PolicyInputList')],
      boundary: boundaryInput(call) ?? own.boundary,
      resourcePolicy: resourcePolicyOf(call),
      context,
    });
  },

  SimulateCustomPolicy: (call) => {
    call.demand('iam:SimulateCustomPolicy', '*');
    const context = contextOf(call);
    const caller = callerOf(call, context);
    const resourcePolicy = resourcePolicyOf(call);
    if (resourcePolicy !== undefined && caller === undefined)
      throw invalidInput('CallerArn is required when a ResourcePolicy is given.');
    return simulate(call, {
      ...(caller === undefined ? nobody(call, context) : { principal: caller, context }),
      resourcePolicy,
      policies: inputs(call, 'PolicyInputList'),
      boundary: boundaryInput(call),
    });
  },
} satisfies Record<string, IamOperation>;

/** A caller of whom policies know nothing, since a simulation of policies alone needs none. */
function nobody({ account }: IamCall, context: ConditionContext): Pick<Simulation, 'principal' | 'context'> {
  const unknown = ['aws:PrincipalArn', 'aws:PrincipalType', 'aws:userid', 'aws:username'].map((key) => [key, []]);
  return {
    principal: { kind: 'user', accountId: account.id, arn: '', userName: '', userId: '' },
    context: { ...(Object.fromEntries(unknown) as ConditionContext), ...context },
  };
}

function simulate(call: IamCall, simulation: Simulation): XmlStructure {
  for (const name of ['OrderedOrganizationPolicyInputList', 'PolicyExclusionList']) {
    if (call.parameters.structures(name) !== undefined) throw invalidInput(`${name} is not simulated here.`);
  }
  const given = call.parameters.texts('ResourceArns') ?? ['*'];
  const actions = call.parameters.texts('ActionNames') ?? [];
  const numbered = actions.map((action, index) => ({ action, key: String(index).padStart(6, '0') }));
  const { items, members } = page(numbered, ({ key }) => key, call.parameters);
  return { EvaluationResults: items.map(({ action }) => resultOf(call, simulation, action, given)), ...members };
}

const DECISIONS = { allowed: 'allowed', implicitlyDenied: 'implicitDeny', explicitlyDenied: 'explicitDeny' } as const;
/** The strictest first: what an action is found to be over all resources. */
const STRICTEST = ['explicitDeny', 'implicitDeny', 'allowed'];

function resultOf(call: IamCall, simulation: Simulation, action: string, resources: readonly string[]): XmlStructure {
  const specific = resources.map((resource) => {
    const decision = authorize(questionOf(call, simulation, action, resource));
    return {
      EvalResourceName: resource,
      EvalResourceDecision: DECISIONS[decision.value],
      MatchedStatements: matchedStatements(simulation, decision),
      MissingContextValues: missingContext(decision),
      ...boundaryDetail(call, simulation, action, resource),
    };
  });
  const union = <Item>(lists: readonly (readonly Item[])[]): Item[] => [
    ...new Map(lists.flat().map((item) => [JSON.stringify(item), item])).values(),
  ];
  const bounded = specific.map((result) => result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary);
  return {
    EvalActionName: action,
    EvalResourceName: '*',
    EvalDecision: STRICTEST.find((each) => specific.some((result) => result.EvalResourceDecision === each)),
    MatchedStatements: union(specific.map((result) => result.MatchedStatements)),
    MissingContextValues: union(specific.map((result) => result.MissingContextValues)),
    PermissionsBoundaryDecisionDetail:
      bounded[0] === undefined ? undefined : { AllowedByPermissionsBoundary: !bounded.includes(false) },
    ResourceSpecificResults: resources[0] === '*' ? undefined : specific,
  };
}

/** The simulator takes no trust policies: about these actions it asks the identity's policies alone. */
const ROLE_ASSUMPTION = /^sts:(assumerole\w*|tagsession|setsourceidentity|setcontext)$/i;

function questionOf(
  { parameters, account }: IamCall,
  { principal, policies, boundary, resourcePolicy, context }: Simulation,
  action: string,
  resource: string,
): AuthorizationInput {
  const own = 'accountId' in principal ? principal.accountId : account.id;
  const owner = /\d{12}/.exec(parameters.text('ResourceOwner') ?? '')?.[0] ?? own;
  const question = {
    ...{ principal, action, resource, context },
    identityPolicies: policies.map(({ compiled }) => compiled),
    ...(boundary !== undefined && { permissionsBoundary: boundary.compiled }),
  };
  if (ROLE_ASSUMPTION.test(action)) {
    const trust = { Effect: 'Allow', Principal: { AWS: own }, Action: 'sts:*' };
    const trustPolicy = compilePolicy({ Statement: trust }, { kind: 'trust', name: 'delegation' });
    return { ...question, resourceAccount: own, trustPolicy };
  }
  if (resourcePolicy === undefined) return { ...question, resourceAccount: own };
  const resourceAccount = /^\d{12}$/.exec(resource.split(':')[4] ?? '')?.[0] ?? owner;
  return { ...question, resourceAccount, resourcePolicy: resourcePolicy.compiled };
}

/** The statements that decided: those of boundaries are not told. */
function matchedStatements({ policies, resourcePolicy }: Simulation, decision: Decision): XmlStructure[] {
  const wanted = { allowed: 'Allow', explicitlyDenied: 'Deny', implicitlyDenied: undefined }[decision.value];
  return decision.statements
    .filter(({ applied, effect, kind }) => applied && effect === wanted && /^(identity|resource)$/.test(kind))
    .flatMap(({ kind, policy, index }) => {
      const source = kind === 'resource' ? resourcePolicy : policies.find(({ id }) => id === policy);
      const { start, end } = statementPositions(source?.text ?? '')[index] ?? {};
      const type = kind === 'resource' ? 'Resource Policy' : 'IAM Policy';
      return [{ SourcePolicyId: policy, SourcePolicyType: type, StartPosition: { ...start }, EndPosition: { ...end } }];
    });
}

/** Keys without a value that conditions ask for, of statements about the action and the resource. */
const missingContext = ({ statements }: Decision): string[] => [
  ...new Set(
    statements.flatMap(({ conditions }) =>
      conditions.filter(({ actual }) => actual === undefined).map(({ key }) => key),
    ),
  ),
];

function boundaryDetail(call: IamCall, simulation: Simulation, action: string, resource: string) {
  const { boundary } = simulation;
  if (boundary === undefined) return {};
  const alone = { ...simulation, policies: [boundary], boundary: undefined, resourcePolicy: undefined };
  const { value } = authorize(questionOf(call, alone, action, resource));
  return { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: value === 'allowed' } };
}

function identityNamed({ account }: IamCall, arn: string): Identity {
  const kind = arn.includes(':user/') ? 'user' : 'role';
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const found = (kind === 'user' ? account.users : account.roles).get(name);
  if (found?.arn !== arn) throw noSuchEntity(`The ${kind} with name ${name} cannot be found.`);
  return found;
}

function policiesOfIdentity({ context: { world }, account }: IamCall, identity: Identity) {
  const kind = identity.arn.includes(':user/') ? 'user' : 'role';
  const managed = (arn: string): readonly Source[] => {
    const policy = findPolicy(world, account, arn);
    const text = policy?.versions.get(policy.defaultVersion)?.text;
    return policy === undefined || text === undefined ? [] : [sourceOf(policy.name, text, 'identity')];
  };
  const inline = [...identity.inlinePolicies].map(([name, { text }]) =>
    sourceOf(`${kind}_${identity.name}_${name}`, text, 'identity'),
  );
  const [boundary] = identity.permissionsBoundary === undefined ? [] : managed(identity.permissionsBoundary);
  return { policies: [...inline, ...[...identity.attachedPolicies].flatMap(managed)], boundary };
}

/** Throws `InvalidInput` (400) for a text that is no policy of the kind. */
function sourceOf(id: string, text: string, kind: 'identity' | 'resource'): Source {
  try {
    return { id, text, compiled: compilePolicy(text, { kind, name: id }) };
  } catch (error) {
    throw invalidInput(`${id}: ${(error as Error).message}`);
  }
}

const inputs = ({ parameters }: IamCall, list: string): readonly Source[] =>
  (parameters.texts(list) ?? []).map((text, index) => sourceOf(`${list}.${index + 1}`, text, 'identity'));

function boundaryInput(call: IamCall): Source | undefined {
  const [boundary, another] = inputs(call, 'PermissionsBoundaryPolicyInputList');
  if (another !== undefined) throw invalidInput('Only one permissions boundary can be given.');
  return boundary;
}

function resourcePolicyOf({ parameters }: IamCall): Source | undefined {
  const text = parameters.text('ResourcePolicy');
  return text === undefined ? undefined : sourceOf('ResourcePolicy', text, 'resource');
}

function callerOf({ parameters }: IamCall, context: ConditionContext): Simulation['principal'] | undefined {
  const arn = parameters.text('CallerArn');
  if (arn === undefined) return undefined;
  const caller = /:(user|role)\//.test(arn) ? parsePrincipal(arn, context) : undefined;
  if (caller === undefined)
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  return caller;
}

/** `ContextEntries`, a list of values for the types that are lists. */
function contextOf({ parameters }: IamCall): ConditionContext {
  const entries = (parameters.structures('ContextEntries') ?? []).map((entry) => {
    const values = entry.texts('ContextKeyValues') ?? [];
    const isList = entry.text('ContextKeyType')?.endsWith('List') === true;
    return [entry.text('ContextKeyName') ?? '', isList ? values : (values[0] ?? [])] as const;
  });
  return Object.fromEntries(entries);
}
