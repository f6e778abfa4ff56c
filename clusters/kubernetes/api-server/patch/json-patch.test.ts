import { expect } from 'chai';
import { applyJsonPatch, JsonPatchError } from './json-patch.ts';

const DOCUMENT = { a: { b: 1, 'c/d~e': 2 }, list: [1, 2, 3], '': 0 };

const applies: readonly [title: string, patch: object[], expected: object][] = [
  ['adds a member', [{ op: 'add', path: '/a/x', value: null }], { ...DOCUMENT, a: { ...DOCUMENT.a, x: null } }],
  ['inserts into a list', [{ op: 'add', path: '/list/1', value: 9 }], { ...DOCUMENT, list: [1, 9, 2, 3] }],
  ['appends with -', [{ op: 'add', path: '/list/-', value: 9 }], { ...DOCUMENT, list: [1, 2, 3, 9] }],
  ['appends at the length', [{ op: 'add', path: '/list/3', value: 9 }], { ...DOCUMENT, list: [1, 2, 3, 9] }],
  ['unescapes ~1 and ~0', [{ op: 'replace', path: '/a/c~1d~0e', value: 9 }], { ...DOCUMENT, a: { b: 1, 'c/d~e': 9 } }],
  ['removes an element', [{ op: 'remove', path: '/list/0' }], { ...DOCUMENT, list: [2, 3] }],
  ['replaces a member with an empty name', [{ op: 'replace', path: '/', value: 5 }], { ...DOCUMENT, '': 5 }],
  ['moves a value', [{ op: 'move', from: '/list/2', path: '/list/0' }], { ...DOCUMENT, list: [3, 1, 2] }],
  ['ignores a move to the same path', [{ op: 'move', from: '/list', path: '/list' }], DOCUMENT],
  ['copies a value', [{ op: 'copy', from: '/a/b', path: '/list/-' }], { ...DOCUMENT, list: [1, 2, 3, 1] }],
  [
    'continues after a successful test',
    [
      { op: 'test', path: '/a/b', value: 1 },
      { op: 'replace', path: '', value: {} },
    ],
    {},
  ],
];

const refusals: readonly [title: string, patch: unknown][] = [
  ['a patch that is not a list', {}],
  ['an unknown operation', [{ op: 'merge', path: '/a', value: 1 }]],
  ['a missing value', [{ op: 'add', path: '/x' }]],
  ['a path without a slash', [{ op: 'add', path: 'x', value: 1 }]],
  ['a missing path', [{ op: 'add', value: 1 }]],
  ['a missing parent', [{ op: 'add', path: '/x/y', value: 1 }]],
  ['the removal of a missing member', [{ op: 'remove', path: '/x' }]],
  ['the replacement of a missing member', [{ op: 'replace', path: '/x', value: 1 }]],
  ['an index out of range', [{ op: 'add', path: '/list/4', value: 1 }]],
  ['an index with a leading zero', [{ op: 'replace', path: '/list/01', value: 1 }]],
  ['a failed test', [{ op: 'test', path: '/a/b', value: '1' }]],
  ['a move into itself', [{ op: 'move', from: '/a', path: '/a/b' }]],
  ['inherited members', [{ op: 'test', path: '/constructor', value: 1 }]],
  ['the prototype', [{ op: 'add', path: '/__proto__', value: {} }]],
];

describe('JSON Patch', () => {
  for (const [title, patch, expected] of applies) {
    it(title, () => {
      expect(applyJsonPatch(DOCUMENT, patch)).to.deep.equal(expected);
    });
  }
  for (const [title, patch] of refusals) {
    it(`rejects ${title}`, () => {
      expect(() => applyJsonPatch(DOCUMENT, patch)).to.throw(JsonPatchError);
    });
  }

  it('does not change the original document', () => {
    const document = { a: { b: 1 } };
    applyJsonPatch(document, [{ op: 'remove', path: '/a/b' }]);
    expect(document).to.deep.equal({ a: { b: 1 } });
  });
});
