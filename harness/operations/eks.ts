import type { EKSClient, PodIdentityAssociation } from '@aws-sdk/client-eks';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { ClusterAlias, PermissionPolicy } from '../scenario/policy.ts';
import type { HarnessOperation, Operation } from '../scenario/spec.ts';
import { HARNESS_CALLER_ERRORS, SERVICE_ERRORS, refusalBy } from '../../aws/refusal.ts';
import { webSession, type WebSession } from '../world/sessions.ts';
import { clusterOf, type ScenarioContext } from '../scenario/scenario-context.ts';
import type { Facts } from '../world/admission.ts';
import type { HarnessDescriptor, Wording } from '../scenario/descriptor.ts';
import { defineHarnessOperation, type DescriptorFields } from '../scenario/operation-registry.ts';

export interface OfCluster {
  readonly cluster: ClusterAlias;
  /** Another cluster name to send, such as `<cluster:c1>-absent`. */
  readonly clusterName?: string;
  /** Role that makes the call, assumed with a token of the scenario. Default: the administrator. */
  readonly as?: WebSession;
}

/** Members of a request for an association; roles by their names in the scenario. Omitted ones are not sent. */
export interface AssociationRequest {
  readonly role?: string;
  /** A text to send instead of a role's ARN. */
  readonly roleArn?: string;
  /** Null sends an empty ARN, with which an update removes the target role. */
  readonly targetRole?: string | null;
  readonly disableSessionTags?: boolean;
  readonly policy?: PermissionPolicy;
}

/** Default cluster `c1`. `clusterName` sends another name. */
export type Where = Partial<OfCluster>;

type EksOperation<T extends Operation> = Omit<
  DescriptorFields<HarnessDescriptor<T>>,
  'withoutKubernetes' | 'perform'
> & {
  readonly facts: (context: ScenarioContext, operation: T, eks: EKSClient) => Promise<Facts>;
};

/** Defines an operation of EKS that returns facts or a refusal. */
export const defineEksOperation = <Args extends readonly unknown[], T extends object>(
  name: string,
  build: (...args: Args) => T,
  { facts, ...fields }: EksOperation<T & HarnessOperation>,
) =>
  defineHarnessOperation(name, build, {
    ...(fields as DescriptorFields<HarnessDescriptor<T & HarnessOperation>>),
    withoutKubernetes: true,
    refersTo: (operation) => {
      const { roles = [], ...others } = fields.refersTo?.(operation) ?? {};
      return { ...others, roles: [...roles, callerOf(operation)?.role], tokens: [callerOf(operation)?.token] };
    },
    needs: (operation, expectation) => [
      ...(fields.needs?.(operation, expectation) ?? []),
      ...(callerOf(operation) === undefined ? [] : (['irsa'] as const)),
    ],
    describe: (operation, say) => [...fields.describe(operation, say), callerWords(callerOf(operation))],
    perform: async (context, operation): Promise<ProbeResult> => {
      const caller = callerOf(operation);
      const session = caller && (await webSession(context, caller));
      // Without a session, EKS cannot be called.
      if (session !== undefined && 'outcome' in session) return session;
      const { eks } = session?.clients ?? context.environment.aws.clients('main');
      try {
        return { outcome: 'granted', facts: await facts(context, operation, eks) };
      } catch (error) {
        return refusalBy('eks', error as Error, caller === undefined ? HARNESS_CALLER_ERRORS : SERVICE_ERRORS);
      }
    },
  });

const callerOf = (operation: HarnessOperation & Partial<OfCluster>): WebSession | undefined => operation.as;

export const callerWords = (caller: WebSession | undefined): string =>
  caller === undefined ? '' : `as role ${caller.role}`;

export const DEFAULT = { cluster: 'c1' } as const;

export const nameOf = (context: ScenarioContext, { cluster, clusterName }: OfCluster): string =>
  clusterName ?? clusterOf(context, cluster).cluster.name;

export const whereWords = ({ clusterName }: OfCluster, say: Wording): string =>
  clusterName === undefined ? '' : `in cluster ${say.text(clusterName)}`;

export function associationFacts(association: PodIdentityAssociation | undefined): Facts {
  return present({
    clusterName: association?.clusterName,
    namespace: association?.namespace,
    serviceAccount: association?.serviceAccount,
    associationId: association?.associationId,
    associationArn: association?.associationArn,
    roleArn: association?.roleArn,
    targetRoleArn: association?.targetRoleArn,
    externalId: association?.externalId,
    disableSessionTags: association?.disableSessionTags,
    createdAt: association?.createdAt?.toISOString(),
    modifiedAt: association?.modifiedAt?.toISOString(),
    ...tagFacts(association?.tags),
  });
}

export const tagFacts = (tags: Readonly<Record<string, string>> = {}): Facts =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`tags.${key}`, value]));

export const present = (facts: Readonly<Record<string, Facts[string] | undefined>>): Facts =>
  Object.fromEntries(Object.entries(facts).filter((fact): fact is [string, Facts[string]] => fact[1] !== undefined));

export function requested(context: ScenarioContext, request: AssociationRequest) {
  const { role, roleArn, targetRole, disableSessionTags, policy } = request;
  return {
    ...(role !== undefined && { roleArn: context.names.roleArn(role) }),
    ...(roleArn !== undefined && { roleArn }),
    ...(targetRole !== undefined && { targetRoleArn: targetRole === null ? '' : context.names.roleArn(targetRole) }),
    ...(disableSessionTags !== undefined && { disableSessionTags }),
    ...(policy && { policy: context.names.policyText(policy) }),
  };
}

/** Returns the requested association in words: `app, target role far, no session tags`. */
export function associationWords(association: AssociationRequest, say: Wording): string {
  const { role, roleArn, targetRole, disableSessionTags, policy } = association;
  return [
    role ?? say.text(roleArn ?? ''),
    targetRole === undefined ? '' : targetRole === null ? 'no target role' : `target role ${targetRole}`,
    disableSessionTags === undefined ? '' : `session tags ${disableSessionTags ? 'off' : 'on'}`,
    policy === undefined ? '' : 'a session policy',
  ]
    .filter((word) => word !== '')
    .join(', ');
}
