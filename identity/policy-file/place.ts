import { suggestion } from '../../foundation/node/nearest.ts';

/** Values of a template's references, by `Name` or `Name.Attribute`. */
export type Values = Readonly<Record<string, string | readonly string[]>>;

/** Where a policy document is: the whole file, or a part of a deployment. */
export interface PolicyPlace {
  /** Terraform address, or logical id in a CloudFormation or CDK template. */
  readonly resource?: string | undefined;
  /** Name of an inline policy of the role. Default: its trust policy. */
  readonly policy?: string | undefined;
  /** Such as `{"DataBucket.Arn": "arn:aws:s3:::data"}`. */
  readonly values?: Values | undefined;
}

/** Where a role's policies are: inline policies, managed ones, and ARNs of managed policies outside the file. */
export interface RolePlaces {
  /** Terraform address or logical id. */
  readonly resource: string;
  /** Its name; undefined if it is only known after deployment. */
  readonly name: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly inline: readonly PolicyPlace[];
  readonly attached: readonly PolicyPlace[];
  readonly boundary: readonly PolicyPlace[];
  readonly elsewhere: readonly string[];
  /** EKS Pod Identity associations that give pods this role and nothing else. */
  readonly associations: readonly PlacedAssociation[];
}

/** Names that are only known after deployment are undefined. */
type PlacedAssociation = Readonly<Record<'resource' | 'cluster' | 'namespace' | 'serviceAccount', string | undefined>>;

/** The message is the rest of a sentence that begins with the file's name. */
export class PolicyProblem extends Error {}

/** Finds a resource, or the only one. Throws `PolicyProblem`, which suggests the nearest one. */
export function chosen<T>(resources: ReadonlyMap<string, T>, name: string | undefined): T {
  const [only] = resources.values();
  if (name === undefined && resources.size === 1 && only !== undefined) return only;
  if (name === undefined)
    throw new PolicyProblem(`has several policies. Set "resource" to one of ${[...resources.keys()].join(', ')}.`);
  const found = resources.get(name);
  if (found !== undefined) return found;
  throw new PolicyProblem(`has no resource "${name}" with a policy: ${suggestion(name, [...resources.keys()])}`);
}
