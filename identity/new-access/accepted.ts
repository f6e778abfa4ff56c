import * as z from 'zod';
import { readYaml } from '../../foundation/node/read-file.ts';
import { listOf } from '../../foundation/node/json.ts';
import { validated, words } from '../../foundation/node/validate.ts';
import { roleNameOf } from '../role.ts';
import type { AccessChange } from './compare.ts';
import { isLike, statementsOf } from './decide.ts';

const entry = z.strictObject({
  /** The name of a role, `namespace/name` of a service account, or the address of a resource's policy. `*` matches any text. */
  role: words,
  action: words,
  resource: words,
  /** Last day on which it applies, in UTC. */
  until: z.iso.date('a date such as 2026-12-31'),
  reason: words,
  source: z.exactOptional(words),
});
const file = z.strictObject({ allowed: z.array(entry) });

/** New access that people accept for a time. */
export type Accepted = z.infer<typeof entry>;

/** Reads a file in the form of a gate (docs/ci.md). Throws `HarnessError` BAD_FILE. */
export const readAccepted = (path: string): readonly Accepted[] =>
  validated(
    file,
    readYaml(path, 'File of accepted access'),
    (problem) => `${path} is not a valid file of accepted access: ${problem}.`,
  ).allowed;

/**
 * Returns which entry accepts each change. `today`: in UTC, such as `2026-12-31`. An entry must cover all actions and resources of the
 * changed statement, so that it accepts no other request than those it names.
 */
export function accept(
  changes: readonly AccessChange[],
  entries: readonly Accepted[],
  today: string,
): { readonly byChange: ReadonlyMap<AccessChange, Accepted>; readonly warnings: readonly string[] } {
  const byChange = new Map<AccessChange, Accepted>();
  const used = new Set<Accepted>();
  for (const change of changes) {
    const matching = entries.filter((one) => covers(one, change));
    for (const one of matching) used.add(one);
    const entry = matching.find(({ until }) => today <= until);
    if (entry) byChange.set(change, entry);
  }
  const warnings = entries.flatMap((one, index) => {
    const name = `allowed[${index}] (${one.role}, ${one.action})`;
    if (!used.has(one)) return [`${name} covers no new access. Remove it.`];
    return today > one.until ? [`${name} ended on ${one.until}.`] : [];
  });
  return { byChange, warnings };
}

function covers(entry: Accepted, { subject, action, resource, difference }: AccessChange): boolean {
  const name = subject.replace(/^(?:role|policy of) | in cluster .*$/g, '');
  const session = difference?.request.principal;
  const roles = [name, session?.kind === 'role-session' ? session.roleName : roleNameOf(resource)];
  const texts = (member: string, stated: string): readonly string[] =>
    difference === undefined
      ? [stated]
      : statementsOf(difference).flatMap((one) => (one[member] === undefined ? '*' : listOf(one[member]).map(String)));
  const isTrust = difference?.statement.policy.endsWith(' trust policy') === true;
  return (
    roles.some((one) => isLike(one, entry.role)) &&
    texts('Action', action).every((one) => isLike(one.toLowerCase(), entry.action.toLowerCase())) &&
    (isTrust ? [resource] : texts('Resource', resource)).every((one) => isLike(one, entry.resource))
  );
}
