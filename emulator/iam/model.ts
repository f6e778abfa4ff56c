import type { CompiledPolicy } from '../../identity/policy/index.ts';

/** A role or user. Never changed in place, because other services may still use the old one. */
export interface Identity {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  /** `AROA…` of a role, `AIDA…` of a user. */
  readonly id: string;
  readonly accountId: string;
  readonly createdAt: number;
  /** By policy name. */
  readonly inlinePolicies: ReadonlyMap<string, PolicyDocument>;
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
  /** By access key id. The store of credentials has the secrets. */
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
  /** By version id (`v1`). */
  readonly versions: ReadonlyMap<string, PolicyDocument & { readonly createdAt: number }>;
  readonly defaultVersion: string;
  /** IAM never reuses a version number. */
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
