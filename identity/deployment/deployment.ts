import type { JsonObject } from '../../foundation/node/json.ts';

/** Values of a template's references, by `Name` or `Name.Attribute`. */
export type Values = Readonly<Record<string, string | readonly string[]>>;

/** A value that the file does not contain. */
export class Unknown {
  /** For example `aws_iam_role.ledger.arn is known only after apply`. */
  readonly reason: string;
  /** Whether the user can and must give it, so that it is an error where it is needed. */
  readonly isRequired: boolean;
  constructor(reason: string, isRequired = false) {
    this.reason = reason;
    this.isRequired = isRequired;
  }
}
export type Known<T> = T | Unknown;

export const knownOf = <T>(value: Known<T> | undefined): T | undefined =>
  value instanceof Unknown ? undefined : value;

/** The message is the rest of a sentence that begins with the file's name. */
export class PolicyProblem extends Error {}

/** A part of a deployment. */
interface Placed {
  /** Terraform's address, the logical id in a template, or kind and name of a manifest's object with its place. */
  readonly address: string;
}

export interface DeployedPolicy extends Placed {
  readonly kind: 'inline' | 'attached' | 'boundary';
  /** The name of an inline policy that is a part of the role's resource. */
  readonly policy?: string;
  /** JSON text. */
  readonly text: Known<string>;
  /** Whether it is not in the file, such as an AWS managed policy. The address is its ARN. */
  readonly isElsewhere?: boolean;
}

export interface DeployedRole extends Placed {
  /** As AWS will create it in the account. A name that is known only after deployment is replaced by the address. */
  readonly arn: string;
  readonly name: string;
  readonly isNamed: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** Names tags whose values or keys are not known. */
  readonly unknownTags?: readonly string[];
  /** JSON text. */
  readonly trust: Known<string>;
  readonly policies: readonly DeployedPolicy[];
}

/** An EKS Pod Identity association. */
export interface DeployedAssociation extends Placed {
  readonly cluster: Known<string>;
  readonly namespace: Known<string>;
  readonly serviceAccount: Known<string>;
  readonly roleArn: Known<string>;
  readonly targetRoleArn?: Known<string> | undefined;
  readonly externalId?: string | undefined;
  /** JSON text of the session policy. */
  readonly policy?: Known<string> | undefined;
  readonly disableSessionTags: boolean;
  /** Why a part of the association is not known, in sentences without a final point. */
  readonly unsure?: readonly string[];
}

interface DeployedCluster extends Placed {
  readonly name: Known<string>;
  /** With `https://`. */
  readonly issuer?: string | undefined;
}

interface DeployedProvider extends Placed {
  /** Without `https://`. */
  readonly url: string;
  readonly clientIds: readonly string[];
}

export interface DeployedServiceAccount extends Placed {
  /** Undefined: the namespace of the command that applies the manifest. */
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly annotations: Readonly<Record<string, Known<string>>>;
}

/** The template of new pods, by an object of any kind that has one. */
export interface DeployedPods extends Placed {
  readonly namespace?: string | undefined;
  /** A pod in the form of the Kubernetes API. Variables of `envFrom` are in `env`, as far as the files have their names. */
  readonly pod: JsonObject;
}

interface DeployedBucket extends Placed {
  readonly name: string;
  /** JSON text; null without a policy. */
  readonly policy: Known<string> | null;
  /** Whether a KMS key encrypts its objects by default. */
  readonly hasKey?: boolean;
}

/** A part of files that is not read. It may decide about the service accounts that it names. */
export interface UnreadPart {
  /** A sentence without a final point. */
  readonly reason: string;
  /** JSON text; undefined for a part that may decide about all. */
  readonly content?: string;
}

/** What files deploy, from any format. */
export interface Deployment {
  readonly accountId?: string | undefined;
  readonly region?: string | undefined;
  readonly roles: readonly DeployedRole[];
  readonly associations: readonly DeployedAssociation[];
  readonly clusters: readonly DeployedCluster[];
  readonly oidcProviders: readonly DeployedProvider[];
  readonly serviceAccounts: readonly DeployedServiceAccount[];
  readonly pods: readonly DeployedPods[];
  readonly buckets: readonly DeployedBucket[];
  readonly unread: readonly UnreadPart[];
}

/** What the caller knows of a deployment. */
export interface Surroundings {
  readonly accountId?: string | undefined;
  readonly region?: string | undefined;
  /** Values of a template's references. */
  readonly values?: Values | undefined;
}

export const EMPTY: Deployment = {
  ...{
    roles: [],
    associations: [],
    clusters: [],
    oidcProviders: [],
    serviceAccounts: [],
    pods: [],
    buckets: [],
    unread: [],
  },
};

/** Joins what several files deploy. */
export const joined = (parts: readonly Deployment[]): Deployment => {
  const keys = Object.keys(EMPTY) as (keyof Omit<Deployment, 'accountId' | 'region'>)[];
  return { ...EMPTY, ...Object.fromEntries(keys.map((key) => [key, parts.flatMap<unknown>((one) => one[key])])) };
};

/** EKS User Guide, "Assign IAM roles to Kubernetes service accounts". */
export const ROLE_ANNOTATION = 'eks.amazonaws.com/role-arn';

/** The account of files that do not name one. */
export const EXAMPLE_ACCOUNT = '111122223333';

/** Returns the account of the first ARN that has one. */
export const accountIn = (arns: readonly unknown[]): string | undefined =>
  arns.map((arn) => String(arn).split(':')[4] ?? '').find((account) => /^\d{12}$/.test(account));

/** Returns a role's ARN and name. A name that is not known is replaced by the address, as far as IAM allows its characters. */
export function roleNames(
  address: string,
  name: string | undefined,
  path: string | undefined,
  { accountId = EXAMPLE_ACCOUNT }: Surroundings,
  partition = 'aws',
): Pick<DeployedRole, 'arn' | 'name' | 'isNamed'> {
  const shown = name ?? address.replaceAll(/[^\w+=,.@-]+/g, '-').replace(/-$/, '');
  const arn = `arn:${partition}:iam::${accountId}:role${path ?? '/'}${shown}`;
  return { arn, name: name ?? address, isNamed: name !== undefined };
}
