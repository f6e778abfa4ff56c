import { AwsError } from '../../foundation/aws/aws-error.ts';
import { isJsonObject, listOf } from '../../foundation/node/json.ts';
import { compileArnPattern, type ArnPattern } from './arn.ts';
import { compileConditions } from './conditions/condition.ts';
import { statementLabel } from './label.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { compilePrincipal } from './principal-element.ts';
import type { Statement } from './statement.ts';
import { PolicySyntaxError } from './syntax-error.ts';
import type { CompiledPolicy, PolicyKind } from './types.ts';

interface CompileOptions {
  readonly kind: PolicyKind;
  /** The name in explanations, such as `bucket policy of data`. */
  readonly name: string;
}

/**
 * Parses and validates a policy (IAM User Guide, "Grammar of the IAM JSON policy language"). Throws `AwsError` 400.
 * Services check the length themselves, because limits differ.
 */
export function compilePolicy(document: string | object, options: CompileOptions): CompiledPolicy {
  try {
    return { ...options, document, statements: compileDocument(document, options.kind) };
  } catch (error) {
    throw error instanceof PolicySyntaxError ? new AwsError('MalformedPolicyDocument', 400, error.message) : error;
  }
}

type Elements = Readonly<Record<string, unknown>>;

function compileDocument(document: string | object, kind: PolicyKind): Statement[] {
  const policy = asObject(typeof document === 'string' ? parse(document, kind) : document, 'the policy');
  onlyKnown(policy, ['Version', 'Id', 'Statement'], 'the policy');
  const version = policy['Version'] ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17') {
    throw syntax(`Version must be "2012-10-17" or "2008-10-17", not ${JSON.stringify(version)}.`);
  }
  if (policy['Id'] !== undefined && typeof policy['Id'] !== 'string') throw syntax('Id must be a string.');
  const given = policy['Statement'];
  if (given === undefined) throw syntax('the policy has no Statement.');
  if (Array.isArray(given) && given.length === 0) throw syntax('the policy has no statement.');
  const variables = version === '2012-10-17';
  const statements = listOf(given).map((statement, index) =>
    compileStatement(asObject(statement, statementLabel({ sid: undefined, index })), index, kind, variables),
  );
  const sids = statements.flatMap(({ sid }) => sid ?? []);
  const twice = sids.find((sid, index) => sid !== '' && sids.indexOf(sid) !== index);
  if (twice !== undefined) {
    throw new PolicySyntaxError(`Statement IDs (SID) in a single policy must be unique: "${twice}".`);
  }
  return statements;
}

const ELEMENTS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

function compileStatement(elements: Elements, index: number, kind: PolicyKind, variables: boolean): Statement {
  const where = statementLabel({ sid: undefined, index });
  onlyKnown(elements, ELEMENTS, where);
  const sid = elements['Sid'];
  if (sid !== undefined && typeof sid !== 'string') throw syntax(`Sid of ${where} must be a string.`);
  if (sid !== undefined && kind !== 'resource' && kind !== 'trust' && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw new PolicySyntaxError(
      `Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*: "${sid}".`,
    );
  }
  const effect = elements['Effect'];
  if (effect === undefined) throw syntax(`${where} has no Effect.`);
  if (effect !== 'Allow' && effect !== 'Deny') {
    throw syntax(`Effect of ${where} must be "Allow" or "Deny", not ${JSON.stringify(effect)}.`);
  }
  const [actionElement, notAction] = oneOf(elements, 'Action', 'NotAction', where);
  if (kind === 'rcp' && (notAction || (effect === 'Allow' && !listOf(actionElement).includes('*'))))
    throw syntax(`${where} must be a Deny with Action. Only RCPFullAWSAccess may allow in a resource control policy.`);
  const conditions = elements['Condition'];
  return {
    sid,
    index,
    effect,
    ...principalOf(elements, kind, where),
    actions: compileActions(actionElement, kind, where),
    notAction,
    ...resourcesOf(elements, kind, where, variables),
    conditions: conditions === undefined ? [] : compileConditions(conditions, { variables }),
  };
}

function principalOf(
  elements: Elements,
  kind: PolicyKind,
  where: string,
): Pick<Statement, 'principal' | 'notPrincipal'> {
  const [element, notPrincipal] = oneOf(elements, 'Principal', 'NotPrincipal', where);
  if (kind === 'rcp') {
    if (element !== '*' || notPrincipal)
      throw syntax(`Principal of ${where} must be "*" in a resource control policy.`);
    return { principal: compilePrincipal('*', 'resource'), notPrincipal };
  }
  if (kind !== 'resource' && kind !== 'trust') {
    if (element !== undefined) {
      throw new PolicySyntaxError(`Policy document should not specify a principal (${where}).`);
    }
    return { principal: undefined, notPrincipal };
  }
  if (element === undefined) throw new PolicySyntaxError(`Missing required field Principal (${where}).`);
  if (notPrincipal && kind === 'trust') throw new PolicySyntaxError(`Has prohibited field NotPrincipal (${where}).`);
  return { principal: compilePrincipal(element, kind), notPrincipal };
}

function compileActions(element: unknown, kind: PolicyKind, where: string): Pattern[] {
  const actions = texts(element, `Action of ${where}`);
  if (actions.length === 0) throw new PolicySyntaxError(`Policy statement must contain actions (${where}).`);
  return actions.map((action) => {
    const vendor = vendorOf(action, kind, where);
    if (kind === 'trust' && vendor !== '*' && vendor.toLowerCase() !== 'sts') {
      throw new PolicySyntaxError(
        `AssumeRole policy may only specify STS AssumeRole actions ("${action}" of ${where}).`,
      );
    }
    const pattern = compilePattern(action === '*:*' ? '*' : action.toLowerCase(), {
      wildcards: true,
      variables: false,
    });
    return { ...pattern, source: action };
  });
}

/**
 * IAM stores actions that do not exist, such as `s3: GetObject`, which match nothing: a Deny of one protects nothing, a
 * NotAction covers everything. S3 rejects them in bucket policies.
 */
function vendorOf(action: string, kind: PolicyKind, where: string): string {
  if (action === '*' || action === '*:*') return '*';
  const [, vendor, name = ''] = /^([^:]*):(.*)$/s.exec(action) ?? [];
  const place = `("${action}" of ${where})`;
  if (vendor === undefined)
    throw new PolicySyntaxError(`Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. ${place}`);
  if (!/^[A-Za-z0-9.-]+$/.test(vendor)) throw new PolicySyntaxError(`Vendor ${vendor} is not valid ${place}`);
  if (/^[^,]*:/.test(name)) throw new PolicySyntaxError(`Actions/Condition can contain only one colon. ${place}`);
  if (kind === 'resource' && !/^[A-Za-z0-9*?]+$/.test(name)) throw syntax(`"${action}" of ${where} is not an action.`);
  return vendor;
}

function resourcesOf(
  elements: Elements,
  kind: PolicyKind,
  where: string,
  variables: boolean,
): Pick<Statement, 'resources' | 'notResource'> {
  const [element, notResource] = oneOf(elements, 'Resource', 'NotResource', where);
  if (kind === 'trust') {
    if (element !== undefined) throw new PolicySyntaxError(`Has prohibited field Resource (${where}).`);
    return { resources: undefined, notResource };
  }
  const resources = texts(element, `Resource of ${where}`);
  if (resources.length === 0) throw new PolicySyntaxError(`Policy statement must contain resources (${where}).`);
  return { resources: resources.map((resource) => compileResource(resource, kind, variables)), notResource };
}

function compileResource(resource: string, kind: PolicyKind, variables: boolean): ArnPattern {
  const pattern = compileArnPattern(resource, { variables });
  if (resource === '*') return pattern;
  const isArn = resource.startsWith('arn:');
  if (isArn && kind !== 'resource') checkArn(resource);
  if (isArn && pattern.fields !== undefined) return pattern;
  // Only resource-based policies need full ARNs. AWS completes others (IAM User Guide, "Resource", "Incomplete ARNs").
  if (!isArn || kind === 'resource') throw new PolicySyntaxError(`Resource ${resource} must be in ARN format or "*".`);
  return compileResource(`${resource}:*`, kind, variables);
}

const PARTITION = /^aws(?:-[a-z]+)*$/;
const IAM_PATHS =
  'user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/';

/** Throws for ARNs that IAM rejects in its policies. Fields with wildcards or variables are accepted. */
function checkArn(resource: string): void {
  const [, partition = '', service, region = '', account = '', ...rest] = resource
    .replace(/\$\{[^}]*\}/g, '$')
    .split(':');
  const path = rest.join(':');
  const isOpen = (field: string): boolean => /[*?$]/.test(field);
  if (!isOpen(partition) && !PARTITION.test(partition))
    throw new PolicySyntaxError(`Partition "${partition}" is not valid for resource "${resource}".`);
  if (service === undefined)
    throw new PolicySyntaxError('Resource vendor must be fully qualified and cannot contain regexes.');
  // Access points have a region and an account.
  if (region !== '' && !isOpen(region) && service === 'iam')
    throw new PolicySyntaxError(`IAM resource ${resource} cannot contain region information.`);
  if (region !== '' && !isOpen(region) && service === 's3' && account === '')
    throw new PolicySyntaxError(`Resource ${resource} can not contain region information.`);
  // IAM completes short ARNs, but not with empty fields.
  if (service === '' || (rest.length === 0 && resource.includes('::')))
    throw new PolicySyntaxError('The policy failed legacy parsing');
  const [type = ''] = path.split('/');
  if (
    service === 'iam' &&
    path !== '' &&
    !isOpen(type) &&
    !IAM_PATHS.split(', ').some((start) => path.startsWith(start))
  )
    throw new PolicySyntaxError(`IAM resource path must either be "*" or start with ${IAM_PATHS}.`);
}

function parse(text: string, kind: PolicyKind): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message is not used: it quotes the document, which must not appear in logs.
    throw kind === 'trust'
      ? new PolicySyntaxError('This policy contains invalid Json')
      : syntax('the document is not valid JSON.');
  }
}

function syntax(detail: string): PolicySyntaxError {
  return new PolicySyntaxError(`Syntax errors in policy: ${detail}`);
}

function asObject(value: unknown, what: string): Elements {
  if (!isJsonObject(value)) throw syntax(`${what} must be an object.`);
  return value;
}

function onlyKnown(elements: Elements, known: readonly string[], what: string): void {
  const unknown = Object.keys(elements).find((name) => !known.includes(name));
  if (unknown !== undefined) throw syntax(`${what} has an unknown element "${unknown}".`);
}

function oneOf(elements: Elements, name: string, notName: string, where: string): [element: unknown, not: boolean] {
  const plain = elements[name];
  const negated = elements[notName];
  if (plain !== undefined && negated !== undefined) throw syntax(`${where} has both ${name} and ${notName}.`);
  return plain !== undefined ? [plain, false] : [negated, negated !== undefined];
}

function texts(element: unknown, what: string): string[] {
  return listOf(element).map((value) => {
    if (typeof value !== 'string') throw syntax(`${what} must be a string or a list of strings.`);
    return value;
  });
}
