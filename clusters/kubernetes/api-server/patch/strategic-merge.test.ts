import { expect } from 'chai';
import { applyStrategicMergePatch } from './strategic-merge.ts';

const POD = {
  metadata: { labels: { a: '1', b: '2' }, finalizers: ['x'] },
  spec: {
    containers: [
      { name: 'app', image: 'app:1', args: ['a', 'b'], env: [{ name: 'A', value: '1' }] },
      { name: 'side', image: 'side:1' },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
    tolerations: [{ key: 'k' }],
  },
};

const cases: readonly [title: string, patch: object, expected: object][] = [
  [
    'merges containers and their env by name',
    { spec: { containers: [{ name: 'app', env: [{ name: 'B', value: '2' }] }] } },
    {
      ...POD,
      spec: {
        ...POD.spec,
        containers: [
          {
            ...POD.spec.containers[0],
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          POD.spec.containers[1],
        ],
      },
    },
  ],
  [
    'removes an element with a directive',
    { spec: { containers: [{ name: 'side', $patch: 'delete' }] } },
    { ...POD, spec: { ...POD.spec, containers: [POD.spec.containers[0]] } },
  ],
  [
    'replaces lists without a merge key',
    { spec: { tolerations: [{ key: 'other' }] } },
    { ...POD, spec: { ...POD.spec, tolerations: [{ key: 'other' }] } },
  ],
  [
    'keeps only the retained keys',
    { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' } }] } },
    { ...POD, spec: { ...POD.spec, volumes: [{ name: 'v', secret: { secretName: 's' } }] } },
  ],
  [
    'sorts elements into the given order',
    { spec: { '$setElementOrder/containers': [{ name: 'side' }, { name: 'app' }] } },
    { ...POD, spec: { ...POD.spec, containers: [POD.spec.containers[1], POD.spec.containers[0]] } },
  ],
  [
    'removes a null member and merges sets',
    { metadata: { labels: { a: null }, finalizers: ['y', 'x'] } },
    { ...POD, metadata: { labels: { b: '2' }, finalizers: ['x', 'y'] } },
  ],
  [
    'removes values from a set with a directive',
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['x'] } },
    { ...POD, metadata: { ...POD.metadata, finalizers: [] } },
  ],
  [
    'replaces an object with a directive',
    { metadata: { labels: { $patch: 'replace', c: '3' } } },
    {
      ...POD,
      metadata: { ...POD.metadata, labels: { c: '3' } },
    },
  ],
];

describe('strategic merge patch', () => {
  for (const [title, patch, expected] of cases) {
    it(title, () => {
      expect(applyStrategicMergePatch(POD, patch)).to.deep.equal(expected);
    });
  }

  it('rejects an element without its merge key', () => {
    expect(() => applyStrategicMergePatch(POD, { spec: { containers: [{ image: 'x' }] } })).to.throw('merge key: name');
  });
});
