import { DeletePodIdentityAssociationCommand, UpdatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { setTimeout as sleep } from 'node:timers/promises';
import { ignoreMissing } from '../../foundation/missing.ts';
import { HarnessError } from '../../foundation/errors.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { ActionStep } from '../scenario/spec.ts';
import { restartAgent, startAgent, stopAgent } from './agent-control.ts';
import type { Cast } from '../world/running-pods.ts';
import { associate } from '../world/fixtures/associations.ts';
import { deleteRole, putRolePolicy, recreateRole, updateTrust } from '../world/fixtures/roles.ts';
import { annotateServiceAccount, recreateServiceAccount } from '../world/fixtures/service-accounts.ts';
import type { Stage } from '../world/stages.ts';
import { changeTo, watchAssociation, watchRefusals, type Subject } from '../consistency/association.ts';
import { isAssociationTooSoon, settleIam, throughPropagation } from '../consistency/iam.ts';
import { undoAtOnce } from '../cleanup/undo.ts';
import { cutWebhook } from './webhook-client.ts';
import { accountKey, clusterOf, workload, workloads, type ScenarioWorld, type Workload } from '../world/world.ts';

/** Actions that change IAM. */
const OF_IAM: ReadonlySet<ActionStep['do']> = new Set([
  'PutRolePolicy',
  'UpdateTrust',
  'DeleteRole',
  'RecreateRole',
  'DenyNode',
]);

/** Changes the world as a step says, and waits until that is in force. `all[next]` is the stage that follows. */
export async function perform(
  world: ScenarioWorld,
  action: ActionStep,
  cast: Cast,
  all: readonly Stage[],
  next: number,
): Promise<void> {
  switch (action.do) {
    case 'CreateAssociation':
    case 'UpdateAssociation':
    case 'DeleteAssociation':
      return changeAssociation(world, action, all, next);
    default: {
      const refused = 'role' in action ? await watchRefusals(world, action.role, all, next) : undefined;
      await change(world, action, cast, next);
      if (OF_IAM.has(action.do)) await settleIam(world);
      await refused?.();
    }
  }
}

type AssociationAction = Extract<ActionStep, { do: 'CreateAssociation' | 'UpdateAssociation' | 'DeleteAssociation' }>;

async function changeAssociation(
  world: ScenarioWorld,
  action: AssociationAction,
  all: readonly Stage[],
  next: number,
): Promise<void> {
  const { eks } = world.environment.aws.clients('main');
  const item = workload(world, action.workload);
  const others = workloads(world).filter((other) => other.name !== item.name && isOfOneAccount(other, item));
  const subject: Subject = [item, ...others];
  const { name: clusterName } = clusterOf(world, item.cluster).cluster;
  const watch = await watchAssociation(world, subject);
  switch (action.do) {
    case 'CreateAssociation': {
      const association = typeof action.association === 'string' ? { role: action.association } : action.association;
      await associate(world, item, association);
      return watch?.until(changeTo(world, all, next, subject, association));
    }
    case 'UpdateAssociation': {
      const id = { clusterName, associationId: associationId(world, item.name) };
      const update = new UpdatePodIdentityAssociationCommand({ ...id, roleArn: world.names.roleArn(action.role) });
      await throughPropagation(world, isAssociationTooSoon, () => eks.send(update));
      return watch?.until(changeTo(world, all, next, subject, { ...item.association, role: action.role }));
    }
    case 'DeleteAssociation': {
      const id = { clusterName, associationId: associationId(world, item.name) };
      await eks.send(new DeletePodIdentityAssociationCommand(id));
      return watch?.until({ injected: false, roleArn: undefined });
    }
  }
}

const isOfOneAccount = (a: Workload, b: Workload): boolean => accountKey(a) === accountKey(b);

async function change(
  world: ScenarioWorld,
  action: Exclude<ActionStep, AssociationAction>,
  cast: Cast,
  next: number,
): Promise<void> {
  const { aws } = world.environment;
  switch (action.do) {
    case 'StartPod':
      return cast.start(action.workload, next);
    case 'RestartPod':
      return cast.replace(action.workload, next);
    case 'DeletePod':
      return cast.remove(action.workload);
    case 'AnnotateServiceAccount':
      return annotateServiceAccount(world, workload(world, action.workload), action.annotations);
    case 'PutRolePolicy':
      return putRolePolicy(world, action.role, action.permissions);
    case 'UpdateTrust':
      return updateTrust(world, action.role, action.trust);
    case 'DeleteRole':
      return deleteRole(world, action.role);
    case 'RecreateRole':
      return recreateRole(world, action.role);
    case 'RecreateServiceAccount':
      return recreateServiceAccount(world, workload(world, action.workload));
    case 'DenyNode':
      return denyNode(world, action.cluster, action.actions);
    case 'RestartAgent':
      return restartAgent(world, action.cluster);
    case 'StopAgent':
      return stopAgent(world, action.cluster);
    case 'StartAgent':
      return startAgent(world, action.cluster);
    case 'CutWebhook':
      return cutWebhook(world, action.cluster);
    case 'Wait':
      return sleep(action.seconds * 1000, undefined, { signal: world.signal });
    case 'AdvanceClock': {
      const { controls } = aws;
      if (!controls)
        throw new HarnessError(
          'BAD_SCENARIO',
          `${world.scenario.id} moves the clock without naming the capability virtual-clock in "needs".`,
        );
      controls.advanceClock(action.seconds);
      world.undo.push(undoAtOnce(async () => controls.resetClock()));
      return;
    }
    case 'Weather': {
      const { service, operation, delayMilliseconds, error, times, cluster, namespace } = action;
      const end = aws.controls?.addWeather({
        service,
        operation,
        ...(delayMilliseconds !== undefined && { delayMilliseconds }),
        ...(error && { error }),
        ...(times !== undefined && { times }),
        ...(cluster !== undefined && { clusterName: clusterOf(world, cluster).cluster.name }),
        ...(namespace !== undefined && { namespace: world.names.namespace(namespace) }),
      });
      if (!end)
        throw new HarnessError(
          'BAD_SCENARIO',
          `${world.scenario.id} disturbs AWS without naming the capability weather in "needs".`,
        );
      weather.set(world, [...(weather.get(world) ?? []), end]);
      world.undo.push(undoAtOnce(async () => end()));
      return;
    }
    case 'ClearWeather':
      for (const end of weather.get(world) ?? []) end();
      weather.delete(world);
      return;
  }
}

/** An inline policy of the node role that denies; other scenarios would feel it, so it goes with the scenario. */
async function denyNode(world: ScenarioWorld, alias: ClusterAlias, actions: readonly string[]): Promise<void> {
  const { iam } = world.environment.aws.clients('main');
  const RoleName = clusterOf(world, alias).cluster.nodeRoleArn.split('/').at(-1);
  const PolicyName = `${world.scenario.id}-deny`;
  const Statement = [{ Effect: 'Deny', Action: actions, Resource: '*' }];
  const put = new PutRolePolicyCommand({
    RoleName,
    PolicyName,
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
  });
  await world.resources.make(
    {
      name: `policy ${PolicyName} of role ${RoleName}`,
      lives: 'aws',
      atOnce: true,
      make: () => iam.send(put),
      remove: async () => {
        await ignoreMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
        // The next scenario's pods are on these nodes too.
        if (!world.signal.aborted) await settleIam(world);
      },
    },
    world.signal,
  );
}

const weather = new WeakMap<ScenarioWorld, (() => void)[]>();

function associationId(world: ScenarioWorld, name: string): string {
  const id = world.associations.get(name);
  if (id === undefined)
    throw new HarnessError(
      'BAD_SCENARIO',
      `${world.scenario.id}: workload "${name}" has no association at this point.`,
    );
  return id;
}
