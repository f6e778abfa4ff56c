import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import { actionProblem } from '../policy/actions.ts';
import { documentsOf, statementsIn } from './documents.ts';
import type { Comparison, NamedDocument } from './types.ts';

/** Represents all accounts that no policy names. */
export const STRANGER = '000000000000';
/** Other accounts whose resources one comparison asks about. */
const MOST_ACCOUNTS = 10;
/** Keys of callers that principals have as fixed values, and tests of accounts by a pattern, a number or a variable. */
const CALLER_KEYS =
  /aws:(?:userid|username|PrincipalServiceName|PrincipalType)|(?<=\$\{|Numeric[^}]*)aws:PrincipalAccount|aws:PrincipalAccount(?=":\[?(?:"\d+",)*"(?!\*")[^"]*[*?$])/i;

/** The statements of both sides as JSON. */
export interface StatementTexts {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Those that only one side has. */
  readonly changed: readonly string[];
}

export function statementTexts(comparison: Comparison): StatementTexts {
  const [before, after] = [comparison.before, comparison.after].map((set) =>
    documentsOf(set)
      .flatMap(statementsIn)
      .map((one) => JSON.stringify(one)),
  ) as [string[], string[]];
  const only = (some: readonly string[], others: readonly string[]) => some.filter((one) => !others.includes(one));
  return { before, after, changed: [...only(before, after), ...only(after, before)] };
}

const ACCOUNT = /(?<!\d)\d{12}(?!\d)/g;

/** Returns the other accounts whose resources the changed statements may be about, all those without a name first. */
const otherAccounts = ({ resourceAccount }: Comparison, { changed }: StatementTexts): readonly string[] =>
  [...new Set([STRANGER, ...(changed.join().match(ACCOUNT) ?? [])])].filter((one) => one !== resourceAccount);

/**
 * Returns comparisons for resources of other accounts, whose own policies are assumed to allow what they must (IAM User Guide,
 * "Cross-account policy evaluation logic"). None if the resource's policy is given.
 */
export function inOtherAccounts(comparison: Comparison, texts: StatementTexts): readonly Comparison[] {
  const { before, after } = comparison;
  if ([before, after].some((one) => one.resourcePolicy !== undefined || one.trustPolicy !== undefined)) return [];
  if (!/(?<!\d)\d{12}(?!\d)|ResourceAccount/i.test([...texts.before, ...texts.after].join())) return [];
  const allowing = (name: string, more: object): NamedDocument => ({
    name,
    document: { Version: '2012-10-17', Statement: { Effect: 'Allow', Principal: { AWS: '*' }, ...more } },
  });
  const allowed = {
    resourcePolicy: allowing('policy of another account', { Action: '*', Resource: '*' }),
    trustPolicy: allowing('trust policy of another account', { Action: 'sts:*' }),
  };
  return otherAccounts(comparison, texts)
    .slice(0, MOST_ACCOUNTS)
    .map((account) => ({
      ...comparison,
      ...{ before: { ...before, ...allowed }, after: { ...after, ...allowed }, resourceAccount: account },
    }));
}

/** Returns, in words, what the changed statements test and the compared requests do not cover. */
export function uncovered(comparison: Comparison, texts: StatementTexts): readonly string[] {
  const { changed } = texts;
  const { principals, onlyPrincipals = false, before, after } = comparison;
  const partitions = new Set(
    principals.map(({ principal }) => ('arn' in principal ? principal.arn.split(':')[1] : 'aws')),
  );
  const others = changed.flatMap((one) => one.match(/"arn:aws[\w-]*(?=:)/g) ?? []).map((one) => one.slice(5));
  const isIn = (pattern: RegExp): boolean => changed.some((one) => pattern.test(one));
  const limits = [
    ...unknownActions(changed),
    ...(principals.length === 0 ? [] : others.filter((one) => !partitions.has(one))).map(
      (one) => `resources of partition ${one}`,
    ),
    isIn(/"arn:(?:[^:"]*:){0,3}[^:"]*\*:[^:"]*[^*:"]"/) && 'an ARN of fewer than six fields with a wildcard',
    isIn(/"arn:[^"]*:(?:aws|aws-marketplace):|::parameter\/aws\//) && 'resources that AWS owns',
    otherAccounts(comparison, texts).length > MOST_ACCOUNTS && `resources of more than ${MOST_ACCOUNTS} other accounts`,
  ];
  const isOfCallers = [before, after].some((one) => one.resourcePolicy !== undefined || one.trustPolicy !== undefined);
  if (!onlyPrincipals && isOfCallers) {
    const callerKey = changed.map((one) => CALLER_KEYS.exec(one)?.[0]).find(Boolean);
    const [was, is] = [texts.before, texts.after].map(principalArnTests);
    limits.push(
      callerKey !== undefined && `callers by ${callerKey}`,
      was !== is && 'callers by aws:PrincipalArn, of which examples are compared',
      isIn(/"CanonicalUser"|:federated-user\//) && 'canonical users and federated users',
    );
  }
  return [...new Set(limits)].filter((one) => typeof one === 'string');
}

/** Returns actions that may be newer than the Service Authorization Reference. */
const unknownActions = (changed: readonly string[]): readonly string[] =>
  changed.flatMap((one) => {
    const { Action, NotAction } = JSON.parse(one) as JsonObject;
    return [...listOf(Action), ...listOf(NotAction)].flatMap((action) => actionProblem(String(action)) ?? []);
  });

/** Returns the tests of `aws:PrincipalArn` with wildcards or variables. Other tests are covered: their ARNs are compared as callers. */
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

/** Returns ARNs that conditions on `aws:PrincipalArn` name, with a letter for each wildcard, and the root users of `aws:PrincipalAccount`. */
export const arnsOfConditions = ({ before, after }: StatementTexts): readonly string[] => [
  ...new Set(
    [...before, ...after]
      .filter((one) => /aws:PrincipalArn/i.test(one))
      .flatMap((one) => one.match(/arn:aws[\w-]*:iam::(?:\d{12}|\*):(?:(?:role|user)\/[^"$]+|root(?="))/g) ?? [])
      .map((arn) => arn.replace('iam::*:', `iam::${STRANGER}:`).replace(/[*?]/g, 'x')),
  ),
  ...[...before, ...after].flatMap((one) =>
    /aws:PrincipalAccount/i.test(one) ? (one.match(ACCOUNT) ?? []).map((id) => `arn:aws:iam::${id}:root`) : [],
  ),
];
