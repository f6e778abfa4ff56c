import { compilePolicy, type PolicyKind } from '../../../identity/policy/index.ts';
import { EXAMPLE_KEY, replacePlaceholders } from '../../scenario/placeholders.ts';
import { OPERATORS, type OperatorId } from './catalogue.ts';
import { conditionEdits } from './conditions.ts';
import { elementEdits } from './elements.ts';
import { editStatement, statementsOf } from '../../policies/statement-document.ts';

export { OPERATORS, type OperatorId } from './catalogue.ts';

/** A wrong version of a policy that people write. */
export interface PolicyChange {
  readonly operator: OperatorId;
  readonly direction: 'looser' | 'tighter';
  /** Counts from 0. */
  readonly statement: number;
  /** For example `statement 1: the condition StringEquals aws:SourceAccount is dropped`. */
  readonly text: string;
  /** Returns a changed copy of the document, whether its placeholders, such as `<cluster-arn:c1>`, are resolved or not. */
  apply(document: object): object;
}

/** Returns all changes that IAM accepts, without repetitions. None for a policy that IAM rejects. */
export function changesOf(document: object, kind: PolicyKind): readonly PolicyChange[] {
  const seen = new Set([JSON.stringify(editStatement(document, -1, () => undefined))]);
  if (!isAccepted(document, kind)) return [];
  return statementsOf(document).flatMap((statement, index) =>
    [...conditionEdits(statement), ...elementEdits(statement, kind)].flatMap(([operator, text, edit]) => {
      const apply = (given: object): object => editStatement(given, index, edit);
      const changed = apply(document);
      const json = JSON.stringify(changed);
      if (seen.has(json) || !isAccepted(changed, kind)) return [];
      seen.add(json);
      const { direction } = OPERATORS[operator];
      return [{ operator, direction, statement: index, text: `statement ${index + 1}: ${text}`, apply }];
    }),
  );
}

/** Texts of the form that IAM expects where it checks one. */
const EXAMPLES: Readonly<Record<string, string>> = {
  role: 'arn:aws:iam::111122223333:role/app',
  account: '111122223333',
  key: EXAMPLE_KEY,
  'cluster-arn': 'arn:aws:eks:us-west-2:111122223333:cluster/c1',
  issuer: 'oidc.example.com/id/1',
  'provider-arn': 'arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/1',
  time: '2030-01-01T00:00:00Z',
};

function isAccepted(document: object, kind: PolicyKind): boolean {
  const text = replacePlaceholders(JSON.stringify(document), (one) => EXAMPLES[one.kind] ?? `a-${one.name}`);
  try {
    compilePolicy(text, { kind, name: 'changed policy' });
    return true;
  } catch {
    return false;
  }
}
