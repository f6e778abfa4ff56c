import { expect } from 'chai';
import type { KubeObject } from '../model/types.ts';
import { selectedNodes } from './daemon-sets.ts';
import { fits } from './placement.ts';

const node = (name: string, labels: Record<string, string> = {}, taints: object[] = []): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: { taints },
});
const GPU = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };
const requires = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
});
const term = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
});
const named = (name: string) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] });

describe('the placement of pods', () => {
  const cases: readonly (readonly [
    title: string,
    spec: object,
    labels: Record<string, string>,
    taints: object[],
    boolean,
  ])[] = [
    ['a node without taints', {}, {}, [], true],
    ['a nodeSelector that matches', { nodeSelector: { os: 'linux' } }, { os: 'linux' }, [], true],
    ['a nodeSelector that does not match', { nodeSelector: { os: 'linux' } }, {}, [], false],
    ['a taint', {}, {}, [GPU], false],
    ['a taint that is only preferred', {}, {}, [{ ...GPU, effect: 'PreferNoSchedule' }], true],
    ['a toleration of all taints', { tolerations: [{ operator: 'Exists' }] }, {}, [GPU], true],
    ['a toleration of the key', { tolerations: [{ key: 'gpu', operator: 'Exists' }] }, {}, [GPU], true],
    ['a toleration of the value', { tolerations: [{ key: 'gpu', value: 'yes' }] }, {}, [GPU], true],
    ['a toleration of another value', { tolerations: [{ key: 'gpu', value: 'no' }] }, {}, [GPU], false],
    [
      'a toleration of another effect',
      { tolerations: [{ key: 'gpu', value: 'yes', effect: 'NoExecute' }] },
      {},
      [GPU],
      false,
    ],
    [
      'one of two taints tolerated',
      { tolerations: [{ key: 'gpu', operator: 'Exists' }] },
      {},
      [GPU, { ...GPU, key: 'b' }],
      false,
    ],
    ['an affinity that matches', requires(term('type', 'NotIn', 'fargate', 'auto')), {}, [], true],
    ['an affinity that excludes the label', requires(term('type', 'NotIn', 'fargate')), { type: 'fargate' }, [], false],
    ['one term of two', requires(term('a', 'Exists'), term('b', 'In', 'x')), { b: 'x' }, [], true],
    ['an empty term', requires({}), {}, [], false],
    ['the name of the node', requires(named('a')), {}, [], true],
    ['the name of another node', requires(named('b')), {}, [], false],
    [
      'the name of the node with a label that it lacks',
      requires({ ...named('a'), ...term('x', 'Exists') }),
      {},
      [],
      false,
    ],
  ];
  for (const [title, spec, labels, taints, expected] of cases)
    it(`${expected ? 'allows' : 'forbids'} ${title}`, () =>
      expect(fits({ containers: [], ...spec }, node('a', labels, taints))).to.equal(expected));

  it('lets DaemonSets run on nodes that are not ready or unschedulable', () => {
    const taint = (key: string, effect: string) => ({ key: `node.kubernetes.io/${key}`, effect });
    const nodes = [
      node('new', {}, [taint('not-ready', 'NoExecute')]),
      node('cordoned', {}, [taint('unschedulable', 'NoSchedule')]),
      node('gpu', {}, [GPU]),
    ];
    const set = { ...node('set'), spec: { template: { spec: { containers: [] } } } };
    expect(selectedNodes(set, nodes)).to.deep.equal(['new', 'cordoned']);
  });
});
