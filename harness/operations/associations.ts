/** Steps that change the association of a workload's service account, and wait until webhook and EKS Auth know of it. */
import {
  DeletePodIdentityAssociationCommand,
  UpdatePodIdentityAssociationCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { HarnessError } from '../../foundation/errors.ts';
import { changeTo, watchAssociation, type Change, type Subject } from '../consistency/association.ts';
import { isAssociationTooSoon, retryUntilConsistent } from '../consistency/iam.ts';
import type { AssociationSpec, StepOf } from '../scenario/spec.ts';
import { associate } from '../world/fixtures/associations.ts';
import { accountKey, clusterOf, workload, workloads, type ScenarioWorld, type Workload } from '../world/world.ts';
import type { StepContext, StepDescriptor } from './descriptor.ts';
import { action, defineStep } from './registry.ts';

interface OfAssociation extends StepOf<string> {
  readonly workload: string;
}

interface CreateAssociation extends OfAssociation {
  readonly association: string | AssociationSpec;
}

interface UpdateAssociation extends OfAssociation {
  readonly role: string;
}

export const createAssociation = (workload: string, association: string | AssociationSpec): CreateAssociation =>
  action('CreateAssociation', { workload, association });
export const updateAssociation = (workload: string, role: string): UpdateAssociation =>
  action('UpdateAssociation', { workload, role });
export const deleteAssociation = (workload: string): OfAssociation => action('DeleteAssociation', { workload });

const specOf = ({ association }: CreateAssociation): AssociationSpec =>
  typeof association === 'string' ? { role: association } : association;

define<CreateAssociation>({
  name: 'CreateAssociation',
  refersTo: (step) => ({ workloads: [step.workload], roles: [specOf(step).role, specOf(step).targetRole] }),
  needs: (_step, kubernetes) => [kubernetes ? 'pod-identity' : 'associations'],
  change: async ({ world, expectsRefusal }, step, subject) => {
    await associate(world, subject[0], specOf(step));
    return changeTo(world, subject, specOf(step), expectsRefusal);
  },
});

define<UpdateAssociation>({
  name: 'UpdateAssociation',
  refersTo: ({ workload: name, role }) => ({ workloads: [name], roles: [role] }),
  change: async ({ world, expectsRefusal }, { role }, subject, eks) => {
    const input = { ...keyOf(world, subject[0]), roleArn: world.names.roleArn(role) };
    await retryUntilConsistent(world, isAssociationTooSoon, () =>
      eks.send(new UpdatePodIdentityAssociationCommand(input)),
    );
    return changeTo(world, subject, { ...subject[0].association, role }, expectsRefusal);
  },
});

define<OfAssociation>({
  name: 'DeleteAssociation',
  refersTo: ({ workload: name }) => ({ workloads: [name] }),
  change: async ({ world }, _step, subject, eks) => {
    await eks.send(new DeletePodIdentityAssociationCommand(keyOf(world, subject[0])));
    return { injected: false, roleArn: undefined };
  },
});

/** Defines a step that makes a change, with what webhook and EKS Auth must come to by it. */
function define<T extends OfAssociation>({
  change,
  ...descriptor
}: Omit<StepDescriptor<T>, 'perform' | 'withoutKubernetes'> & {
  readonly change: (context: StepContext, step: T, subject: Subject, eks: EKSClient) => Promise<Change>;
}): void {
  defineStep<T>({
    ...descriptor,
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

/** The workload, and the others of its service account. */
function subjectOf(world: ScenarioWorld, name: string): Subject {
  const item = workload(world, name);
  const others = workloads(world).filter((other) => other.name !== name && accountKey(other) === accountKey(item));
  return [item, ...others];
}

function keyOf(world: ScenarioWorld, { name, cluster }: Workload) {
  const associationId = world.associations.get(name);
  if (associationId === undefined)
    throw new HarnessError(
      'BAD_SCENARIO',
      `${world.scenario.id}: workload "${name}" has no association at this point.`,
    );
  return { clusterName: clusterOf(world, cluster).cluster.name, associationId };
}
