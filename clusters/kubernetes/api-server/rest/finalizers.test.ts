import { expect } from 'chai';
import { pod, startTestCluster, type TestCluster } from '../../../../test/support/api-server.ts';

const DEFAULT = '/api/v1/namespaces/default';
const merge = { 'content-type': 'application/merge-patch+json' };

describe('finalizers', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster();
  });
  after(() => cluster.close());

  const finalizers = (...names: readonly string[]) => ({ metadata: { finalizers: names } });

  for (const [resource, body] of [
    ['configmaps', { data: { a: 'b' } }],
    ['pods', pod('held')],
  ] as const)
    it(`hold ${resource} until they are removed`, async () => {
      const path = `${DEFAULT}/${resource}/held`;
      const metadata = { name: 'held', finalizers: ['example.com/one', 'example.com/two'] };
      await cluster.call('POST', `${DEFAULT}/${resource}`, { body: { ...body, metadata } });
      await cluster.call('DELETE', path);
      const marked = (await cluster.call('GET', path)).body;
      expect(marked.metadata.deletionTimestamp).to.be.a('string');
      // Deleting again changes nothing.
      await cluster.call('DELETE', path);
      expect((await cluster.call('GET', path)).body.metadata.deletionTimestamp).to.equal(
        marked.metadata.deletionTimestamp,
      );
      const added = await cluster.call('PATCH', path, {
        headers: merge,
        body: finalizers('example.com/one', 'example.com/three'),
      });
      expect(added.status).to.equal(422);
      expect(added.body)
        .to.have.property('message')
        .that.contains('found new finalizers []string{"example.com/three"}');
      expect(
        (await cluster.call('PATCH', path, { headers: merge, body: finalizers('example.com/one') })).status,
      ).to.equal(200);
      expect((await cluster.call('GET', path)).status).to.equal(200);
      expect((await cluster.call('PATCH', path, { headers: merge, body: finalizers() })).status).to.equal(200);
      expect((await cluster.call('GET', path)).status).to.equal(404);
    });

  it('hold a terminating namespace', async () => {
    await cluster.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'going' } } });
    const metadata = { name: 'held', finalizers: ['example.com/one'] };
    await cluster.call('POST', '/api/v1/namespaces/going/configmaps', { body: { metadata } });
    await cluster.call('DELETE', '/api/v1/namespaces/going');
    expect((await cluster.call('GET', '/api/v1/namespaces/going')).body).to.have.nested.property(
      'status.phase',
      'Terminating',
    );
    await cluster.call('PATCH', '/api/v1/namespaces/going/configmaps/held', { headers: merge, body: finalizers() });
    expect((await cluster.call('GET', '/api/v1/namespaces/going')).status).to.equal(404);
  });
});
