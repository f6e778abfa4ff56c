import { remembered } from '../../foundation/node/remembered.ts';
import { actionsDate, actionsOf, actionsOfService, servicesOn, type KnownAction } from '../policy/actions.ts';
import { resourceAutomaton, type ArnPattern } from '../policy/arn.ts';
import { automatonOf, divide, type Automaton, type Place } from '../policy/automaton.ts';
import { keysInPlaceOf } from '../policy/condition-keys.ts';
import { literal, places, type ValueOf } from '../policy/overlap.ts';
import { compilePattern, isVariable, matchesTokens, STAR, type ResolvedToken } from '../policy/pattern.ts';
import { isRoleAssumption } from '../policy/request.ts';
import { ACTION, RESOURCE, type Atom } from './rules.ts';

/** The actions that AWS authorizes for one request, and the forms of the ARNs that they act on. */
export interface ActionChoice {
  readonly actions: readonly string[];
  /** Undefined for actions of unknown services, which may act on every ARN. */
  readonly forms: readonly string[] | undefined;
}

export interface Choices<T> {
  readonly values: readonly T[];
  readonly limits: readonly string[];
}

/** Says which actions the procedure compares. */
export const comparedActions = (): string => `the actions of the Service Authorization Reference of ${actionsDate()}`;

const matching = new Map<string, ReadonlySet<string>>();

/** Returns the known actions that a pattern matches, in lower case. */
const actionsMatching = (source: string): ReadonlySet<string> =>
  remembered(matching, source, () => new Set(actionsOf(source).map((action) => action.toLowerCase())));

const serviceOf = (action: string): string => action.split(':')[0]!.toLowerCase();
/** These represent all services that no policy names. Only KMS keys must have a policy that allows. */
const OTHER_SERVICES = [
  'dynamodb:GetItem',
  'kms:Decrypt',
  'ec2:DescribeInstances',
  'sqs:SendMessage',
  'sns:ListTopics',
];
/** Services of condition keys that only their own requests have. */
const KEY_SERVICES = /^(eks|eks-auth|iam|s3|sts):/;

/** Whether a request for the action cannot have the key. */
export const lacksKey = (key: string, action: string): boolean =>
  // Roles have tags for AWS STS too (IAM User Guide, "Controlling access to and for IAM users and roles using tags").
  !(key.startsWith('iam:resourcetag/') && serviceOf(action) === 'sts') &&
  (keysInPlaceOf({ name: key, lowerCase: key }, action) !== undefined ||
    (key === 'sts:rolesessionname' && !isRoleAssumption(action)) ||
    (KEY_SERVICES.test(key) && serviceOf(key) !== serviceOf(action) && actionsOfService(serviceOf(action)).size > 0));

/**
 * Returns actions, one for each way in which the statements treat them.
 * @param filters patterns that the action must match one of
 */
export function actionChoices(atoms: readonly Atom[], filters?: readonly string[]): Choices<ActionChoice> {
  const patterns = atoms.flatMap(({ actions = [] }) => actions.map(({ source }) => source));
  const named = new Set(patterns.filter((one) => one.includes(':')).map(serviceOf));
  const keys = [...new Set(atoms.flatMap(({ subject, variables }) => [subject, ...variables]))];
  const mentioned = keys.map(serviceOf).filter((service) => actionsOfService(service).size > 0);
  const arns = atoms.flatMap(({ resources = [] }) =>
    resources.flatMap(({ whole }) => whole.source.split(':')[2] ?? []),
  );
  const services =
    filters?.includes('*') === false
      ? new Set(filters.map(serviceOf))
      : new Set([...named, ...mentioned, ...arns.filter((one) => !/[*?$]/.test(one)).flatMap(servicesOn)]);
  const tested = atoms.filter(({ subject }) => subject === ACTION);
  const resources = atoms.flatMap(({ resources: all = [] }) => all);
  const shapeByForm = new Map<string, string>();
  const shape = (form: string): string => remembered(shapeByForm, form, () => shapeOf(form, resources));
  const shapes = (forms: readonly string[]): readonly string[] => [...new Set(forms.map(shape))].sort();
  const groups = new Map<string, ActionChoice>();
  const matches = (atom: Atom, action: string): boolean =>
    atom.actions!.some(({ source }) => source === '*' || source === '*:*' || actionsMatching(source).has(action)) !==
    atom.id.startsWith('not ');
  const offer = ({ name, forms }: KnownAction): void => {
    const action = name.toLowerCase();
    const isWanted = (one: string): boolean =>
      filters?.some((filter) => filter === '*' || actionsMatching(filter).has(one.toLowerCase())) ?? true;
    const bits = tested.map((atom) => (matches(atom, action) ? '1' : '0')).join('');
    const lacking = keys.map((key) => (lacksKey(key, action) ? '1' : '0')).join('');
    for (const actions of sequencesOf(name).filter((all) => all.every(isWanted))) {
      const group = [bits, lacking, ...shapes(forms), isRoleAssumption(action) ? actions.join() : ''].join(' ');
      if (!groups.has(group)) groups.set(group, { actions, forms });
    }
  };
  for (const service of services) for (const action of actionsOfService(service).values()) offer(action);
  for (const name of OTHER_SERVICES) {
    if (!services.has(serviceOf(name))) offer(actionsOfService(serviceOf(name)).get(name.toLowerCase())!);
  }
  const unknown = [...named].filter(
    (service) => actionsOfService(service).size === 0 && (filters === undefined || services.has(service)),
  );
  const isOpen = resources.some(({ whole: { source } }) => /^arn:([^:]*\*|[^:]*:[^:]*[*?$][^:]*):/.test(source));
  return {
    values: [...groups.values(), ...unknown.flatMap((service) => unknownActions(service, tested))],
    limits: isOpen ? ['a wildcard before the region of an ARN'] : [],
  };
}

/** Returns a form of ARNs, or a common shape of all forms that no pattern can match. */
function shapeOf(form: string, patterns: readonly ArnPattern[]): string {
  const service = form.split(':')[2];
  const isReached = patterns.some(({ fields }) => {
    if (fields === undefined) return false;
    const [named] = fields[2]!.tokens;
    if (
      fields[1]!.tokens.at(-1) !== STAR &&
      fields[2]!.tokens.length === 1 &&
      typeof named === 'string' &&
      named !== service
    )
      return false;
    const open = fields.flatMap(({ tokens }, index) => [
      ...(index === 0 ? [] : [':']),
      ...tokens.map((one) => (isVariable(one) ? STAR : one)),
    ]);
    const pattern = automatonOf(places(open, () => undefined, { arn: 'resource' })!);
    return divide(formAutomaton(form, 'aws', ''), [pattern])?.some(({ matches }) => matches[0]) ?? true;
  });
  return isReached ? form : form.includes(':kms:') && form.includes(':key/') ? 'key' : '-';
}

/** Returns the actions of the requests that assume a role. Others have one action. */
function sequencesOf(name: string): readonly (readonly string[])[] {
  if (!isRoleAssumption(name)) return [[name]];
  if (!/:AssumeRole/.test(name)) return [];
  const [tag, identity, context] = ['sts:TagSession', 'sts:SetSourceIdentity', 'sts:SetContext'] as const;
  return [[name], [name, tag], [name, identity], [name, tag, identity], [name, context]];
}

function unknownActions(service: string, tested: readonly Atom[]): readonly ActionChoice[] {
  const patterns = tested.flatMap(({ actions = [] }) =>
    actions.map(({ tokens }) => automatonOf(places(tokens, () => undefined)!)),
  );
  const serviceActions = automatonOf([...literal(`${service}:`), { except: ':' }, { isStar: true, except: ':' }]);
  return (divide(serviceActions, patterns) ?? []).map(({ example }) => ({ actions: [example], forms: undefined }));
}

const REGION = [...'abcdefghijklmnopqrstuvwxyz0123456789-'].join('');

const formAutomata = new Map<string, Automaton>();

/** Returns the automaton of the ARNs of a form, in a partition and an account. */
const formAutomaton = (form: string, partition: string, account: string): Automaton =>
  remembered(formAutomata, `${form} ${partition} ${account}`, () => automatonOf(formPlaces(form, partition, account)));

function formPlaces(form: string, partition: string, account: string): readonly Place[] {
  let colons = 0;
  return form
    .replace(/^arn:aws:/, `arn:${partition}:`)
    .split(/(\$\{[^}]*\}|\*)/)
    .flatMap((one): readonly Place[] => {
      const except = `${colons < 5 ? ':' : ''}${one === '${BucketName}' ? '/' : ''}`;
      if (one === '*') return [{ isStar: true, except }];
      if (one === '${Account}' && account !== '') return literal(account);
      if (one === '${Region}') return [{ among: REGION }, { among: REGION, isStar: true }];
      if (one.startsWith('${')) return [{ except }, { isStar: true, except }];
      colons += one.split(':').length - 1;
      return literal(one);
    });
}

export interface ResourceQuestion {
  readonly forms: readonly string[] | undefined;
  readonly partition: string;
  readonly account: string;
  /** Patterns that the resource must match one of. */
  readonly filters?: readonly string[] | undefined;
  readonly valueOf: ValueOf;
}

/** Returns resources, one for each way in which the statements treat them. */
export function resourceChoices(atoms: readonly Atom[], question: ResourceQuestion): Choices<string> {
  const { partition, account, filters, valueOf } = question;
  const forms = question.forms ?? [...new Set(['', account])].map((owner) => `arn:aws:*:*:${owner}:*`);
  const patterns = atoms
    .filter(({ subject }) => subject === RESOURCE)
    .flatMap(({ resources = [] }) => resources.flatMap((one) => resourceAutomaton(one, valueOf) ?? []));
  const filterPatterns = filters?.map((one) => compilePattern(one, { wildcards: true, variables: false }));
  const wanted =
    filterPatterns?.map(({ tokens }) => automatonOf(places(tokens, () => undefined, { arn: 'resource' })!)) ?? [];
  const distinguished = [...new Set([...wanted, ...patterns])];
  const limits: string[] = [];
  const arns = forms.flatMap((form) => {
    const parts = divide(formAutomaton(form, partition, account), distinguished);
    if (parts === undefined) limits.push(`resources of the form ${form}, which patterns divide into too many classes`);
    return (parts ?? []).map(({ example }) => example);
  });
  const isWanted = (resource: string): boolean =>
    filterPatterns?.some(({ tokens }) => matchesTokens(tokens as readonly ResolvedToken[], resource)) ?? true;
  const all = question.forms === undefined || forms.length === 0 ? [...arns, '*'] : arns;
  return { values: all.filter(isWanted), limits };
}
