import type { ClusterHost } from '../../clusters/interface/driver.ts';
import type { ManagedCluster } from '../../emulator/index.ts';

/** Returns a cluster host whose clusters have no API server, for tests. */
export const aHost = (cluster: Partial<ManagedCluster> = {}, host: Partial<ClusterHost> = {}): ClusterHost => ({
  name: 'bare',
  provider: {
    createCluster: async () => ({
      endpoint: 'https://127.0.0.1:9',
      certificateAuthorityData: '',
      jwks: async () => ({ keys: [] }),
      addNodes: async () => undefined,
      removeNodes: async () => undefined,
      installAddon: async () => undefined,
      removeAddon: async () => undefined,
      associationsChanged: async () => undefined,
      delete: async () => undefined,
      ...cluster,
    }),
  },
  bindAddress: '127.0.0.1',
  reachable: (url) => url,
  capabilities: new Set(),
  workloadImage: 'probe',
  facts: () => ({}),
  translations: () => [],
  failure: () => undefined,
  close: async () => undefined,
  ...host,
});
