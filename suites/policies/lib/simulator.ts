/** Asks IAM's policy simulator about tables of conditions and patterns: one call decides a whole table. */
import { IAM, type ContextEntry, type SimulateCustomPolicyCommandInput } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import type { CheckContext } from '../../../harness/index.ts';
import { check } from '../../../harness/index.ts';

type Value = string | number | boolean | readonly string[];
/** By operator: values of the policy with which the condition holds, and with which it does not. */
type Table = Readonly<Record<string, { readonly holds: readonly Value[]; readonly not: readonly Value[] }>>;

interface Question {
  readonly statements: readonly object[];
  readonly resources: readonly string[];
  readonly context?: readonly ContextEntry[];
  readonly action?: string;
  /** Default 2012-10-17; undefined: the policy tells none. */
  readonly version?: string | undefined;
  /** Whose policies the others are about, where that counts: who calls, what the resource says, and whose it is. */
  readonly more?: Pick<
    SimulateCustomPolicyCommandInput,
    'CallerArn' | 'ResourcePolicy' | 'ResourceOwner' | 'PermissionsBoundaryPolicyInputList'
  >;
}

/** What is decided of each resource: `allowed`, `implicitDeny` or `explicitDeny`. */
export async function decisionsOf({ aws }: CheckContext, question: Question): Promise<readonly (string | undefined)[]> {
  const { statements, resources, context = [], action = 's3:GetObject', more } = question;
  const version = 'version' in question ? question.version : '2012-10-17';
  const asked = {
    PolicyInputList: [JSON.stringify({ Version: version, Statement: statements })],
    ActionNames: [action],
    ResourceArns: [...resources],
    ContextEntries: [...context],
    ...more,
  };
  const { EvaluationResults = [] } = await new IAM(await aws('iam')).simulateCustomPolicy(asked).catch(refuseOthers);
  const decisions = EvaluationResults.flatMap((result) => [
    { of: result.EvalResourceName, decision: result.EvalDecision },
    ...(result.ResourceSpecificResults ?? []).map((each) => ({
      of: each.EvalResourceName,
      decision: each.EvalResourceDecision,
    })),
  ]);
  return resources.map((resource) => decisions.find(({ of }) => of === resource)?.decision);
}

const NOT_IMPLEMENTED = 501;

/** An IAM that has no such action, or does not take valid policies, does not conform; what else is answered tells nothing of policies. */
function refuseOthers(error: Error & { readonly $metadata?: { readonly httpStatusCode?: number } }): never {
  if (error.$metadata?.httpStatusCode === NOT_IMPLEMENTED || error.name === 'InvalidAction')
    expect.fail(`IAM has no SimulateCustomPolicy (${error.name}).`);
  if (error.name === 'InvalidInputException') expect.fail(`IAM does not take valid policies: ${error.message}`);
  throw error;
}

/** Which of the resources the statements allow. */
export async function allowedOf(world: CheckContext, question: Question): Promise<readonly string[]> {
  const decisions = await decisionsOf(world, question);
  return question.resources.filter((_resource, index) => decisions[index] === 'allowed');
}

/** ARN of an object of a bucket that need not be there. */
export const object = (key: string | number): string => `arn:aws:s3:::data/${key}`;
export const allowing = (Resource: string | readonly string[], rest: object = {}): object => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource,
  ...rest,
});
export const given = (
  type: ContextEntry['ContextKeyType'],
  key: string,
  ...values: readonly string[]
): ContextEntry => ({ ContextKeyName: key, ContextKeyType: type, ContextKeyValues: [...values] });

/** Asserts a table about a key: each row's condition alone guards an object of its own. */
export const holds = (title: string, key: string, context: readonly ContextEntry[], table: Table) =>
  check(title, async (world) => {
    const rows = Object.entries(table).flatMap(([operator, { holds: right, not: wrong }]) => [
      ...right.map((value) => ({ operator, value, fits: true })),
      ...wrong.map((value) => ({ operator, value, fits: false })),
    ]);
    const resources = rows.map((_row, index) => object(index));
    const statements = rows.map(({ operator, value }, index) =>
      allowing(object(index), { Condition: { [operator]: { [key]: value } } }),
    );
    const allowed = await allowedOf(world, { statements, resources, context });
    const told = rows.map(({ operator, value }) => `${operator} ${JSON.stringify(value)}`);
    expect(told.filter((_row, index) => allowed.includes(object(index)))).to.deep.equal(
      told.filter((_row, index) => rows[index]?.fits),
    );
  });
