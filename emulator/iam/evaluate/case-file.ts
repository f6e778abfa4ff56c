import { HarnessError } from '../../../foundation/errors.ts';
import { AwsError } from '../../core/errors.ts';
import {
  compilePolicy,
  type AuthorizationInput,
  type CompiledPolicy,
  type ConditionContext,
  type DecisionValue,
  type PolicyKind,
} from '../policy/index.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { parsePrincipal } from './principal-text.ts';

/** A question to the policy engine and, where the author knows it, the answer. */
export interface EvaluationCase {
  readonly name: string;
  readonly input: AuthorizationInput;
  readonly expect: DecisionValue | undefined;
}

const DECISIONS: readonly string[] = ['allowed', 'implicitlyDenied', 'explicitlyDenied'] satisfies DecisionValue[];
const CASE_MEMBERS = [
  'name',
  'request',
  'identityPolicies',
  'resourcePolicy',
  'trustPolicy',
  'sessionPolicy',
  'permissionsBoundary',
  'expect',
];

const REQUEST_MEMBERS = ['principal', 'action', 'resource', 'resourceAccount', 'context'];

/**
 * Reads the text of a case file: `{"cases": [{"name", "request": {"principal", "action", "resource", …}, …}]}`.
 * Throws `HarnessError` BAD_FILE, whose message names `file`, the case and what is wrong with it.
 */
export function parseCases(text: string, file: string): readonly EvaluationCase[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw bad(`${file}: it is not valid JSON (${(error as Error).message.replace(/\s+/g, ' ')})`);
  }
  const cases = isJsonObject(content) ? content['cases'] : undefined;
  if (!Array.isArray(cases) || cases.length === 0)
    throw bad(`${file}: it must be an object with a list "cases" that has a case in it`);
  return cases.map((value: unknown, index) => {
    const name = isJsonObject(value) && typeof value['name'] === 'string' ? value['name'] : undefined;
    try {
      return parseCase(value);
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      throw bad(`${file}: case ${name === undefined ? index + 1 : `"${name}"`}: ${error.message}`);
    }
  });
}

const bad = (message: string): HarnessError => new HarnessError('BAD_FILE', message);

function parseCase(value: unknown): EvaluationCase {
  if (!isJsonObject(value)) throw bad('it must be an object');
  refuseMisspelt(value, 'a case', CASE_MEMBERS, /polic|boundar|expect/i);
  const name = text(value, 'name', 'name');
  const expect = value['expect'] ?? undefined;
  if (expect !== undefined && (typeof expect !== 'string' || !DECISIONS.includes(expect))) {
    throw bad(`"expect" must be ${DECISIONS.join(', ')}, not ${JSON.stringify(expect)}`);
  }
  return { name, input: parseInput(value), expect: expect as DecisionValue | undefined };
}

/** Notes are welcome; a misspelt member that `telling` knows by a part of its name would quietly change the answer. */
function refuseMisspelt(members: JsonObject, what: string, known: readonly string[], telling: RegExp): void {
  const misspelt = Object.keys(members).find((key) => telling.test(key) && !known.includes(key));
  if (misspelt === undefined) return;
  throw bad(`"${misspelt}" is not known, the members of ${what} are ${known.join(', ')}`);
}

function parseInput(members: JsonObject): AuthorizationInput {
  const request = members['request'];
  if (!isJsonObject(request)) throw bad('"request" must be an object');
  refuseMisspelt(request, 'a request', REQUEST_MEMBERS, /context|condition|account/i);
  const context = parseContext(request['context'] ?? {});
  const principalText = text(request, 'principal', 'request.principal');
  const principal = parsePrincipal(principalText, context);
  if (principal === undefined) {
    throw bad(
      `"request.principal" is "${principalText}", which is not the ARN of a role, an assumed-role session, a user, an ` +
        `account's root or an identity provider, nor the name of a service, nor *`,
    );
  }
  const action = text(request, 'action', 'request.action');
  if (!/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(action)) {
    throw bad(`"request.action" is "${action}", which is not an action such as s3:GetObject`);
  }
  const resource = text(request, 'resource', 'request.resource');
  if (resource !== '*' && !/^arn:([^:]*:){4}./.test(resource)) {
    throw bad(`"request.resource" is "${resource}", which is neither an ARN nor *`);
  }
  const owner = request['resourceAccount'] ?? undefined;
  if (owner !== undefined && (typeof owner !== 'string' || !/^\d{12}$/.test(owner))) {
    throw bad('"request.resourceAccount" must be a string of 12 digits');
  }
  const ownAccount = 'accountId' in principal ? principal.accountId : '';
  const [identityPolicies, resourcePolicy, trustPolicy, sessionPolicies, boundary] = [
    policies(members, 'identityPolicies', 'identity') ?? [],
    policy(members, 'resourcePolicy', 'resource'),
    policy(members, 'trustPolicy', 'trust'),
    policies(members, 'sessionPolicy', 'session'),
    policy(members, 'permissionsBoundary', 'boundary'),
  ];
  if (resourcePolicy !== undefined && trustPolicy !== undefined) {
    throw bad('"resourcePolicy" and "trustPolicy" exclude each other: a role has a trust policy only');
  }
  return {
    principal,
    action,
    resource,
    resourceAccount: owner ?? (resource.split(':')[4] || ownAccount),
    context,
    identityPolicies,
    ...(resourcePolicy && { resourcePolicy }),
    ...(trustPolicy && { trustPolicy }),
    ...(sessionPolicies && { sessionPolicies }),
    ...(boundary && { permissionsBoundary: boundary }),
  };
}

function parseContext(value: unknown): ConditionContext {
  if (!isJsonObject(value)) throw bad('"request.context" must be an object');
  const entries = Object.entries(value).flatMap(([key, given]): [string, string | string[]][] => {
    // null says that the key is absent.
    if (given === null) return [];
    const values = (Array.isArray(given) ? given : [given]).map((one: unknown) => {
      if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean') {
        throw bad(`"request.context" has a value of "${key}" that is no string, number or boolean`);
      }
      return String(one);
    });
    return [[key, Array.isArray(given) ? values : (values[0] as string)]];
  });
  return Object.fromEntries(entries);
}

function policies(members: JsonObject, member: string, kind: PolicyKind): CompiledPolicy[] | undefined {
  const given = members[member] ?? undefined;
  if (!Array.isArray(given)) {
    const single = policy(members, member, kind);
    return single === undefined ? undefined : [single];
  }
  return given.map((document, index) => compile(document, `${member}[${index}]`, kind));
}

function policy(members: JsonObject, member: string, kind: PolicyKind): CompiledPolicy | undefined {
  const given = members[member] ?? undefined;
  return given === undefined ? undefined : compile(given, member, kind);
}

function compile(document: unknown, name: string, kind: PolicyKind): CompiledPolicy {
  if (typeof document !== 'string' && !isJsonObject(document)) {
    throw bad(`"${name}" must be a policy document`);
  }
  try {
    return compilePolicy(document, { kind, name });
  } catch (error) {
    if (error instanceof AwsError) throw bad(`"${name}" is malformed: ${error.message}`);
    throw error;
  }
}

function text(members: JsonObject, member: string, label: string): string {
  const value = members[member];
  if (typeof value !== 'string' || value === '') throw bad(`"${label}" must be a string that is not empty`);
  return value;
}
