import { expect } from 'chai';
import { ApiError, type KubeObject, type WatchEvent } from '../model/types.ts';
import { MemoryStore } from './memory-store.ts';

function configMap(name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'n' }, data };
}

describe('the object store', () => {
  let store: MemoryStore;
  beforeEach(() => {
    store = new MemoryStore({ now: () => Date.parse('2026-01-02T03:04:05.678Z') });
  });

  it('sets server-side metadata, and does not change returned objects', () => {
    const created = store.create('configmaps', configMap('a', { k: 'v' }));
    expect(created.metadata).to.include({ creationTimestamp: '2026-01-02T03:04:05Z', resourceVersion: '2' });
    expect(created.metadata.uid).to.match(/^[0-9a-f-]{36}$/);
    const handedOut = structuredClone(created);
    store.update('configmaps', { ...created, data: { k: 'changed' } });
    expect(created).to.deep.equal(handedOut);
    expect(store.get('configmaps', 'n', 'a')?.['data']).to.deep.equal({ k: 'changed' });
  });

  it('creates a name from generateName', () => {
    const { metadata } = store.create('configmaps', {
      ...configMap(''),
      metadata: { name: '', generateName: 'x-', namespace: 'n' },
    });
    expect(metadata.name).to.match(/^x-[a-z0-9]{5}$/);
  });

  it('rejects a second object with the same name, and an update of an old version', () => {
    const first = store.create('configmaps', configMap('a'));
    expect(() => store.create('configmaps', configMap('a'))).to.throw(ApiError, 'already exists');
    store.update('configmaps', { ...first, data: { k: '1' } });
    expect(() => store.update('configmaps', { ...first, data: { k: '2' } })).to.throw(ApiError, 'has been modified');
    expect(store.update('configmaps', configMap('a', { k: '3' })).metadata.uid).to.equal(first.metadata.uid);
  });

  it('creates no new version for an update without changes', () => {
    const first = store.create('configmaps', configMap('a'));
    const events: WatchEvent[] = [];
    store.watch('configmaps', (event) => events.push(event));
    expect(store.update('configmaps', first).metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
    expect(events).to.deep.equal([]);
  });

  it('notifies watchers of every change until they stop', () => {
    const seen: string[] = [];
    const stop = store.watch('configmaps', ({ type, object }) => seen.push(`${type} ${object.metadata.name}`));
    store.create('configmaps', configMap('a'));
    store.create('secrets', { ...configMap('s'), kind: 'Secret' });
    store.update('configmaps', configMap('a', { k: 'v' }));
    store.remove('configmaps', 'n', 'a');
    stop();
    store.create('configmaps', configMap('b'));
    expect(seen).to.deep.equal(['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('replays changes since a version, and rejects a version that is too old', () => {
    const version = store.version;
    store.create('configmaps', configMap('a'));
    expect(store.changesSince('configmaps', version).map((change) => change.type)).to.deep.equal(['ADDED']);
    for (let i = 0; i < 2100; i += 1) store.update('configmaps', configMap('a', { k: String(i) }));
    expect(() => store.changesSince('configmaps', version)).to.throw(ApiError, 'too old resource version');
  });
});
