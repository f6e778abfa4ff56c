import { expect } from 'chai';
import { EMULATED } from '../../scripts/constraints.ts';
import { iamWorld } from '../../test/support/emulator/iam.ts';
import { CONSTRAINTS, validationText, violationsOf } from './violations.ts';
import type { Reader } from './violations.ts';

/** Of an input that is there as an object. */
const PLAIN: Reader<unknown> = {
  member: (parent, name) => (parent as Record<string, unknown>)[name],
  items: (value) => value as readonly unknown[],
};

const textOf = (service: string, operation: string, input: object) =>
  validationText(violationsOf(service, operation, input, PLAIN));

describe('Constraints of the API models', () => {
  it('are there for each operation of the emulator (else run: npm run constraints)', () => {
    for (const [service, operations] of Object.entries(EMULATED)) {
      expect(Object.keys(CONSTRAINTS[service]?.operations ?? {}), service).to.have.members(operations);
    }
  });

  it('are all told at once, in the words of AWS', () => {
    expect(textOf('iam', 'CreateRole', { RoleName: '', Path: 'x' })).to.equal(
      "4 validation errors detected: Value 'x' at 'path' failed to satisfy constraint: Member must satisfy regular " +
        "expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F); Value '' at 'roleName' failed to satisfy " +
        "constraint: Member must have length greater than or equal to 1; Value '' at 'roleName' failed to satisfy " +
        'constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+; Value null at ' +
        "'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null",
    );
  });

  const cases: readonly [what: string, service: string, operation: string, input: object, text: RegExp][] = [
    [
      'a number',
      'eks',
      'ListClusters',
      { maxResults: '101' },
      /'101' at 'maxResults' .* value less than or equal to 100$/,
    ],
    [
      'a list of texts',
      'iam',
      'UntagRole',
      { RoleName: 'a', TagKeys: ['', 'b'] },
      /'\[, b\]' at 'tagKeys' .*constraint: \[M/,
    ],
    [
      'the size of a list',
      'iam',
      'TagRole',
      { RoleName: 'a', Tags: Array(51).fill({ Key: 'k', Value: '' }) },
      /at 'tags' /,
    ],
    [
      'a structure in a list',
      'iam',
      'TagRole',
      { RoleName: 'a', Tags: [{ Key: 'k' }] },
      /null at 'tags.1.member.value'/,
    ],
    [
      'the keys of a map',
      'eks',
      'TagResource',
      { tags: { '': 'b' } },
      /at 'tags' .* Map keys must satisfy constraint: \[/,
    ],
    [
      'the values of a map',
      'eks',
      'TagResource',
      { tags: { a: 'b'.repeat(257) } },
      / Map value must satisfy constraint: /,
    ],
    ['a set', 'iam', 'ListPolicies', { Scope: 'Mine' }, /'Mine' at 'scope' .* enum value set$/],
    [
      'a secret, which is not told,',
      'eks-auth',
      'AssumeRoleForPodIdentity',
      { clusterName: 'c', token: 'secret' },
      /^1 validation error detected: Value at 'token' failed/,
    ],
  ];
  for (const [what, service, operation, input, text] of cases) {
    it(`hold for ${what}`, () =>
      expect(textOf(service, operation, input))
        .to.match(text)
        .and.not.contain('secret'));
  }

  it('leave alone what they do not speak of', () => {
    expect(violationsOf('iam', 'ListRoles', { Unknown: '' }, PLAIN)).to.deep.equal([]);
    expect(violationsOf('ec2', 'DescribeSubnets', {}, PLAIN)).to.deep.equal([]);
  });

  it('are told before a caller without permission is', async () => {
    const { iam } = iamWorld();
    expect(await iam('GetRole', {})).to.include({ status: 400, code: 'ValidationError' });
  });
});
