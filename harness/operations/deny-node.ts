import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ignoreMissing } from '../../foundation/missing.ts';
import { waitForIam } from '../consistency/iam.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { StepOf } from '../scenario/spec.ts';
import { clusterOf, type ScenarioWorld } from '../world/world.ts';
import { action, defineStep } from './registry.ts';

interface DenyNode extends StepOf<'DenyNode'> {
  readonly cluster: ClusterAlias;
  readonly actions: readonly string[];
}

/** Takes actions from the role of the cluster's nodes, until the scenario is over. */
export const denyNode = (actions: string | readonly string[], cluster: ClusterAlias = 'c1'): DenyNode =>
  action('DenyNode', { cluster, actions: typeof actions === 'string' ? [actions] : actions });

defineStep<DenyNode>({
  name: 'DenyNode',
  refersTo: ({ cluster }) => ({ clusters: [cluster] }),
  withoutKubernetes: true,
  needs: () => ['node-role'],
  isExclusive: () => true,
  changesIam: true,
  perform: ({ world }, step) => deny(world, step),
});

/** An inline policy of the node role that denies; other scenarios would feel it, so it goes with the scenario. */
async function deny(world: ScenarioWorld, { cluster, actions }: DenyNode): Promise<void> {
  const { iam } = world.environment.aws.clients('main');
  const RoleName = clusterOf(world, cluster).cluster.nodeRoleArn.split('/').at(-1);
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
      due: 'always',
      make: () => iam.send(put),
      remove: async () => {
        await ignoreMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
        // The next scenario's pods are on these nodes too.
        if (!world.signal.aborted) await waitForIam(world);
      },
    },
    world.signal,
  );
}
