import { RUN_ID, type JournalEntry } from '../../../foundation/node/journal.ts';
import type { DockerContainer, DockerInventory } from './docker.ts';
import { carries } from './paths.ts';
import type { LeftoverResource } from './leftover-resource.ts';

const runOfNetwork = (name: string): string | undefined =>
  /^eks-pod-identity-conformance-(c[0-9a-f]{6})$/.exec(name)?.[1];

/** Returns the run of a container that is named after its network, even if the network is gone. */
const runOfNode = ({ name, networks }: DockerContainer): string | undefined =>
  networks.map(runOfNetwork).find((run) => run !== undefined && carries(name, run));

export function runsIn({ networks, containers, volumes, images }: DockerInventory): string[] {
  const labels = [networks, containers, volumes, images].flat().map(({ run }) => run);
  return [...labels.filter((run) => RUN_ID.test(run)), ...containers.flatMap((one) => runOfNode(one) ?? [])];
}

/** Whether a run has a node but no network. */
export const isAfterItsNetwork = (run: string, { networks, containers }: DockerInventory): boolean =>
  !networks.some((network) => network.run === run || runOfNetwork(network.name) === run) &&
  containers.some((container) => runOfNode(container) === run);

/**
 * Finds a run's objects in Docker by label and state file. Containers on its network count if they are named after the run
 * (kind's nodes). Others are only disconnected from that network.
 */
export function thingsIn(docker: DockerInventory, run: string, entries: readonly JournalEntry[]): LeftoverResource[] {
  /** Whether the state file names an object that has no run's label. */
  const isNamed = (kind: JournalEntry['kind'], thing: { readonly run: string }, name: string): boolean =>
    thing.run === '' && entries.some((entry) => entry.kind === kind && 'name' in entry && entry.name === name);
  const isOwn = (container: DockerContainer): boolean =>
    container.run === run ||
    (container.run === '' && runOfNode(container) === run) ||
    isNamed('docker-container', container, container.name) ||
    isNamed('kind-cluster', container, container.kindCluster);
  const containers = docker.containers.filter(isOwn);
  const networks = docker.networks.filter(
    (network) => network.run === run || isNamed('docker-network', network, network.name),
  );
  const volumes = docker.volumes.filter((volume) => volume.run === run);
  const images = docker.images.filter((image) => image.run === run || isNamed('docker-image', image, image.name));
  return [
    ...containers.map(({ id, name, kindCluster }): LeftoverResource => ({
      name: `container ${name}${kindCluster === '' ? '' : ` of kind cluster ${kindCluster}`}`,
      // Also removes anonymous volumes, because a kind node stores its images in one.
      remove: ({ docker: run }) => run(['rm', '--force', '--volumes', id]),
    })),
    ...networks.map(({ id, name }): LeftoverResource => ({
      name: `network ${name}`,
      remove: async ({ docker: run, progress }) => {
        for (const guest of docker.containers.filter((one) => one.networks.includes(name) && !isOwn(one))) {
          await run(['network', 'disconnect', '--force', id, guest.name]);
          progress(`disconnected container ${guest.name}, which is not of the run, from network ${name}`);
        }
        await run(['network', 'rm', id]);
      },
    })),
    ...volumes.map(({ name }): LeftoverResource => ({
      name: `volume ${name}`,
      remove: ({ docker: run }) => run(['volume', 'rm', name]),
    })),
    ...images.map(({ name }): LeftoverResource => ({
      name: `image ${name}`,
      remove: ({ docker: run }) => run(['image', 'rm', '--force', name]),
    })),
  ];
}
