import type { Edit } from '../../policies/statement-document.ts';
import catalogue from './catalogue.json' with { type: 'json' };

/** A way in which policies are written wrong. */
export interface LooseningOperator {
  readonly direction: 'looser' | 'tighter';
  readonly title: string;
  /** What it does to a statement, with an example. */
  readonly does: string;
  /** A public incident or the documentation that warns of the mistake. */
  readonly source: { readonly title: string; readonly url: string };
}

export type OperatorId = keyof typeof catalogue;
export type StatementEdit = readonly [operator: OperatorId, text: string, edit: Edit];

/** docs/loosen.md lists these. */
export const OPERATORS = catalogue as Readonly<Record<OperatorId, LooseningOperator>>;
