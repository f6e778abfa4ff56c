import type { RbacV1Subject, V1PolicyRule } from '@kubernetes/client-node';
import type { Stored } from '../types.ts';

export type PolicyRule = Stored<V1PolicyRule>;
export type Subject = Stored<RbacV1Subject>;

/** What a request wants to do: to a resource, or to a path that is none. */
export type Attributes = ResourceAttributes | { readonly verb: string; readonly path: string };

export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** Which binding allowed it; empty when nothing did. */
  readonly reason: string;
}
