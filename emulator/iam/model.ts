import type { CompiledPolicy } from './policy/index.ts';

/**
 * IAM role or user as the emulator keeps it. Documents are kept as text (as they are answered) beside their compiled form. It
 * is never changed in place, as nothing of IAM is: a changed copy takes its place, while others may still see it as it was.
 */
export interface Identity {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  /** `AROA…` of a role, `AIDA…` of a user. */
  readonly id: string;
  readonly accountId: string;
  readonly createdAt: number;
  /** Policy name -> document. */
  readonly inlinePolicies: ReadonlyMap<string, PolicyDocument>;
  /** ARNs of attached managed policies. */
  readonly attachedPolicies: ReadonlySet<string>;
  readonly permissionsBoundary: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
}

export interface Role extends Identity {
  readonly description: string | undefined;
  readonly maxSessionDuration: number;
  readonly trustPolicyText: string;
  readonly trustPolicy: CompiledPolicy;
}

export interface User extends Identity {
  /** Access key id -> the key, whose secret is in the store of credentials. */
  readonly accessKeys: ReadonlyMap<string, { readonly createdAt: number; readonly active: boolean }>;
}

export interface PolicyDocument {
  readonly text: string;
  readonly compiled: CompiledPolicy;
}

export interface ManagedPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdAt: number;
  readonly description: string | undefined;
  /** Version id (`v1`) -> document; `defaultVersion` is the one in force. */
  readonly versions: ReadonlyMap<string, PolicyDocument & { readonly createdAt: number }>;
  readonly defaultVersion: string;
  /** Number of the newest version: IAM does not give a number out twice, even if its version is deleted. */
  readonly newestVersion: number;
  readonly tags: ReadonlyMap<string, string>;
}

export interface OidcProvider {
  readonly arn: string;
  /** Issuer without `https://`. */
  readonly issuer: string;
  readonly createdAt: number;
  readonly clientIds: ReadonlySet<string>;
  readonly thumbprints: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
}
