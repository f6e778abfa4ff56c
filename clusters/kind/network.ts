import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { HOST_LABEL, PID_LABEL, RUN_LABEL } from '../../foundation/protocols/labels.ts';
import type { Resources } from '../../foundation/aws/resources.ts';
import { DockerError, type Docker } from './docker.ts';

/** How nodes, and pods on them, reach servers of this process. */
export interface Reach {
  /** Address that such servers bind. */
  readonly bindAddress: string;
  /** Host by which nodes reach it. */
  readonly host: string;
  /** Whether the callers' addresses are seen as they are: not when something stands between nodes and this machine. */
  readonly seesCallers: boolean;
}

/** By this name containers reach the machine that Docker Desktop runs on (Docker Desktop, "Networking"). */
const DESKTOP_HOST = 'host.docker.internal';

export const networkName = (run: string): string => `eks-pod-identity-conformance-${run}`;

/** Makes the Docker network of a run's nodes, without IPv6. Throws `ClusterError`. */
export async function createNetwork(docker: Docker, run: string, resources: Resources): Promise<string> {
  const name = networkName(run);
  const labels = { [RUN_LABEL]: run, [PID_LABEL]: String(process.pid), [HOST_LABEL]: hostname() };
  try {
    await resources.make({
      name: `network ${name}`,
      lives: 'machine',
      entry: { kind: 'docker-network', name },
      make: () =>
        docker.call([
          ...['network', 'create', '--driver', 'bridge'],
          ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
          name,
        ]),
      isNotMade: (error) => error instanceof DockerError,
      remove: () => removeNetwork(docker, run),
    });
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    throw new ClusterError(
      'CLUSTER_FAILED',
      `Docker could not create the network ${name}: ${error.message}${/address pool/i.test(error.message) ? '; remove networks that nothing uses with `docker network prune`' : ''}`,
    );
  }
  return name;
}

/** Removes the run's network, and the containers of the run that are still attached to it. */
async function removeNetwork(docker: Docker, run: string): Promise<void> {
  const name = networkName(run);
  for (let attempt = 1; ; attempt += 1) {
    const attached = await docker.containers(`network=${name}`);
    await docker.removeContainers(attached.filter((container) => container.startsWith(`${run}-`)));
    try {
      await docker.call(['network', 'rm', name]);
      break;
    } catch (error) {
      if (/not found|no such network/i.test((error as Error).message)) break;
      // A container that was being made when its maker was ended is attached only now.
      if (attempt === REMOVAL_ATTEMPTS) throw error;
    }
  }
  // One that was made without being attached: there was no network for it any more.
  await docker.removeContainers(await docker.containers(`name=^${run}-`));
}

const REMOVAL_ATTEMPTS = 5;

/** Finds how a network's containers reach this machine. */
export async function reachOf(docker: Docker, network: string): Promise<Reach> {
  const format = '{{range .IPAM.Config}}{{.Gateway}} {{end}}';
  const gateways = (await docker.call(['network', 'inspect', '--format', format, network])).split(/\s+/);
  for (const gateway of gateways) {
    if (/^\d+(\.\d+){3}$/.test(gateway) && (await isOfThisMachine(gateway)))
      return { bindAddress: gateway, host: gateway, seesCallers: true };
  }
  // Docker in a virtual machine of its own: its gateways are there.
  return { bindAddress: '127.0.0.1', host: DESKTOP_HOST, seesCallers: false };
}

/** Whether an address can be bound. Interfaces without a link, as a network's without containers, are not listed by node. */
function isOfThisMachine(address: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, address, () => server.close(() => resolve(true)));
  });
}
