import { suggestion } from '../../../../foundation/node/nearest.ts';

/** What references of a template stand for, by `Name` or `Name.Attribute`. */
export type Values = Readonly<Record<string, string | readonly string[]>>;

/** Where a policy document is in a file: the file itself, or a part of what deploys it. */
export interface PolicyPlace {
  /** Address of a resource or data source in Terraform, logical id of one in a CloudFormation or CDK template. */
  readonly resource?: string | undefined;
  /** Name of an inline policy of that role. Default: its trust policy. */
  readonly policy?: string | undefined;
  /** What references of a template stand for, such as `{"DataBucket.Arn": "arn:aws:s3:::data"}`. */
  readonly values?: Values | undefined;
}

/** What is wrong with a policy in a file, as the rest of a sentence that begins with the file. */
export class PolicyProblem extends Error {}

/** The resource of a name. Throws `PolicyProblem`, which names the nearest, where there is none. */
export function chosen<T>(resources: ReadonlyMap<string, T>, name: string | undefined): T {
  if (name === undefined)
    throw new PolicyProblem(`holds several policies: name its "resource", one of ${[...resources.keys()].join(', ')}.`);
  const found = resources.get(name);
  if (found !== undefined) return found;
  throw new PolicyProblem(`has no resource "${name}" with a policy: ${suggestion(name, [...resources.keys()])}`);
}
