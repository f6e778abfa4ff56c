import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import { IAMClient, ListOpenIDConnectProvidersCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import {
  startEmulator,
  type ClusterProvider,
  type Emulator,
  type EmulatorSettings,
  type ManagedCluster,
} from '../../emulator/index.ts';
import type { ProvisionRequest } from '../../clusters/interface/driver.ts';
import { embeddedHost } from '../../clusters/embedded/host.ts';
import { tagsOf } from '../../foundation/aws/tags.ts';
import type { EksOptions } from '../../clusters/eks/options.ts';
import type { Timing } from '../../clusters/eks/timing.ts';

export const RUN = 'c0ffee1';
const REGION = 'us-west-2';

/** Timing in tests: short pauses, and limits that a busy machine does not reach. Limits that tests wait for are short. */
export const FAST: Timing = {
  firstPause: 5,
  longestPause: 20,
  report: 3_600_000,
  role: 60_000,
  inUse: 20_000,
  degraded: 500,
  drain: 60_000,
  away: 60_000,
  deletion: 60_000,
  apiServer: 60_000,
  optionalApiServer: 30,
};

/** Delays of the emulator in milliseconds, for tests that observe intermediate statuses. */
export const SLOW: EmulatorSettings['delays'] = {
  createCluster: 60,
  deleteCluster: 40,
  createNodegroup: 40,
  deleteNodegroup: 40,
  createAddon: 40,
  deleteAddon: 40,
  iam: 0,
  listing: 0,
  reuse: 0,
};

/** Emulated AWS with embedded clusters, and inputs for a driver. */
export interface TestSite {
  readonly emulator: Emulator;
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  /** Progress lines. */
  readonly lines: string[];
  options(over?: Partial<EksOptions>): EksOptions;
  request(name: string, over?: Partial<ProvisionRequest>): ProvisionRequest;
  /** Returns the remaining clusters, roles and OIDC providers. */
  left(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Creates a token like `aws eks get-token`. */
export type PresignedToken = (
  endpoint: string,
  region: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  clusterName: string,
) => Promise<string>;

/** Creates a test site. Tests pass the function for tokens, since only they may import it. */
export async function testSite(
  token: PresignedToken,
  {
    settings = {},
    wrap = (provider) => provider,
  }: {
    readonly settings?: Partial<EmulatorSettings>;
    /** Wraps the provider of clusters. */
    readonly wrap?: (provider: ClusterProvider) => ClusterProvider;
  } = {},
): Promise<TestSite> {
  const directory = mkdtempSync(join(tmpdir(), 'eks-driver-'));
  const host = await embeddedHost({ run: RUN + String(process.pid), directory, workload: JAVASCRIPT });
  const emulator = await startEmulator({ region: REGION, clusterProvider: wrap(host.provider), settings });
  const { endpoint, administrator } = emulator;
  const { accessKeyId, secretAccessKey } = administrator;
  const config = { endpoint, region: REGION, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
  const [eks, iam] = [new EKSClient(config), new IAMClient(config)];
  const lines: string[] = [];
  return {
    emulator,
    eks,
    iam,
    lines,
    options: (over) => ({
      run: RUN,
      workloadImage: 'probe',
      attach: [],
      readyMilliseconds: 60_000,
      compute: 'node-group',
      instanceType: 'm6i.2xlarge',
      nodes: 1,
      subnetIds: [],
      agentArgs: [],
      timing: FAST,
      ...over,
    }),
    request: (name, over) => ({
      alias: 'c1',
      name,
      region: REGION,
      accountId: emulator.accountId,
      clients: { eks, iam, ec2: async () => new EC2Client(config) },
      tags: tagsOf(RUN, new Date('2030-01-01T00:00:00Z'), REGION),
      token: (clusterName) => token(endpoint, REGION, { accessKeyId, secretAccessKey }, clusterName),
      progress: (line) => lines.push(line),
      signal: new AbortController().signal,
      ...over,
    }),
    left: async () => {
      const [clusters, roles, providers] = await Promise.all([
        eks.send(new ListClustersCommand({})),
        iam.send(new ListRolesCommand({})),
        iam.send(new ListOpenIDConnectProvidersCommand({})),
      ]);
      return [
        ...(clusters.clusters ?? []),
        ...(roles.Roles ?? []).map(({ RoleName = '' }) => RoleName),
        ...(providers.OpenIDConnectProviderList ?? []).map(({ Arn = '' }) => Arn),
      ];
    },
    close: async () => {
      for (const client of [eks, iam]) client.destroy();
      await emulator.close();
      await host.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Returns a provider whose clusters have some methods replaced. */
export const withClusters =
  (change: (cluster: ManagedCluster) => Partial<ManagedCluster>) =>
  (provider: ClusterProvider): ClusterProvider => ({
    createCluster: async (spec) => {
      const cluster = await provider.createCluster(spec);
      const over = change(cluster);
      return new Proxy(cluster, {
        get: (target, key) => {
          const value: unknown = Reflect.get(over, key) ?? Reflect.get(target, key, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    },
  });
