import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import type { NamedDocument, PolicySet } from './types.ts';

export const documentsOf = (set: PolicySet): readonly NamedDocument[] =>
  (Object.values(set).flat() as (NamedDocument | undefined)[]).filter((one) => one !== undefined);

export const parsed = ({ document }: NamedDocument): JsonObject =>
  (typeof document === 'string' ? JSON.parse(document) : document) as JsonObject;

export const statementsIn = (one: NamedDocument): readonly JsonObject[] =>
  listOf(parsed(one)['Statement']).map(objectOf);
