import { expect } from 'chai';
import type { KubeObject } from '../model/types.ts';
import { serverSideApply } from './server-side-apply.ts';

const EMPTY: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
const TIME = '2026-01-01T00:00:00Z';

function apply(current: KubeObject, configuration: object, manager = 'one', force = false): KubeObject {
  const identity = { apiVersion: 'v1', kind: 'Pod' };
  return serverSideApply(current, { ...identity, ...configuration }, { manager, force, time: TIME });
}

function contentOf(object: KubeObject): object {
  const { managedFields: _managed, ...metadata } = object.metadata;
  return { ...object, metadata };
}

describe('server-side apply', () => {
  it('removes only the fields that the same manager no longer applies', () => {
    const first = apply(EMPTY, {
      metadata: { name: 'p', labels: { a: '1', b: '2' } },
      spec: { containers: [{ name: 'app', image: 'i', env: [{ name: 'A', value: '1' }, { name: 'B' }] }] },
    });
    const updated = { ...first, metadata: { ...first.metadata, labels: { a: '1', b: '2', other: '3' } } };
    const second = apply(updated, {
      metadata: { name: 'p', labels: { a: '9' } },
      spec: { containers: [{ name: 'app', image: 'i', env: [{ name: 'B' }] }] },
    });
    expect(contentOf(second)).to.deep.equal({
      ...EMPTY,
      metadata: { name: 'p', labels: { a: '9', other: '3' } },
      spec: { containers: [{ name: 'app', image: 'i', env: [{ name: 'B' }] }] },
    });
  });

  it('removes a list element that has only applied fields', () => {
    const first = apply(EMPTY, {
      spec: {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '2' },
        ],
      },
    });
    const second = apply(first, { spec: { containers: [{ name: 'a', image: '1' }] } });
    expect(second['spec']).to.deep.equal({ containers: [{ name: 'a', image: '1' }] });
  });

  it("rejects changes to another manager's fields, unless forced", () => {
    const first = apply(EMPTY, { metadata: { labels: { a: '1' } } }, 'one');
    const change = { metadata: { labels: { a: '2' } } };
    expect(() => apply(first, change, 'two')).to.throw('conflicts with "one": .metadata.labels.a');
    const forced = apply(first, change, 'two', true);
    expect(forced.metadata.labels).to.deep.equal({ a: '2' });
    // The first manager no longer owns the field, so its next apply keeps the field.
    expect(apply(forced, {}, 'one').metadata.labels).to.deep.equal({ a: '2' });
  });

  it('shares the ownership of a field with the same value', () => {
    const labels = { metadata: { labels: { a: '1' } } };
    const shared = apply(apply(EMPTY, labels, 'one'), labels, 'two');
    expect(apply(shared, {}, 'one').metadata.labels).to.deep.equal({ a: '1' });
    expect(apply(apply(shared, {}, 'one'), {}, 'two').metadata.labels ?? {}).to.deep.equal({});
  });
});
