import type { RbacV1Subject, V1PolicyRule } from '@kubernetes/client-node';
import type { Stored } from '../model/types.ts';

export type PolicyRule = Stored<V1PolicyRule>;
export type RbacSubject = Stored<RbacV1Subject>;

export type { Attributes } from '../model/attributes.ts';

export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** Describes the binding that allowed the access, or why a node was refused, or is empty. */
  readonly reason: string;
}
