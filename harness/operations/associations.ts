/** Steps that change an association, and wait until webhook and EKS Auth know of the change. */
import {
  DeletePodIdentityAssociationCommand,
  UpdatePodIdentityAssociationCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { badScenario } from '../../foundation/node/errors.ts';
import { changeTo, watchAssociation, type Change } from '../world/association.ts';
import { retryUntilConsistent } from '../world/iam.ts';
import { isAssociationTooSoon } from '../scenario/retry-rules.ts';
import type { ActionStep, AssociationSpec } from '../scenario/spec.ts';
import { associate } from '../world/fixtures/associations.ts';
import {
  accountKey,
  clusterOf,
  workload,
  workloads,
  type ScenarioWorld,
  type Subject,
  type Workload,
} from '../scenario/world.ts';
import type { StepContext, StepDescriptor } from '../scenario/descriptor.ts';
import { defineStep } from '../scenario/operation-registry.ts';

const specOf = (association: string | AssociationSpec): AssociationSpec =>
  typeof association === 'string' ? { role: association } : association;

export const createAssociation = ofAssociation(
  'CreateAssociation',
  (workload: string, association: string | AssociationSpec) => ({ workload, association }),
  {
    refersTo: ({ workload: name, association }) => {
      const { role, targetRole } = specOf(association);
      return { workloads: [name], roles: [role, targetRole] };
    },
    needs: (_step, kubernetes) => [kubernetes ? 'pod-identity' : 'associations'],
    change: async ({ world, expectsRefusal }, { association }, subject) => {
      await associate(world, subject[0], specOf(association));
      return changeTo(world, subject, specOf(association), expectsRefusal);
    },
  },
);

export const updateAssociation = ofAssociation(
  'UpdateAssociation',
  (workload: string, role: string) => ({ workload, role }),
  {
    refersTo: ({ workload: name, role }) => ({ workloads: [name], roles: [role] }),
    change: async ({ world, expectsRefusal }, { role }, subject, eks) => {
      const input = { ...keyOf(world, subject[0]), roleArn: world.names.roleArn(role) };
      await retryUntilConsistent(world, isAssociationTooSoon, () =>
        eks.send(new UpdatePodIdentityAssociationCommand(input)),
      );
      return changeTo(world, subject, { ...subject[0].association, role }, expectsRefusal);
    },
  },
);

export const deleteAssociation = ofAssociation('DeleteAssociation', (workload: string) => ({ workload }), {
  refersTo: ({ workload: name }) => ({ workloads: [name] }),
  change: async ({ world }, _step, subject, eks) => {
    await eks.send(new DeletePodIdentityAssociationCommand(keyOf(world, subject[0])));
    return { injected: false, roleArn: undefined };
  },
});

/** Defines a step with the state that webhook and EKS Auth must reach. */
function ofAssociation<Args extends readonly unknown[], T extends { readonly workload: string }>(
  name: string,
  build: (...args: Args) => T,
  {
    change,
    ...said
  }: Pick<StepDescriptor<T & ActionStep>, 'refersTo' | 'needs'> & {
    readonly change: (context: StepContext, step: T, subject: Subject, eks: EKSClient) => Promise<Change>;
  },
) {
  return defineStep(name, build, {
    ...said,
    withoutKubernetes: true,
    perform: async (context, step) => {
      const { world } = context;
      const subject = subjectOf(world, step.workload);
      const watch = await watchAssociation(world, subject);
      const to = await change(context, step, subject, world.environment.aws.clients('main').eks);
      await watch?.until(to);
    },
  });
}

function subjectOf(world: ScenarioWorld, name: string): Subject {
  const item = workload(world, name);
  const others = workloads(world).filter((other) => other.name !== name && accountKey(other) === accountKey(item));
  return [item, ...others];
}

function keyOf(world: ScenarioWorld, { name, cluster }: Workload) {
  const associationId = world.associations.get(name);
  if (associationId === undefined)
    throw badScenario(`${world.scenario.id}: workload "${name}" has no association at this point.`);
  return { clusterName: clusterOf(world, cluster).cluster.name, associationId };
}
