import { expect } from 'chai';
import { startEmulator, type ManagedCluster, type NodeGroupSpec } from '../../emulator/index.ts';
import { emulatedAws } from '../../harness/aws-target/emulated.ts';
import { registerCluster } from '../../harness/engine/emulator-clusters.ts';
import { nodeCredentials } from '../../components/agent/cli/node-credentials.ts';
import { startInstanceMetadata } from '../common/instance-metadata.ts';

const HOURS = 3_600_000;

describe('the agent of an in-cluster emulator', () => {
  it('has new credentials of the node role after seven hours', async () => {
    let group: NodeGroupSpec | undefined;
    const managed = {
      ...{ endpoint: 'https://kubernetes.invalid', certificateAuthorityData: '', issuer: 'https://issuer.example' },
      jwks: async () => ({ keys: [] }),
      addNodes: async (given: NodeGroupSpec) => void (group = given),
      removeNodes: async () => undefined,
      installAddon: async () => undefined,
      removeAddon: async () => undefined,
      associationsChanged: async () => undefined,
      delete: async () => undefined,
    } as unknown as ManagedCluster;
    const emulator = await startEmulator({ clusterProvider: { createCluster: async () => managed } });
    await registerCluster(emulatedAws(emulator), 'kit', { tags: { team: 'kit' } });
    const { instance, nodeRoleArn: roleArn, credentials } = group!;
    const node = { instance, region: 'us-west-2', hostName: 'node', roleArn, credentials, clock: Date };
    const metadata = await startInstanceMetadata({ ...node, port: 0 });
    const now = Date.now;
    try {
      const keys = nodeCredentials({ AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url });
      const first = await keys();
      Date.now = () => now() + 7 * HOURS;
      const later = await keys();
      expect(later.accessKeyId).not.to.equal(first.accessKeyId);
      expect((await credentials()).expiration).to.be.greaterThan(Date.now());
    } finally {
      Date.now = now;
      await metadata.close();
      await emulator.close();
    }
  });
});
