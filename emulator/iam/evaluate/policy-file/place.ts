import { suggestion } from '../../../../foundation/node/nearest.ts';

/** Values of a template's references, by `Name` or `Name.Attribute`. */
export type Values = Readonly<Record<string, string | readonly string[]>>;

/** Place of a policy document: the file itself, or a part of a deployment. */
export interface PolicyPlace {
  /** Terraform address, or logical id in a CloudFormation or CDK template. */
  readonly resource?: string | undefined;
  /** Name of an inline policy of the role. Default: its trust policy. */
  readonly policy?: string | undefined;
  /** Such as `{"DataBucket.Arn": "arn:aws:s3:::data"}`. */
  readonly values?: Values | undefined;
}

/** The message is the rest of a sentence that begins with the file. */
export class PolicyProblem extends Error {}

/** Throws `PolicyProblem`, which names the nearest resource. */
export function chosen<T>(resources: ReadonlyMap<string, T>, name: string | undefined): T {
  if (name === undefined)
    throw new PolicyProblem(`holds several policies: name its "resource", one of ${[...resources.keys()].join(', ')}.`);
  const found = resources.get(name);
  if (found !== undefined) return found;
  throw new PolicyProblem(`has no resource "${name}" with a policy: ${suggestion(name, [...resources.keys()])}`);
}
