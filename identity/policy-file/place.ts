import { suggestion } from '../../foundation/node/nearest.ts';
import { PolicyProblem, type Values } from '../deployment/deployment.ts';

/** Where a policy document is: the whole file, or a part of a deployment. */
export interface PolicyPlace {
  /** Terraform address, or logical id in a CloudFormation or CDK template. */
  readonly resource?: string | undefined;
  /** Name of an inline policy of the role. Default: its trust policy. */
  readonly policy?: string | undefined;
  /** For example `{"DataBucket.Arn": "arn:aws:s3:::data"}`. */
  readonly values?: Values | undefined;
}

/** Finds a resource, or the only one. Throws `PolicyProblem`, which suggests the nearest one. */
export function chosen<T>(resources: ReadonlyMap<string, T>, name: string | undefined): T {
  const [only] = resources.values();
  if (name === undefined && resources.size === 1 && only !== undefined) return only;
  if (name === undefined)
    throw new PolicyProblem(`has several policies. Set "resource" to one of ${[...resources.keys()].join(', ')}.`);
  const resource = resources.get(name);
  if (resource !== undefined) return resource;
  throw new PolicyProblem(`has no resource "${name}" with a policy: ${suggestion(name, [...resources.keys()])}`);
}
