/** Evaluates tables of conditions and patterns with IAM's policy simulator, one table per call. */
import { IAM, type ContextEntry, type SimulateCustomPolicyCommandInput } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import type { CheckContext } from '../../../harness/index.ts';
import { check } from '../../../harness/index.ts';

type Value = string | number | boolean | readonly string[];
/** By operator: policy values for which the condition holds, and for which it does not. */
type Table = Readonly<Record<string, { readonly holds: readonly Value[]; readonly not: readonly Value[] }>>;

interface Question {
  readonly statements: readonly object[];
  readonly resources: readonly string[];
  readonly context?: readonly ContextEntry[];
  readonly action?: string;
  /** Default 2012-10-17; `undefined` omits the version. */
  readonly version?: string | undefined;
  /** Caller, resource policy, resource owner and boundary, if they matter. */
  readonly more?: Pick<
    SimulateCustomPolicyCommandInput,
    'CallerArn' | 'ResourcePolicy' | 'ResourceOwner' | 'PermissionsBoundaryPolicyInputList'
  >;
}

/** Returns the decision for each resource: `allowed`, `implicitDeny` or `explicitDeny`. */
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
    { resourceName: result.EvalResourceName, decision: result.EvalDecision },
    ...(result.ResourceSpecificResults ?? []).map((each) => ({
      resourceName: each.EvalResourceName,
      decision: each.EvalResourceDecision,
    })),
  ]);
  return resources.map((resource) => decisions.find(({ resourceName }) => resourceName === resource)?.decision);
}

const NOT_IMPLEMENTED = 501;

/** Fails if IAM lacks the action or rejects valid policies. Throws other errors, which prove nothing about policies. */
function refuseOthers(error: Error & { readonly $metadata?: { readonly httpStatusCode?: number } }): never {
  if (error.$metadata?.httpStatusCode === NOT_IMPLEMENTED || error.name === 'InvalidAction')
    expect.fail(`IAM does not support SimulateCustomPolicy (${error.name}).`);
  if (error.name === 'InvalidInputException') expect.fail(`IAM rejects valid policies: ${error.message}`);
  throw error;
}

/** Returns the resources that the statements allow. */
export async function allowedOf(world: CheckContext, question: Question): Promise<readonly string[]> {
  const decisions = await decisionsOf(world, question);
  return question.resources.filter((_resource, index) => decisions[index] === 'allowed');
}

/** ARN of an object in a bucket that need not exist. */
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

/** Checks a table for a key: the condition of each row guards its own object. */
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
    const titles = rows.map(({ operator, value }) => `${operator} ${JSON.stringify(value)}`);
    expect(titles.filter((_row, index) => allowed.includes(object(index)))).to.deep.equal(
      titles.filter((_row, index) => rows[index]?.fits),
    );
  });
