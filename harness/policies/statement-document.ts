import { isJsonObject, listOf } from '../../foundation/node/json.ts';

/** A statement of a policy document that `compilePolicy` accepts. */
export type StatementDocument = { Effect: 'Allow' | 'Deny'; Sid?: string } & Record<string, unknown>;
type Blocks = Record<string, Record<string, unknown>>;

/** Changes a copy of a statement in place. Returns `remove` if the statement goes as a whole. */
export type Edit = (statement: StatementDocument) => 'remove' | undefined;

/** Stands for a Deny that is dropped from a policy without other statements, because a policy needs one. */
const DENIES_LITTLE = { Action: 's3:PutBucketWebsite', NotAction: undefined } as const;

export const statementsOf = (document: object): StatementDocument[] =>
  listOf((document as { Statement?: unknown }).Statement) as StatementDocument[];

/** Returns a changed copy of the document. */
export function editStatement(document: object, index: number, edit: Edit): object {
  const statements = structuredClone(statementsOf(document));
  const statement = statements[index];
  if (statement !== undefined && edit(statement) === 'remove') {
    if (statements.length === 1 && statement.Effect === 'Deny') Object.assign(statement, DENIES_LITTLE);
    else statements.splice(index, 1);
  }
  return { ...document, Statement: statements };
}

/** Sets an element to texts, in the shorter form if there is one. Removes the statement if none is left. */
export function setTexts(
  statement: StatementDocument,
  element: string,
  texts: readonly string[],
): 'remove' | undefined {
  if (texts.length === 0) return 'remove';
  statement[element] = texts.length === 1 ? texts[0] : [...new Set(texts)];
  return undefined;
}

export const textsOf = (value: unknown): readonly string[] => listOf(value).map(String);

export interface ConditionPlace {
  /** Positions, because a key may be a placeholder in one version of the document and resolved in the other. */
  readonly at: readonly [block: number, key: number];
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export const conditionsOf = ({ Condition: blocks }: StatementDocument): readonly ConditionPlace[] =>
  Object.entries(isJsonObject(blocks) ? (blocks as Blocks) : {}).flatMap(([operator, keys], block) =>
    Object.entries(keys).map(([key, given], index) => ({
      at: [block, index] as const,
      operator,
      key,
      values: textsOf(given),
    })),
  );

type NewCondition = { readonly operator?: string; readonly values?: readonly string[] } | undefined;

/** Changes one condition, or removes it if `change` returns undefined. Leaves the rest as it is. */
export function editCondition(
  statement: StatementDocument,
  { at: [block, index] }: ConditionPlace,
  change: (place: ConditionPlace) => NewCondition,
): void {
  const blocks: Blocks = {};
  for (const place of conditionsOf(statement)) {
    const isPlace = place.at[0] === block && place.at[1] === index;
    const changed = isPlace ? change(place) : {};
    if (changed === undefined) continue;
    const { operator = place.operator, values = place.values } = changed;
    // Two conditions of one operator and key would become one.
    if (blocks[operator]?.[place.key] !== undefined) return;
    (blocks[operator] ??= {})[place.key] = values.length === 1 ? values[0] : values;
  }
  if (Object.keys(blocks).length > 0) statement['Condition'] = blocks;
  else delete statement['Condition'];
}
