/** Steps that change an association, and wait until webhook and EKS Auth know the change. */
import { text } from '../scenario/form.ts';
import {
  DeletePodIdentityAssociationCommand,
  UpdatePodIdentityAssociationCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { badScenario } from '../../foundation/node/errors.ts';
import { changeTo, watchAssociation, type Change } from '../world/association.ts';
import { retryUntilConsistent } from '../world/iam.ts';
import { isAssociationTooSoon } from '../scenario/retry-rules.ts';
import { associationOrRole, type ActionStep, type AssociationSpec } from '../scenario/spec.ts';
import { associate } from '../world/fixtures/associations.ts';
import {
  accountKey,
  clusterOf,
  workload,
  workloads,
  type ScenarioContext,
  type AccountWorkloads,
  type Workload,
} from '../scenario/scenario-context.ts';
import type { StepContext, StepDescriptor } from '../scenario/descriptor.ts';
import { defineStep } from '../scenario/operation-registry.ts';

const specOf = (association: string | AssociationSpec): AssociationSpec =>
  typeof association === 'string' ? { role: association } : association;

export const createAssociation = ofAssociation(
  'CreateAssociation',
  (workload: string, association: string | AssociationSpec) => ({ workload, association }),
  {
    form: { workload: text, association: associationOrRole },
    refersTo: ({ workload: name, association }) => {
      const { role, targetRole } = specOf(association);
      return { workloads: [name], roles: [role, targetRole] };
    },
    needs: (_step, kubernetes) => [kubernetes ? 'pod-identity' : 'associations'],
    change: async ({ context, expectsRefusal }, { association }, subject) => {
      await associate(context, subject[0], specOf(association));
      return changeTo(context, subject, specOf(association), expectsRefusal);
    },
  },
);

export const updateAssociation = ofAssociation(
  'UpdateAssociation',
  (workload: string, role: string) => ({ workload, role }),
  {
    form: { workload: text, role: text },
    refersTo: ({ workload: name, role }) => ({ workloads: [name], roles: [role] }),
    change: async ({ context, expectsRefusal }, { role }, subject, eks) => {
      const input = { ...keyOf(context, subject[0]), roleArn: context.names.roleArn(role) };
      await retryUntilConsistent(context, isAssociationTooSoon, () =>
        eks.send(new UpdatePodIdentityAssociationCommand(input)),
      );
      return changeTo(context, subject, { ...subject[0].association, role }, expectsRefusal);
    },
  },
);

export const deleteAssociation = ofAssociation('DeleteAssociation', (workload: string) => ({ workload }), {
  form: { workload: text },
  refersTo: ({ workload: name }) => ({ workloads: [name] }),
  change: async ({ context }, _step, subject, eks) => {
    await eks.send(new DeletePodIdentityAssociationCommand(keyOf(context, subject[0])));
    return { injected: false, roleArn: undefined };
  },
});

/** Defines a step. `change` returns the state that webhook and EKS Auth must then reach. */
function ofAssociation<Args extends readonly unknown[], T extends { readonly workload: string }>(
  name: string,
  build: (...args: Args) => T,
  {
    change,
    ...fields
  }: Pick<StepDescriptor<T & ActionStep>, 'form' | 'refersTo' | 'needs'> & {
    readonly change: (context: StepContext, step: T, subject: AccountWorkloads, eks: EKSClient) => Promise<Change>;
  },
) {
  return defineStep(name, build, {
    ...fields,
    withoutKubernetes: true,
    perform: async (stepContext, step) => {
      const { context } = stepContext;
      const subject = subjectOf(context, step.workload);
      const watch = await watchAssociation(context, subject);
      const to = await change(stepContext, step, subject, context.environment.aws.clients('main').eks);
      await watch?.until(to);
    },
  });
}

function subjectOf(context: ScenarioContext, name: string): AccountWorkloads {
  const item = workload(context, name);
  const others = workloads(context).filter((other) => other.name !== name && accountKey(other) === accountKey(item));
  return [item, ...others];
}

function keyOf(context: ScenarioContext, { name, cluster }: Workload) {
  const associationId = context.associations.get(name);
  if (associationId === undefined)
    throw badScenario(`${context.scenario.id}: workload "${name}" has no association at this point.`);
  return { clusterName: clusterOf(context, cluster).cluster.name, associationId };
}
