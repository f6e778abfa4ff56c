import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { startTestCluster, type TestCluster } from '../../test/support/api-server.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { endLease, takeLease, type HeldLease, type LeaseOptions } from './lease.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eks-pod-identity-conformance';

describe('the lease of an existing cluster', () => {
  let api: TestCluster;
  let connection: Connection;
  let now: number;
  let lines: string[];
  const held: HeldLease[] = [];

  beforeEach(async () => {
    api = await startTestCluster();
    const config = new KubeConfig();
    const { url, certificateAuthority } = api.server;
    config.loadFromClusterAndUser(
      { name: 'blue', server: url, caData: Buffer.from(certificateAuthority).toString('base64'), skipTLSVerify: false },
      { name: 'admin', token: 'user:admin' },
    );
    connection = connect(config);
    now = Date.now();
    lines = [];
  });
  afterEach(async () => {
    await Promise.all(held.splice(0).map((lease) => lease.release()));
    connection.close();
    await api.close();
  });

  const take = async (run: string, over: Partial<LeaseOptions> = {}): Promise<HeldLease> => {
    const lease = await takeLease(connection, {
      cluster: 'blue',
      run,
      now: () => now,
      signal: new AbortController().signal,
      progress: (line) => lines.push(line),
      ...over,
    });
    held.push(lease);
    return lease;
  };
  interface Stored {
    readonly spec: { readonly holderIdentity: string; readonly renewTime: string };
  }
  const stored = async (): Promise<Stored['spec'] | undefined> =>
    connection.json<Stored>('GET', PATH).then(
      ({ spec }) => spec,
      () => undefined,
    );
  const until = async (true_: () => Promise<boolean>): Promise<void> => {
    while (!(await true_())) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('names the run, and is deleted on release', async () => {
    const lease = await take('c000001');
    expect((await stored())?.holderIdentity).to.equal('c000001');
    await lease.release();
    expect(await stored()).to.equal(undefined);
  });

  it('is acquired and released even if responses are lost', async () => {
    const { json } = connection;
    const lost = new Set(['POST', 'DELETE']);
    const lossy: Connection = {
      ...connection,
      json: async <T>(...request: Parameters<Connection['json']>): Promise<T> => {
        const answer = await json<T>(...request);
        if (lost.delete(request[0])) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        return answer;
      },
    };
    const signal = new AbortController().signal;
    const lease = await takeLease(lossy, { cluster: 'blue', run: 'c000001', signal, progress: () => undefined });
    expect((await stored())?.holderIdentity).to.equal('c000001');
    await lease.release();
    expect(await stored()).to.equal(undefined);
    expect([...lost]).to.deep.equal([]);
  });

  it('is taken over by a single run once it has expired, and the previous run does not delete it', async () => {
    // Expires before its first renewal.
    const first = await take('c000001');
    now += 61_000;
    const outcomes = await Promise.allSettled([take('c000002'), take('c000003')]);
    expect(outcomes.map(({ status }) => status)).to.have.members(['fulfilled', 'rejected']);
    const loser = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(loser?.reason).to.have.property('code', 'CLUSTER_IN_USE');
    await first.release();
    expect((await stored())?.holderIdentity).to.match(/^c00000[23]$/);
  });

  it('is given up and reported when another run holds it', async () => {
    await take('c000001', { renewalMilliseconds: 20 });
    await connection.json('PATCH', PATH, { spec: { holderIdentity: 'c000002' } });
    await until(async () => lines.length > 0);
    expect(lines).to.deep.equal(['run c000002 took over cluster blue: the lease of this run had expired']);
    expect((await stored())?.holderIdentity).to.equal('c000002');
  });

  it('is renewed while the run uses the cluster', async () => {
    await take('c000001', { renewalMilliseconds: 5 });
    now += 30_000;
    const renewed = new Date(now).toISOString().slice(0, -1);
    await until(async () => (await stored())?.renewTime.startsWith(renewed) === true);
    now += 59_000;
    const other = await take('c000002').catch((error: { readonly code?: string }) => error.code);
    expect(other).to.equal('CLUSTER_IN_USE');
  });

  it('is deleted only for the run that holds it', async () => {
    await take('c000001');
    await endLease(connection, 'c000002');
    expect((await stored())?.holderIdentity).to.equal('c000001');
    await endLease(connection, 'c000001');
    expect(await stored()).to.equal(undefined);
  });
});
