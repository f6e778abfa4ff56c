import { expect } from 'chai';
import type { KubeObject } from '../model/types.ts';
import { managedAfterUpdate, serverSideApply } from './server-side-apply.ts';

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

describe('managed fields after an update', () => {
  const pod = (labels: Record<string, string>, containers: readonly object[] = []): KubeObject => ({
    ...EMPTY,
    metadata: { name: 'p', labels },
    spec: { containers },
  });
  const update = (
    before: KubeObject | undefined,
    after: KubeObject,
    manager: string,
    subresource = '',
  ): KubeObject => ({
    ...after,
    metadata: {
      ...after.metadata,
      managedFields: managedAfterUpdate(before, after, { manager, subresource, time: TIME }),
    },
  });
  const owners = ({ metadata }: KubeObject): object =>
    (metadata['managedFields'] as { manager: string; fieldsV1: object }[]).map((entry) => [
      entry.manager,
      entry.fieldsV1,
    ]);

  it('a create owns all fields, except the identity', () =>
    expect(owners(update(undefined, pod({ a: '1' }, [{ name: 'app', image: 'i' }]), 'one'))).to.deep.equal([
      [
        'one',
        {
          'f:metadata': { 'f:labels': { 'f:a': {} } },
          'f:spec': { 'f:containers': { 'k:{"name":"app"}': { 'f:name': {}, 'f:image': {} } } },
        },
      ],
    ]));

  it('an update takes over the fields that it changes, and removed fields have no owner', () => {
    const created = update(undefined, pod({ a: '1', b: '1', c: '1' }), 'one');
    expect(owners(update(created, pod({ a: '2', b: '1' }), 'two'))).to.deep.equal([
      ['one', { 'f:metadata': { 'f:labels': { 'f:b': {} } }, 'f:spec': { 'f:containers': {} } }],
      ['two', { 'f:metadata': { 'f:labels': { 'f:a': {} } } }],
    ]);
  });

  it('an update that only removes a field takes over none of the others', () => {
    const created = update(undefined, pod({ a: '1', b: '1' }), 'one');
    expect(owners(update(created, pod({ a: '1' }), 'two'))).to.deep.equal([
      ['one', { 'f:metadata': { 'f:labels': { 'f:a': {} } }, 'f:spec': { 'f:containers': {} } }],
    ]);
  });

  it('a later apply of another value conflicts', () => {
    const created = update(undefined, pod({ a: '1' }), 'one');
    expect(() => apply(created, { metadata: { name: 'p', labels: { a: '2' } } }, 'two')).to.throw(
      'Apply failed with 1 conflict: conflicts with "one": .metadata.labels.a',
    );
  });

  it('an update of a subresource has its own entry', () => {
    const created = update(undefined, pod({}), 'one');
    const updated = update(created, { ...created, status: { phase: 'Running' } }, 'one', 'status');
    expect(updated.metadata['managedFields']).to.have.length(2);
  });

  it('an empty list resets the owners', () => {
    const created = update(undefined, pod({ a: '1' }), 'one');
    const wanted = pod({ a: '1' });
    wanted.metadata['managedFields'] = [{}];
    expect(owners(update(created, wanted, 'two'))).to.deep.equal([]);
  });
});
