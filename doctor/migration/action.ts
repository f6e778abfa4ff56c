import type { ObjectName } from '../snapshot/object-name.ts';

/** A statement of a policy (IAM JSON policy elements). */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly [member: string]: unknown;
}

interface OfServiceAccount {
  /** The name on EKS. */
  readonly cluster: string;
  /** The context of the kubeconfig. */
  readonly context: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** A change by one API. A trust policy changes by statements, so that steps of several service accounts do not overwrite each other. */
export type Action =
  | { readonly type: 'CreateAddon' | 'DeleteAddon'; readonly cluster: string; readonly addonName: string }
  | { readonly type: 'CreateRole' | 'DeleteRole'; readonly roleArn: string; readonly statement: Statement }
  | { readonly type: 'AddTrustStatement'; readonly roleArn: string; readonly statement: Statement }
  | {
      readonly type: 'ReplaceTrustStatement';
      readonly roleArn: string;
      readonly statement: Statement;
      /** Undefined: removes the statement. */
      readonly replacement?: Statement;
    }
  | {
      readonly type: 'PutRolePolicy' | 'DeleteRolePolicy';
      readonly roleArn: string;
      readonly policyName: string;
      readonly statement: Statement;
    }
  | (OfServiceAccount & {
      readonly type: 'CreatePodIdentityAssociation' | 'DeletePodIdentityAssociation';
      readonly roleArn: string;
      readonly targetRoleArn?: string;
    })
  | (OfServiceAccount & { readonly type: 'RestartPods'; readonly workloads: readonly ObjectName[] })
  | (OfServiceAccount & {
      readonly type: 'RemoveRoleAnnotation' | 'SetRoleAnnotation';
      readonly roleArn: string;
    });

/** Returns the action that takes back another one. */
export function inverse(action: Action): Action {
  switch (action.type) {
    case 'AddTrustStatement':
      return { ...action, type: 'ReplaceTrustStatement' };
    case 'ReplaceTrustStatement': {
      const { roleArn, statement, replacement } = action;
      return replacement === undefined
        ? { type: 'AddTrustStatement', roleArn, statement }
        : { type: 'ReplaceTrustStatement', roleArn, statement: replacement, replacement: statement };
    }
    case 'RestartPods':
      return action;
    default:
      return { ...action, type: INVERSES[action.type] } as Action;
  }
}

const INVERSES = {
  CreateAddon: 'DeleteAddon',
  DeleteAddon: 'CreateAddon',
  CreateRole: 'DeleteRole',
  DeleteRole: 'CreateRole',
  PutRolePolicy: 'DeleteRolePolicy',
  DeleteRolePolicy: 'PutRolePolicy',
  CreatePodIdentityAssociation: 'DeletePodIdentityAssociation',
  DeletePodIdentityAssociation: 'CreatePodIdentityAssociation',
  RemoveRoleAnnotation: 'SetRoleAnnotation',
  SetRoleAnnotation: 'RemoveRoleAnnotation',
} as const;
