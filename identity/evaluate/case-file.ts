import { dirname } from 'node:path';
import * as z from 'zod';
import { HarnessError } from '../../foundation/node/errors.ts';
import { scalar, validated, words } from '../../foundation/node/validate.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import {
  compilePolicy,
  type AuthorizationInput,
  type CompiledPolicy,
  type ConditionContext,
  type DecisionValue,
  type OrganizationLevel,
  type PolicyKind,
} from '../policy/index.ts';
import { requestProblem } from '../policy/actions.ts';
import { documentOf, policy, type Policy } from '../policy-file/schema.ts';
import { organizationPolicyName } from '../policy/label.ts';
import { parsePrincipal } from './principal-text.ts';

/** A request to the policy engine and, optionally, the expected decision. */
export interface EvaluationCase {
  readonly name: string;
  readonly input: AuthorizationInput;
  readonly expect: DecisionValue | undefined;
}

/** A case that cannot be judged. `error` is a sentence with its file and name. */
export interface UnreadableCase {
  readonly name: string;
  readonly error: string;
}

const policies = z.union([z.array(policy), policy], 'a policy or a list of policies').nullish();

const level = z
  .union(
    [
      z.array(policy),
      z.strictObject({ level: words, policies: z.union([z.array(policy), z.record(z.string(), policy)]) }),
      policy,
    ],
    'a list of policies, or {"level": …, "policies": …}',
  )
  .meta({ id: 'level', description: 'Policies of the root, an organizational unit or an account.' });
const levels = z.array(level, 'a list of levels').nullish();
type Level = z.infer<typeof level>;

const evaluationCase = z
  .strictObject({
    name: words,
    note: z.unknown().optional(),
    request: z.strictObject({
      principal: words.describe(
        "ARN of a role (for a session of it), an assumed-role session, a user, an account's root or an identity provider; a service principal; or * for an anonymous caller.",
      ),
      action: z.string().regex(/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/, 'an action such as s3:GetObject'),
      resource: z.string().regex(/^(?:\*$|arn:(?:[^:]*:){4}.)/, 'an ARN or *'),
      resourceAccount: z
        .string('a string of 12 digits')
        .regex(/^\d{12}$/, 'a string of 12 digits')
        .nullish(),
      context: z
        .record(
          z.string(),
          z.union([scalar, z.array(scalar), z.null()], 'a string, a number, true, false, a list of these, or null'),
        )
        .nullish()
        .describe('Values of condition keys; null for an absent key.'),
    }),
    identityPolicies: policies,
    resourcePolicy: policy.nullish(),
    trustPolicy: policy.nullish().describe('Replaces the resource policy if a role is assumed.'),
    sessionPolicy: policies,
    permissionsBoundary: policy.nullish(),
    scps: levels.describe("Service control policies from the root to the principal's account."),
    rcps: levels.describe("Resource control policies from the root to the resource's account."),
    managementAccount: z
      .string()
      .regex(/^\d{12}$/, 'a string of 12 digits')
      .nullish()
      .describe('The account whose principals and resources no organization policy restricts.'),
    expect: z.enum(['allowed', 'implicitlyDenied', 'explicitlyDenied', 'unknown'] satisfies DecisionValue[]).nullish(),
  })
  .meta({ id: 'case' });
type Members = z.infer<typeof evaluationCase>;

const fileOf = <T extends z.ZodType>(one: T) =>
  z.strictObject({ $schema: z.string().optional(), cases: z.array(one).min(1) });

/** The source of cases.schema.json, which `npm run schemas` writes. */
export const caseFileSchema = fileOf(evaluationCase).meta({
  title: 'Policy evaluation cases',
  description: 'Requests to the policy engine with expected decisions, for `npm run evaluate`.',
});

/** Parses a case file. Throws `HarnessError` BAD_FILE with `file` in its message if it is not a list of cases. */
export function parseCases(text: string, file: string): readonly (EvaluationCase | UnreadableCase)[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw bad(`${file} is not valid JSON (${(error as Error).message.replace(/\s+/g, ' ')})`);
  }
  return validated(fileOf(z.unknown()), content, (problem) => `${file}: ${problem}`).cases.map((value, index) => {
    const { name } = { ...(value as object) } as { name?: unknown };
    const label = `case ${typeof name === 'string' ? `"${name}"` : index + 1}`;
    try {
      const members = validated(evaluationCase, value, (problem) => problem);
      return { name: members.name, input: inputOf(members, dirname(file)), expect: members.expect ?? undefined };
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      return { name: typeof name === 'string' ? name : label, error: `${file}: ${label}: ${error.message}` };
    }
  });
}

const bad = (message: string): HarnessError => new HarnessError('BAD_FILE', message);

function inputOf(members: Members, folder: string): AuthorizationInput {
  const { action, resource, resourceAccount, ...request } = members.request;
  const problem = requestProblem(action, resource);
  if (problem !== undefined) throw bad(problem);
  const context = contextOf(request.context ?? {});
  const principal = parsePrincipal(request.principal, context);
  if (principal === undefined) {
    throw bad(
      `request.principal "${request.principal}" is not the ARN of a role, an assumed-role session, a user, an ` +
        `account's root or an identity provider, nor a service principal, nor *`,
    );
  }
  const compiled = <Name extends keyof Members>(name: Name, kind: PolicyKind): CompiledPolicy[] | undefined => {
    const given = members[name] as Policy | readonly Policy[] | null | undefined;
    if (given === undefined || given === null) return undefined;
    if (!Array.isArray(given)) return [compile(given as Policy, name, kind, folder)];
    return given.map((one: Policy, index) => compile(one, `${name}[${index}]`, kind, folder));
  };
  const [resourcePolicy] = compiled('resourcePolicy', 'resource') ?? [];
  const [trustPolicy] = compiled('trustPolicy', 'trust') ?? [];
  const [permissionsBoundary] = compiled('permissionsBoundary', 'boundary') ?? [];
  const sessionPolicies = compiled('sessionPolicy', 'session');
  const [scps, rcps] = (['scp', 'rcp'] as const).map((kind) =>
    members[`${kind}s`]?.map((one, index) => levelOf(one, kind, index, folder)),
  );
  if (resourcePolicy !== undefined && trustPolicy !== undefined) {
    throw bad('"resourcePolicy" and "trustPolicy" exclude each other, because a role has only a trust policy');
  }
  return {
    principal,
    action,
    resource,
    resourceAccount:
      resourceAccount ?? (resource.split(':')[4] || ('accountId' in principal ? principal.accountId : '')),
    context,
    identityPolicies: compiled('identityPolicies', 'identity') ?? [],
    ...(resourcePolicy && { resourcePolicy }),
    ...(trustPolicy && { trustPolicy }),
    ...(sessionPolicies && { sessionPolicies }),
    ...(permissionsBoundary && { permissionsBoundary }),
    ...{ scps, rcps, managementAccount: members.managementAccount ?? undefined },
  };
}

function levelOf(given: Level, kind: 'scp' | 'rcp', index: number, folder: string): OrganizationLevel {
  const place = `${kind}s[${index}]`;
  const isNamed = typeof given === 'object' && 'level' in given;
  const { level: name, policies } = isNamed
    ? (given as { level: string; policies: object })
    : { level: place, policies: [given].flat() };
  const compiled = Object.entries(policies as Readonly<Record<string, Policy>>).map(([one, document]) =>
    compile(
      document,
      Array.isArray(policies) ? `${place}[${one}]` : organizationPolicyName(kind, one, name),
      kind,
      folder,
    ),
  );
  return { name, policies: compiled };
}

function contextOf(given: NonNullable<Members['request']['context']>): ConditionContext {
  const present = Object.entries(given).filter(([, value]) => value !== null);
  return Object.fromEntries(
    present.map(([key, value]) => [key, Array.isArray(value) ? value.map(String) : String(value)]),
  );
}

function compile(given: Policy, place: string, kind: PolicyKind, folder: string): CompiledPolicy {
  const { document, name = place } = documentOf(given, place, folder);
  try {
    return compilePolicy(document, { kind, name });
  } catch (error) {
    if (error instanceof AwsError) throw bad(`"${place}" is malformed: ${error.message}`);
    throw error;
  }
}
