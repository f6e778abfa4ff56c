import { accessSync, constants, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ClusterHost } from '../driver.ts';
import type { Journal } from '../../foundation/journal.ts';
import { embeddedClusterProvider, TRANSLATION, type ProcessImage } from './index.ts';

export interface EmbeddedHostOptions {
  readonly run: string;
  /** Folder for what the clusters write where memory cannot be had. */
  readonly directory: string;
  /** The probe program. */
  readonly probe: ProcessImage;
  readonly faults: readonly string[];
  /** Where the directory is written down. Default: nowhere. */
  readonly journal?: Journal;
}

/** The image that pods can name for the probe program; a pod's own `command` runs a program of this machine in its place. */
export const PROBE_IMAGE = 'conformance.eks-pod-identity/probe:latest';

/** Embedded clusters, which live in this process and on loopback. */
export function embeddedHost(options: EmbeddedHostOptions): ClusterHost {
  const directory = clustersDirectory(options);
  return {
    name: 'embedded',
    provider: embeddedClusterProvider({
      images: new Map([[PROBE_IMAGE, options.probe]]),
      directory,
      agentFaults: options.faults,
      webhookFaults: options.faults,
    }),
    bindAddress: '127.0.0.1',
    reachable: (url) => url,
    capabilities: EMBEDDED_CAPABILITIES,
    probeImage: PROBE_IMAGE,
    facts: () => ({}),
    translations: () => TRANSLATION.map(({ inPod, here }) => `${inPod}: ${here}`),
    failure: () => undefined,
    close: async () => {
      await rm(directory, { recursive: true, force: true });
      options.journal?.forget({ kind: 'path', path: directory });
    },
  };
}

export const EMBEDDED_CAPABILITIES: ReadonlySet<string> = new Set([
  'kubernetes',
  'own-cluster',
  'agent-addon',
  'pod-identity',
  'irsa',
  'two-clusters',
  'imds',
  'agent-restart',
  'agent-stop',
  'agent-ipv6',
  'agent-probe-port',
  'webhook-endpoint',
  'cluster-clock',
  'node-role',
]);

/** A file system in memory, where Linux has one. */
const MEMORY = '/dev/shm';

/**
 * Where pods have their directories while the run lasts: in memory where that can be had, as kubelets keep tokens (and
 * since it is many small files), else in the report folder. Removed with the clusters, also when the run is killed.
 */
function clustersDirectory({ directory, run, journal }: EmbeddedHostOptions): string {
  const inMemory = join(MEMORY, `eks-pod-identity-conformance-${run}`);
  try {
    accessSync(MEMORY, constants.W_OK | constants.X_OK);
    journal?.add({ kind: 'path', path: inMemory });
    mkdirSync(inMemory, { mode: 0o755 });
    return inMemory;
  } catch {
    journal?.forget({ kind: 'path', path: inMemory });
  }
  const inReports = resolve(directory, `clusters-${run}`);
  journal?.add({ kind: 'path', path: inReports });
  mkdirSync(inReports, { recursive: true });
  return inReports;
}
