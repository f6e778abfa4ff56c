/** Policies that every AWS service rejects, and their parts. */
import type { IAM } from '@aws-sdk/client-iam';
import { codeOf } from '../../lib/errors.ts';

/** Builds a policy of one statement with changed elements; `undefined` omits an element. */
type Changed = (elements: object) => object;
export const policyOf =
  (statement: object): Changed =>
  (elements) => ({ Version: '2012-10-17', Statement: [{ ...statement, ...elements }] });

export const without = (name: string): object => ({ [name]: undefined });

/** A policy as text or as an object. */
export type Given = object | string;
export const textOf = (policy: Given): string => (typeof policy === 'string' ? policy : JSON.stringify(policy));

/** Policies that are invalid for every policy type. */
export const refusedAnywhere = (policy: Changed): Readonly<Record<string, Given>> => ({
  'invalid JSON': '{"Version": "2012-10-17",',
  'a list': JSON.stringify([policy({})]),
  'a string': JSON.stringify('policy'),
  null: 'null',
  'a version that is a number': { ...policy({}), Version: 2012 },
  'an id that is a number': { ...policy({}), Id: 1 },
  'an unknown version': { ...policy({}), Version: '2012-10-18' },
  'no statement': { Version: '2012-10-17' },
  'a statement that is a string': { Version: '2012-10-17', Statement: ['Allow'] },
  'a statement that is null': { Version: '2012-10-17', Statement: [null] },
  'a statement that is a list': { Version: '2012-10-17', Statement: [[policy({})]] },
  'a Sid that is a number': policy({ Sid: 1 }),
  'an unknown element': { ...policy({}), Statements: [] },
  'an unknown element of a statement': policy({ Resources: '*' }),
  'no effect': policy(without('Effect')),
  'an effect in lower case': policy({ Effect: 'allow' }),
  'no action': policy(without('Action')),
  'an empty list of actions': policy({ Action: [] }),
  'Action and NotAction': policy({ NotAction: 'sts:TagSession' }),
  'an action that is a number': policy({ Action: 1 }),
  'an action that is a number next to a string': policy({ Action: ['sts:AssumeRole', 1] }),
  'an action without a service': policy({ Action: 'GetObject' }),
  'an operator with a space': policy({ Condition: { 'String Equals': { 'aws:PrincipalTag/team': 'red' } } }),
  'an unknown operator': policy({ Condition: { StringSame: { 'aws:PrincipalTag/team': 'red' } } }),
  'a key without a service': policy({ Condition: { StringEquals: { team: 'red' } } }),
  'a condition that is a string': policy({ Condition: 'always' }),
  'a condition that is a list': policy({ Condition: [{ StringEquals: { 'aws:PrincipalTag/team': 'red' } }] }),
  'an operator without a key': policy({ Condition: { StringEquals: 'red' } }),
  'an operator that is null': policy({ Condition: { StringEquals: null } }),
  'a value that is an object': policy({ Condition: { StringEquals: { 'aws:PrincipalTag/team': { is: 'red' } } } }),
  'a value that is null': policy({ Condition: { StringEquals: { 'aws:PrincipalTag/team': [null] } } }),
  'Null with IfExists': policy({ Condition: { NullIfExists: { 'aws:PrincipalTag/team': 'true' } } }),
});

/** Returns the policy with its statement twice, both with this Sid. */
export const twoNamed = (policy: Changed, Sid: string): object => {
  const { Version, Statement } = policy({ Sid }) as { readonly Version: string; readonly Statement: object[] };
  return { Version, Statement: [...Statement, ...Statement] };
};

export const ABSENT_ROLE = 'arn:aws:iam::<account:main>:role/no-such-role-of-anybody';

/** Policies with missing principals; roles and users must exist (IAM User Guide, "AWS JSON policy elements: Principal"). */
export const absentPrincipals = (policy: Changed, name: (text: string) => string): Readonly<Record<string, Given>> =>
  Object.fromEntries(
    [
      ...[ABSENT_ROLE, 'arn:aws:iam::<account:main>:user/no-such-user-of-anybody'],
      // The role with this name has another path, and the id is unused.
      ...['arn:aws:iam::<account:main>:role/elsewhere/<role-name:app>', 'AROAEXAMPLEEXAMPLE123'],
    ].map((value) => [`${value}, which does not exist`, policy({ Principal: { AWS: name(value) } })]),
  );

export const SESSION_OF_APP = 'arn:aws:sts::<account:main>:assumed-role/<role-name:app>/session';

/** Policies with invalid principals (IAM User Guide, "AWS JSON policy elements: Principal"). */
export const badPrincipals = (policy: Changed, name: (text: string) => string): Readonly<Record<string, Given>> => ({
  'a principal that is a string': policy({ Principal: name('<account:main>') }),
  'a principal that is a list': policy({ Principal: [name('<account:main>')] }),
  'a principal that is null': policy({ Principal: null }),
  'an unknown type of principal': policy({ Principal: { Pod: 'app' } }),
  'a principal that is a number': policy({ Principal: { AWS: 111122223333 } }),
  'a principal that is empty': policy({ Principal: { AWS: '' } }),
  'an empty service': policy({ Principal: { Service: [''] } }),
  'a service with a wildcard': policy({ Principal: { Service: '*.amazonaws.com' } }),
  'a provider that is not a domain': policy({ Principal: { Federated: 'nobody' } }),
  ...Object.fromEntries(
    [
      'arn:aws:iam::<account:main>:role/*',
      'arn:aws:iam::<account:main>:group/developers',
      'arn:aws:iam::<account:main>:policy/read',
      'arn:aws:iam::1234:root',
      'arn:aws-nowhere:iam::<account:main>:root',
      'arn:aws:s3:::<account:main>',
      SESSION_OF_APP.replace(/\/session$/, ''),
      'arn:aws:sts::<account:main>:user/developer',
      'arn:aws:iam::<account:main>',
    ].map((arn) => [arn, policy({ Principal: { AWS: name(arn) } })]),
  ),
});

/** Returns a policy's text with white space after each key. */
export const spaced = (policy: Given, width: number): string => textOf(policy).replaceAll('":', '":'.padEnd(width));

/** Settings of clients that reach quotas: the AWS SDK treats IAM's LimitExceeded as throttling and retries. */
export const FEW_ATTEMPTS = { maxAttempts: 3 };

/** Replaces an inline policy of a role; the harness deletes `scenario` with the role. */
export const putPermissions =
  (iam: IAM, RoleName: string, PolicyName = 'scenario') =>
  (policy: Given): Promise<unknown> =>
    iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument: textOf(policy) });
/** Replaces the trust policy of a role. */
export const putTrust =
  (iam: IAM, RoleName: string) =>
  (policy: Given): Promise<unknown> =>
    iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: textOf(policy) });

const TAKEN = 'none';

/** Puts each policy, and returns those with an unexpected result. */
export async function surprises(
  put: (policy: Given) => Promise<unknown>,
  code: string,
  refused: Readonly<Record<string, Given>>,
  taken: Readonly<Record<string, Given>>,
): Promise<readonly string[]> {
  const deviations: string[] = [];
  for (const [what, policy] of [...Object.entries(refused), ...Object.entries(taken)]) {
    const expected = Object.hasOwn(refused, what) ? code : TAKEN;
    const answer = await codeOf(put(policy));
    if (answer !== expected) deviations.push(`${what}: ${answer === TAKEN ? 'accepted' : answer}`);
  }
  return deviations;
}
