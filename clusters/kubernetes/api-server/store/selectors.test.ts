import { expect } from 'chai';
import { kindOf } from '../model/kinds.ts';
import { ApiError, type KubeObject } from '../model/types.ts';
import { matchesLabels } from '../../../../foundation/protocols/scheduling.ts';
import { fieldSelector, labelSelector } from './selectors.ts';

const POD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', labels: { app: 'web', 'a.b/c': '', tier: 'x' } },
  spec: { nodeName: 'node' },
  status: { phase: 'Running' },
};

const labels: readonly [selector: string, matches: boolean][] = [
  ['', true],
  ['app=web', true],
  ['app==web,tier!=y', true],
  ['app=db', false],
  ['missing!=x', true],
  ['app', true],
  ['!app', false],
  ['!missing', true],
  ['a.b/c=', true],
  ['constructor', false],
  ['app in (db, web),tier', true],
  ['app notin (db,web)', false],
  ['missing notin (a)', true],
  ['missing in (a)', false],
];
const fields: readonly [selector: string, matches: boolean][] = [
  ['metadata.name=p', true],
  ['metadata.namespace=n,spec.nodeName!=other', true],
  ['status.phase!=Running', false],
  ['spec.serviceAccountName=', true],
  ['spec.hostNetwork=false', true],
];

describe('selectors', () => {
  for (const [selector, matches] of labels) {
    it(`labels: ${selector || 'an empty selector'} ${matches ? 'matches' : 'does not match'}`, () => {
      expect(labelSelector(selector)(POD)).to.equal(matches);
    });
  }
  for (const [selector, matches] of fields) {
    it(`fields: ${selector} ${matches ? 'matches' : 'does not match'}`, () => {
      expect(fieldSelector(selector, kindOf('pods')!)(POD)).to.equal(matches);
    });
  }

  it('reject invalid syntax and unsupported fields', () => {
    expect(() => labelSelector('a in b')).to.throw(ApiError);
    expect(() => fieldSelector('spec.containers=x', kindOf('pods')!)).to.throw('field label not supported');
    expect(() => fieldSelector('metadata.namespace=x', kindOf('nodes')!)).to.throw('field label not supported');
  });

  it('match in object form', () => {
    const has = (operator: string, key: string, values?: string[]) =>
      matchesLabels({ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }, { a: '1' });
    expect(matchesLabels(undefined, {})).to.equal(true);
    expect(matchesLabels({ matchLabels: { a: '1' } }, { a: '1' })).to.equal(true);
    expect([has('In', 'a', ['1']), has('NotIn', 'a', ['1']), has('Exists', 'b')]).to.deep.equal([true, false, false]);
    expect([has('DoesNotExist', 'b'), has('DoesNotExist', 'a'), has('NotIn', 'b', ['1'])]).to.deep.equal([
      true,
      false,
      true,
    ]);
  });
});
