import { automatonOf, divide, type Automaton, type Place } from '../policy/automaton.ts';
import { resourceAutomaton, splitArn } from '../policy/arn.ts';
import { brokenKeyRules } from '../policy/key-rules.ts';
import { literal, places, type ValueOf } from '../policy/overlap.ts';
import type { EvaluationRequest } from '../policy/request.ts';
import type { Pattern } from '../policy/pattern.ts';
import type { Condition } from '../policy/conditions/condition.ts';
import { parseDate } from '../policy/conditions/scalars.ts';
import {
  patternsOf,
  textsOf,
  timeOf,
  valuesOf,
  type KeyQuestion,
  type KeyValue,
  type KeyValues,
} from './key-values.ts';
import { secondsAround } from './scalar-values.ts';
import { around, isBesideWildcard, isFolded, joined, operatorOf, WHOLE } from './patterns.ts';
import type { Choices } from './request-parts.ts';
import { RESOURCE, type Atom } from './rules.ts';

/** A resource, or values of keys that depend on each other. */
export interface ContextChoice {
  readonly context: ReadonlyMap<string, KeyValue>;
  readonly resource?: string;
}

interface Surroundings {
  readonly request: EvaluationRequest;
  readonly valueOf: ValueOf;
  readonly isFixed: (key: string) => boolean;
  readonly isChosen: (key: string) => boolean;
  /** Whether the request passes tags; undefined: it may. */
  readonly hasTags: boolean | undefined;
}

const TIMES = ['aws:currenttime', 'aws:epochtime'];
/** Keys whose values depend on each other (`key-rules.ts`), the one that the others follow first. */
const GROUPS: readonly (readonly string[])[] = [
  TIMES,
  ['aws:sourceip', 'aws:sourcevpce'],
  ['aws:sourcearn', 'aws:sourceaccount'],
  ...['aws:requesttag', 'aws:principaltag'].map((prefix) => [
    `${prefix}/eks-cluster-arn`,
    `${prefix}/eks-cluster-name`,
  ]),
];
const TAG_LISTS = ['aws:tagkeys', 'sts:transitivetagkeys'];
const isOfTags = (key: string): boolean => TAG_LISTS.includes(key) || key.startsWith('aws:requesttag/');
const MOST = 5_000;

/** Returns values of a key, and of the keys that depend on it, one for each way in which the statements treat them. */
export function contextChoices(key: string, atoms: readonly Atom[], given: Surroundings): Choices<ContextChoice> {
  const mentioned = [...new Set(atoms.flatMap(({ subject, variables }) => [subject, ...variables]))].filter(
    (one) => one !== RESOURCE && !given.isFixed(one) && !given.isChosen(one),
  );
  const group = isOfTags(key)
    ? [...mentioned.filter((one) => isOfTags(one) && !TAG_LISTS.includes(one)), ...TAG_LISTS]
    : (GROUPS.find((one) => one.includes(key)) ?? [key]);
  const keys = group.filter((one) => mentioned.includes(one));
  const limits: string[] = [];
  let choices: readonly Chosen[] = [new Map()];
  for (const one of keys) {
    const question = questionOf(one, keys, atoms, given);
    limits.push(...question.limits);
    choices = choices.flatMap((chosen) => {
      const { values, limits: more } = following(question, chosen, keys);
      limits.push(...more);
      return values.map((value) => new Map([...chosen, [one, value]]));
    });
    if (choices.length > MOST) {
      limits.push(`${keys.join(', ')}, which have too many combinations`);
      choices = choices.slice(0, MOST);
    }
  }
  const possible = choices
    .map((chosen) => ({ context: withTags(chosen) }))
    .filter(({ context }) => isPossible(context, given));
  return { values: possible, limits };
}

type Chosen = ReadonlyMap<string, KeyValue>;

interface Question extends KeyQuestion {
  readonly limits: readonly string[];
  /** Conditions on the keys of the group. */
  readonly related: readonly Condition[];
}

function questionOf(
  key: string,
  keys: readonly string[],
  atoms: readonly Atom[],
  { valueOf, request, isFixed, isChosen }: Surroundings,
): Question {
  const conditionsOn = (one: string): readonly Condition[] =>
    atoms.flatMap(({ subject, condition }) => (subject === one && condition ? condition : []));
  const limits: string[] = [];
  const uses = atoms
    .filter(({ subject, variables }) => variables.includes(key) && subject !== key)
    .flatMap((atom) => {
      const foldCase = atom.condition !== undefined && isFolded(atom.condition);
      const isArn = atom.condition !== undefined && operatorOf(atom.condition).startsWith('Arn');
      const arn = atom.subject === RESOURCE ? 'resource' : isArn ? 'fields' : undefined;
      const beside = atoms.filter(({ subject }) => subject === atom.subject);
      const open = beside.flatMap(({ variables }) => variables).filter((one) => !isFixed(one) && !isChosen(one));
      const met = variantsOf(open, atoms, valueOf).flatMap((variant) =>
        beside.flatMap((one) => automataOf(one, variant, foldCase)),
      );
      return patternsIn(atom).flatMap((pattern) => {
        const split = around(pattern.tokens, key);
        if (split === undefined) return [];
        if (isBesideWildcard(split, key)) limits.push(`\${${key}} next to a wildcard in "${pattern.source}"`);
        const pre = places(split.pre, (one) => valueOf(one) ?? 'x', { foldCase, arn });
        return pre === undefined ? [] : [{ pre, post: split.post, met: [...new Set(met)] }];
      });
    });
  const related = keys.flatMap(conditionsOn);
  return {
    ...{ key, conditions: conditionsOn(key), uses, valueOf, request, limits, related },
    refinements: refinementsOf(key, keys, (one) =>
      conditionsOn(one).flatMap((condition) => patternsOf(condition, valueOf)),
    ),
  };
}

const patternsIn = ({ condition, resources = [] }: Atom): readonly Pattern[] =>
  condition?.values.flatMap(({ pattern }) => pattern ?? []) ?? resources.map(({ whole }) => whole);

const automataOf = ({ condition, resources = [] }: Atom, valueOf: ValueOf, foldCase: boolean): readonly Automaton[] =>
  condition === undefined
    ? resources.flatMap((one) => resourceAutomaton(one, valueOf) ?? [])
    : patternsOf(condition, valueOf, foldCase || isFolded(condition)).map(automatonOf);

/** Returns values for variables that are not chosen yet: none, any, and those that conditions name. */
function variantsOf(open: readonly string[], atoms: readonly Atom[], valueOf: ValueOf): readonly ValueOf[] {
  const named = atoms.flatMap(({ subject, condition }) =>
    condition !== undefined && open.includes(subject)
      ? condition.values.map(({ source }) => [subject, source] as const)
      : [],
  );
  return [
    valueOf,
    (key) => valueOf(key) ?? 'x',
    ...named.slice(0, 20).map(
      ([key, text]): ValueOf =>
        (one) =>
          one === key ? text : valueOf(one),
    ),
  ];
}

const FIELD: readonly Place[] = [{ isStar: true, except: ':' }];
const IN_ACCOUNT = joined('arn:', FIELD, ':', FIELD, ':', FIELD, ':');

/** Returns patterns of keys whose values the key must agree with. */
function refinementsOf(
  key: string,
  keys: readonly string[],
  patternsOn: (key: string) => readonly (readonly Place[])[],
): readonly (readonly Place[])[] {
  const [, other] = keys;
  if (other === undefined) return [];
  if (key === 'aws:sourcearn') return [[], ...patternsOn(other)].map((one) => joined(IN_ACCOUNT, one, ':', WHOLE));
  if (key.endsWith('/eks-cluster-arn')) return patternsOn(other).map((one) => joined(WHOLE, ':cluster/', one));
  return TAG_LISTS.includes(key) ? TAG_LISTS.filter((one) => one !== key).flatMap(patternsOn) : [];
}

/** Returns values of a key that agree with the values of the keys before it. */
function following(question: Question, chosen: Chosen, keys: readonly string[]): KeyValues {
  const { key, related } = question;
  const [first] = keys;
  const before = chosen.get(first!);
  if (TIMES.includes(key) && keys.length > 1) {
    const seconds = secondsAround(
      related.flatMap((one) =>
        one.values.map(({ source }) =>
          operatorOf(one).startsWith('Numeric') ? Number(source) * 1000 : parseDate(source)!,
        ),
      ),
    );
    const isOther = related.some((one) => !/^(Date|Numeric|Null)/.test(operatorOf(one)));
    const time =
      typeof before === 'string' ? [timeOf(key, Date.parse(before) / 1000)] : seconds.map((one) => timeOf(key, one));
    return { values: time, limits: isOther ? [`${key}, compared as text`] : [] };
  }
  if (key.startsWith('aws:requesttag/')) return valuesOf(question);
  if (key === 'aws:tagkeys' && keys.some((one) => one.startsWith('aws:requesttag/')))
    return tagKeysOf(question, chosen, keys);
  const { values, limits } = valuesOf(question);
  const tags = chosen.get('aws:tagkeys');
  if (key === 'sts:transitivetagkeys' && keys.includes('aws:tagkeys'))
    return { values: [undefined, ...subsetsOf([tags ?? []].flat()).filter(({ length }) => length > 0)], limits };
  if (typeof before !== 'string' || first === key) return { values, limits };
  // A service that sends the ARN of its resource sends the account too (IAM User Guide, "aws:SourceAccount", "Availability").
  const account = first === 'aws:sourcearn' ? splitArn(before)?.[4] : undefined;
  if (account) return { values: [account], limits };
  const name = /:cluster\/(.*)$/s.exec(before)?.[1];
  return { values: [...(name ? [name] : []), ...values], limits };
}

const MOST_EXTRA = 6;
const subsetsOf = (members: readonly string[]): readonly (readonly string[])[] =>
  members
    .slice(0, MOST_EXTRA)
    .reduce<readonly (readonly string[])[]>((all, one) => [...all, ...all.map((set) => [...set, one])], [[]]);

/** Returns lists of the chosen tags' keys, in each case that conditions distinguish, and of further keys. */
function tagKeysOf(question: Question, chosen: Chosen, keys: readonly string[]): KeyValues {
  const tags = keys.flatMap((one) => /^aws:requesttag\/(.*)$/s.exec(one)?.[1] ?? []);
  const present = tags.filter((tag) => chosen.get(`aws:requesttag/${tag}`) !== undefined);
  // A request that removes tags has only their keys.
  if (present.length === 0) return valuesOf(question);
  const patterns = question.conditions.flatMap((one) => patternsOf(one, question.valueOf)).map(automatonOf);
  const { texts, limit } = textsOf(question);
  const extra = texts.filter((text) => text !== '' && !tags.includes(text.toLowerCase()));
  let lists: readonly (readonly string[])[] = subsetsOf(extra).filter(
    (list) => new Set(list.map((one) => one.toLowerCase())).size === list.length,
  );
  for (const tag of present) {
    const variants = divide(automatonOf(literal(tag, true)), patterns)?.map(({ example }) => example) ?? [tag];
    lists = lists.flatMap((list) => variants.map((one) => [one, ...list]));
  }
  return {
    values: lists,
    limits: [
      ...(limit === undefined ? [] : [limit]),
      ...(extra.length > MOST_EXTRA ? ['the values of aws:TagKeys, which are too many'] : []),
    ],
  };
}

/** Adds the tags whose keys the request lists. */
function withTags(chosen: Chosen): Chosen {
  const listed = chosen.get('aws:tagkeys');
  const isTagging = [...chosen].some(([key, value]) => key.startsWith('aws:requesttag/') && value !== undefined);
  if (typeof listed !== 'object' || !isTagging) return chosen;
  const tags = listed.filter((one) => !chosen.has(`aws:requesttag/${one.toLowerCase()}`));
  return new Map([...chosen, ...tags.map((one) => [`aws:RequestTag/${one}`, 'x'] as const)]);
}

function isPossible(chosen: Chosen, { request, hasTags }: Surroundings): boolean {
  if (hasTags === true && chosen.has('aws:tagkeys') && (chosen.get('aws:tagkeys')?.length ?? 0) === 0) return false;
  const given = [...chosen].filter(([, value]) => value !== undefined) as [string, string | string[]][];
  return (
    brokenKeyRules({ ...request.input, context: { ...request.input.context, ...Object.fromEntries(given) } }).length ===
    0
  );
}
