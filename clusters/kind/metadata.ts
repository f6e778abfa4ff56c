import { randomBytes } from 'node:crypto';
import type { NodeGroupSpec } from '../../emulator/index.ts';
import { startInstanceMetadata } from '../instance-metadata.ts';
import type { Docker } from './docker.ts';
import type { Reach } from './network.ts';
import { redirectMetadata, type NodeContainer } from './node.ts';

export interface NodeMetadataOptions {
  readonly docker: Docker;
  /** Id of the run. */
  readonly run: string;
  readonly reach: Reach;
  readonly region: string;
  readonly node: NodeContainer;
  readonly group: NodeGroupSpec;
}

const SYSTEM_CLOCK = { now: () => Date.now() };

/**
 * Gives a node an instance metadata service, which answers with the node role of its group: in this process, for that node
 * alone. The function returned takes it away.
 */
export async function serveMetadata(options: NodeMetadataOptions): Promise<() => Promise<void>> {
  const { docker, run, reach, region, node, group } = options;
  const metadata = await startInstanceMetadata({
    instanceId: `i-${randomBytes(9).toString('hex').slice(0, 17)}`,
    region,
    hostName: node.name,
    roleArn: group.nodeRoleArn,
    credentials: group.credentials,
    clock: SYSTEM_CLOCK,
    bindAddress: reach.bindAddress,
    // What stands between hides who calls; loopback alone is bound then.
    answers: (address) => !reach.seesCallers || address === node.address,
  });
  try {
    const restore = await redirectMetadata(docker, node.name, run, reach, metadata.port);
    return async () => {
      await metadata.close();
      await restore();
    };
  } catch (error) {
    await metadata.close();
    throw error;
  }
}
