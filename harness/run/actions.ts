import { DeletePodIdentityAssociationCommand, UpdatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../errors.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { ActionStep } from '../scenario/spec.ts';
import { restartAgent, startAgent, stopAgent } from './agent-control.ts';
import type { Cast } from './cast.ts';
import { associate } from './fixtures/associations.ts';
import { deleteRole, putRolePolicy, recreateRole, updateTrust } from './fixtures/roles.ts';
import { annotateServiceAccount, recreateServiceAccount } from './fixtures/service-accounts.ts';
import { cutWebhook } from './webhook-client.ts';
import { undoAtOnce } from './undo.ts';
import { site, workload, type ScenarioWorld } from './world.ts';

/** Changes the world as a step says. `next` is the number of the stage that follows. */
export async function perform(world: ScenarioWorld, action: ActionStep, cast: Cast, next: number): Promise<void> {
  const { aws } = world.environment;
  const { eks } = aws.clients('main');
  switch (action.do) {
    case 'StartPod':
      return cast.start(action.workload, next);
    case 'RestartPod':
      return cast.replace(action.workload, next);
    case 'DeletePod':
      return cast.remove(action.workload);
    case 'CreateAssociation': {
      const association = typeof action.association === 'string' ? { role: action.association } : action.association;
      await associate(world, workload(world, action.workload), association);
      return;
    }
    case 'UpdateAssociation': {
      const { cluster } = site(world, workload(world, action.workload).cluster);
      await eks.send(
        new UpdatePodIdentityAssociationCommand({
          clusterName: cluster.name,
          associationId: associationId(world, action.workload),
          roleArn: world.names.roleArn(action.role),
        }),
      );
      return;
    }
    case 'DeleteAssociation': {
      const { cluster } = site(world, workload(world, action.workload).cluster);
      await eks.send(
        new DeletePodIdentityAssociationCommand({
          clusterName: cluster.name,
          associationId: associationId(world, action.workload),
        }),
      );
      return;
    }
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
        ...(cluster !== undefined && { clusterName: site(world, cluster).cluster.name }),
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
  const RoleName = site(world, alias).cluster.nodeRoleArn.split('/').at(-1);
  const PolicyName = `${world.scenario.id}-deny`;
  const Statement = [{ Effect: 'Deny', Action: actions, Resource: '*' }];
  await iam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    }),
  );
  world.undo.push(undoAtOnce(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))));
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
