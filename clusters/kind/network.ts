import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { HOST_LABEL, PID_LABEL, RUN_LABEL } from '../../foundation/protocols/labels.ts';
import type { Resources } from '../../foundation/aws/resources.ts';
import { DockerError, type Docker } from './docker/docker.ts';

/** The address at which nodes and pods reach servers of this process. */
export interface Reach {
  readonly bindAddress: string;
  readonly host: string;
  /** False if a proxy hides the callers' addresses. */
  readonly seesCallers: boolean;
}

/** This machine's name in containers (Docker Desktop, "Networking"). */
const DESKTOP_HOST = 'host.docker.internal';

const networkName = (run: string): string => `eks-pod-identity-conformance-${run}`;

/** Creates the run's network, without IPv6, and returns its name. Throws `ClusterError`. */
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
      `Docker could not create the network ${name}: ${error.message}${/address pool/i.test(error.message) ? '; remove unused networks with `docker network prune`' : ''}`,
    );
  }
  return name;
}

/** Removes the network and the run's containers. */
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
      // An interrupted container may still have been attached.
      if (attempt === REMOVAL_ATTEMPTS) throw error;
    }
  }
  // Containers created after the network was removed are not attached.
  await docker.removeContainers(await docker.containers(`name=^${run}-`));
}

const REMOVAL_ATTEMPTS = 5;

export async function reachOf(docker: Docker, network: string): Promise<Reach> {
  const format = '{{range .IPAM.Config}}{{.Gateway}} {{end}}';
  const gateways = (await docker.call(['network', 'inspect', '--format', format, network])).split(/\s+/);
  for (const gateway of gateways) {
    if (/^\d+(\.\d+){3}$/.test(gateway) && (await isOfThisMachine(gateway)))
      return { bindAddress: gateway, host: gateway, seesCallers: true };
  }
  // Docker runs in a virtual machine, which owns the gateways.
  return { bindAddress: '127.0.0.1', host: DESKTOP_HOST, seesCallers: false };
}

/** Tries to bind the address, because Node does not list interfaces without a link. */
function isOfThisMachine(address: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, address, () => server.close(() => resolve(true)));
  });
}
