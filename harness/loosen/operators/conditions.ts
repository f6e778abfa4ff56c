import {
  conditionsOf,
  editCondition,
  type ConditionPlace,
  type Edit,
  type StatementDocument,
} from '../../policies/statement-document.ts';
import type { StatementEdit } from './catalogue.ts';
import { neighbour, toPrefix, VARIABLE, withoutSegment, withoutVariables } from './widen.ts';

const PATTERNS = /(String|Arn)(Not)?(?:EqualsIgnoreCase|Equals|Like)/;
const SUBJECT = /^system:serviceaccount:/;

/** Returns the changes of a statement's conditions that make it allow more or deny less. */
export function conditionEdits(statement: StatementDocument): readonly StatementEdit[] {
  const places = conditionsOf(statement);
  const isAllow = statement.Effect === 'Allow';
  const blocks = new Set(places.flatMap(({ at: [block, key] }) => (key > 0 ? [block] : [])));
  return [
    ...places.flatMap((place) => [...editsOf(place, isAllow)]),
    ...[...blocks].flatMap((block) => {
      const { operator = '' } = places.find(({ at }) => at[0] === block) ?? {};
      const keys = places.flatMap((place) => (place.at[0] === block ? [place.key] : []));
      return isAllow && needsKey(operator) && !operator.endsWith('IfExists')
        ? [ifExistsForAll(block, `the conditions ${operator} ${keys.join(', ')} become ${operator}IfExists`)]
        : [];
    }),
  ];
}

const ifExistsForAll = (block: number, text: string): StatementEdit => [
  'if-exists',
  text,
  (statement) => {
    for (const place of conditionsOf(statement)
      .filter(({ at }) => at[0] === block)
      .toReversed())
      editCondition(statement, place, ({ operator }) => ({ operator: `${operator}IfExists` }));
    return undefined;
  },
];

/** Without the key, a negated condition and ForAllValues hold anyway. */
const needsKey = (operator: string): boolean =>
  operator !== 'Null' && (operator.startsWith('ForAnyValue') || !/Not|^For/.test(operator));

function* editsOf(place: ConditionPlace, isAllow: boolean): Generator<StatementEdit> {
  const { operator, key, values } = place;
  const name = `the condition ${operator} ${key}`;
  const edit =
    (change: Parameters<typeof editCondition>[2]): Edit =>
    (statement) => {
      editCondition(statement, place, change);
      return undefined;
    };
  const renamed = (to: (from: string) => string): readonly [string, Edit] => [
    `${name} becomes ${to(operator)}`,
    edit((given) => ({ operator: to(given.operator) })),
  ];
  const isNegated = /Not/.test(operator);
  const isSet = /^For/.test(operator);

  if (isAllow) yield ['drop-condition', `${name} is dropped`, edit(() => undefined)];
  if (isSet) yield ['swap-set', ...renamed(swapped)];
  if (!isAllow && isNegated && !isSet) yield ['any-value-deny', ...renamed((from) => `ForAnyValue:${from}`)];
  if (operator === 'Null') return;
  const hasIfExists = operator.endsWith('IfExists');
  if (isAllow && needsKey(operator) && !hasIfExists) yield ['if-exists', ...renamed((from) => `${from}IfExists`)];
  if (!isAllow && needsKey(operator) && hasIfExists)
    yield ['lose-if-exists', ...renamed((from) => from.replace('IfExists', ''))];

  if (isAllow === isNegated) {
    if (values.length < 2) return;
    for (const [index, value] of values.entries())
      yield ['lose-value', `${name} loses "${value}"`, edit((given) => ({ values: given.values.toSpliced(index, 1) }))];
    return;
  }
  const added = neighbour(values[0] ?? '');
  if (added !== undefined && PATTERNS.test(operator)) {
    const wider = edit((given) => ({ values: [...given.values, neighbour(given.values[0] ?? '') ?? ''] }));
    yield ['widen-set', `${name} also accepts "${added}"`, wider];
  }
  if (!PATTERNS.test(operator)) return;
  for (const [index, value] of values.entries()) {
    const like = (widen: (text: string) => string): readonly [string, Edit] => [
      `${name} becomes ${patterned(operator)} "${widen(value)}"`,
      edit((given) => ({
        operator: patterned(given.operator),
        values: given.values.with(index, widen(given.values[index] ?? '')),
      })),
    ];
    const isWidenedBy = (widen: (text: string) => string): boolean => widen(value) !== value;
    const namespace = (text: string): string => withoutSegment(text, 1);
    if (isWidenedBy(toPrefix)) yield ['like-prefix', ...like(toPrefix)];
    if (isWidenedBy(withoutSegment)) yield ['like-segment', ...like((text) => withoutSegment(text))];
    if (SUBJECT.test(value) && isWidenedBy(namespace)) yield ['like-segment', ...like(namespace)];
    if (VARIABLE.test(value) && !/^\$\{[^}]*\}$/.test(value)) yield ['lose-variable', ...like(withoutVariables)];
    if (value !== '*') yield ['like-any', ...like(() => '*')];
  }
}

const swapped = (operator: string): string =>
  operator.replace(/For(All|Any)Values?/, (_set, quantity) => (quantity === 'All' ? 'ForAnyValue' : 'ForAllValues'));

const patterned = (operator: string): string => operator.replace(PATTERNS, '$1$2Like');
