import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import { actionProblem } from '../policy/actions.ts';
import type { Comparison, NamedDocument, PolicySet } from './types.ts';

/** Stands for all accounts that no policy names. */
export const STRANGER = '000000000000';
/** Other accounts whose resources one comparison asks about. */
const MOST_ACCOUNTS = 10;
/** Keys of callers that principals have as fixed values. */
const CALLER_KEYS = /aws:(?:userid|username|PrincipalAccount|PrincipalServiceName|PrincipalType)/i;

const documentsOf = (set: PolicySet): readonly NamedDocument[] =>
  (Object.values(set).flat() as (NamedDocument | undefined)[]).filter((one) => one !== undefined);

const statementsOf = (set: PolicySet): readonly string[] =>
  documentsOf(set).flatMap(({ document }) => {
    const parsed = (typeof document === 'string' ? JSON.parse(document) : document) as JsonObject;
    return listOf(parsed['Statement']).map((one) => JSON.stringify(one));
  });

/** Returns the statements, as JSON, that only one side has. */
export function changedStatements({ before, after }: Comparison): readonly string[] {
  const [was, is] = [statementsOf(before), statementsOf(after)];
  return [...was.filter((one) => !is.includes(one)), ...is.filter((one) => !was.includes(one))];
}

/**
 * Returns comparisons for resources of other accounts, whose own policies are assumed to allow what they must (IAM User Guide,
 * "Cross-account policy evaluation logic"). None if the resource's policy is given.
 */
export function inOtherAccounts(comparison: Comparison): readonly Comparison[] {
  const { before, after, resourceAccount } = comparison;
  if ([before, after].some((one) => one.resourcePolicy !== undefined || one.trustPolicy !== undefined)) return [];
  const all = [...statementsOf(before), ...statementsOf(after)].join();
  if (!/(?<!\d)\d{12}(?!\d)|ResourceAccount/i.test(all)) return [];
  const named =
    changedStatements(comparison)
      .join()
      .match(/(?<!\d)\d{12}(?!\d)/g) ?? [];
  const accounts = [...new Set([...named, STRANGER])].filter((one) => one !== resourceAccount);
  const allowing = (name: string, more: object): NamedDocument => ({
    name,
    document: { Version: '2012-10-17', Statement: { Effect: 'Allow', Principal: { AWS: '*' }, ...more } },
  });
  const allowed = {
    resourcePolicy: allowing('policy of another account', { Action: '*', Resource: '*' }),
    trustPolicy: allowing('trust policy of another account', { Action: 'sts:*' }),
  };
  return accounts.slice(0, MOST_ACCOUNTS).map((account) => ({
    ...comparison,
    ...{ before: { ...before, ...allowed }, after: { ...after, ...allowed }, resourceAccount: account },
  }));
}

/** Returns, in words, what the changed statements test and the compared requests do not cover. */
export function uncovered(comparison: Comparison): readonly string[] {
  const changed = changedStatements(comparison);
  const { principals, onlyPrincipals = false, before, after } = comparison;
  const partitions = new Set(
    principals.map(({ principal }) => ('arn' in principal ? principal.arn.split(':')[1] : 'aws')),
  );
  const others = changed.flatMap((one) => one.match(/"arn:aws[\w-]*(?=:)/g) ?? []).map((one) => one.slice(5));
  const named = new Set(changed.flatMap((one) => one.match(/(?<!\d)\d{12}(?!\d)/g) ?? []));
  const limits = [
    ...unknownActions(changed),
    ...(principals.length === 0
      ? []
      : others.filter((one) => !partitions.has(one)).map((one) => `resources of partition ${one}`)),
    ...(changed.some((one) => /"arn:[^"]*:(?:aws|aws-marketplace):|::parameter\/aws\//.test(one))
      ? ['resources that AWS owns']
      : []),
    ...(named.size > MOST_ACCOUNTS ? [`resources of more than ${MOST_ACCOUNTS} other accounts`] : []),
  ];
  const isOfCallers = [before, after].some((one) => one.resourcePolicy !== undefined || one.trustPolicy !== undefined);
  if (onlyPrincipals || !isOfCallers) return [...new Set(limits)];
  const callerKey = changed.map((one) => CALLER_KEYS.exec(one)?.[0]).find(Boolean);
  const [was, is] = [before, after].map((one) => principalArnTests(statementsOf(one)));
  return [
    ...new Set([
      ...limits,
      ...(callerKey ? [`callers by ${callerKey}`] : []),
      ...(was === is ? [] : ['callers by aws:PrincipalArn, of which examples are compared']),
      ...(changed.some((one) => /"CanonicalUser"|:federated-user\//.test(one))
        ? ['canonical users and federated users']
        : []),
    ]),
  ];
}

/** Returns actions that may be newer than the Service Authorization Reference. */
const unknownActions = (changed: readonly string[]): readonly string[] =>
  changed.flatMap((one) => {
    const { Action, NotAction } = JSON.parse(one) as JsonObject;
    return [...listOf(Action), ...listOf(NotAction)].flatMap((action) => actionProblem(String(action)) ?? []);
  });

/** Returns the tests of `aws:PrincipalArn` with wildcards or variables. Each ARN without them is a caller that is compared. */
function principalArnTests(statements: readonly string[]): string {
  const conditions = statements.map((one) => objectOf((JSON.parse(one) as JsonObject)['Condition']));
  const tests = conditions.flatMap((condition) =>
    Object.entries(condition).flatMap(([operator, keys]) =>
      Object.entries(objectOf(keys))
        .filter(([key]) => /^aws:PrincipalArn$/i.test(key))
        .map(([, values]) => JSON.stringify([operator, listOf(values)]))
        .filter((test) => /[*?$]/.test(test)),
    ),
  );
  return tests.sort().join();
}

/** Returns ARNs of roles and users that conditions on `aws:PrincipalArn` name, with a letter for each wildcard. */
export const arnsOfConditions = ({ before, after }: Comparison): readonly string[] => [
  ...new Set(
    [...statementsOf(before), ...statementsOf(after)]
      .filter((one) => /aws:PrincipalArn/i.test(one))
      .flatMap((one) => one.match(/arn:aws[\w-]*:iam::(?:\d{12}|\*):(?:role|user)\/[^"$]+/g) ?? [])
      .map((arn) => arn.replace('iam::*:', `iam::${STRANGER}:`).replace(/[*?]/g, 'x')),
  ),
];
