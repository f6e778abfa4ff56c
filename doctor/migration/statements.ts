import { statementsOf, type Statement } from '../facts/statements.ts';
import type { Role } from '../snapshot/aws.ts';

/** Returns the roles that a role's policies let it assume by ARN. */
export const chainedRoles = ({ policies = {} }: Role): readonly string[] => [
  ...new Set(
    Object.values(policies)
      .flatMap(statementsOf)
      .filter(
        ({ Effect, Action }) =>
          Effect === 'Allow' && [Action].flat().some((one) => /^sts:(assumerole|\*)$/i.test(String(one))),
      )
      .flatMap(({ Resource }) => [Resource].flat().map(String))
      .filter((arn) => /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(arn)),
  ),
];

/** A statement for IRSA that a migration makes needless. */
interface Obsolete {
  readonly statement: Statement;
  /** The statement without the migrated subjects; undefined if nothing is left of it. */
  readonly replacement?: Statement;
}

/**
 * Returns the statements for a cluster's provider that name the subjects. `kept` has those that also allow others by a wildcard
 * or without a condition, and are left as they are.
 */
export function obsoleteStatements(
  policy: string,
  issuer: string,
  subjects: readonly string[],
): { readonly obsolete: readonly Obsolete[]; readonly kept: readonly Statement[] } {
  const obsolete: Obsolete[] = [];
  const kept: Statement[] = [];
  for (const statement of statementsOf(policy)) {
    const federated = [(statement['Principal'] as Record<string, unknown> | undefined)?.['Federated']].flat();
    if (statement.Effect !== 'Allow' || !federated.some((arn) => String(arn).endsWith(`:oidc-provider/${issuer}`)))
      continue;
    const conditions = Object.entries((statement['Condition'] ?? {}) as Record<string, Record<string, unknown>>);
    const entry = conditions.find(([, keys]) => `${issuer}:sub` in keys);
    const values = [entry?.[1][`${issuer}:sub`] ?? []].flat().map(String);
    const isExact =
      entry !== undefined && /^String(?:Equals|Like)$/.test(entry[0]) && !values.some((one) => /[*?]/.test(one));
    if (federated.length > 1 || !isExact) {
      kept.push(statement);
      continue;
    }
    const others = values.filter((one) => !subjects.includes(one));
    if (others.length === values.length) continue;
    const [operator, keys] = entry;
    const Condition = Object.fromEntries([
      ...conditions.filter(([name]) => name !== operator),
      [operator, { ...keys, [`${issuer}:sub`]: others }],
    ]);
    obsolete.push(others.length === 0 ? { statement } : { statement, replacement: { ...statement, Condition } });
  }
  return { obsolete, kept };
}
