import { expect } from 'chai';
import { EMULATED } from '../../scripts/constraints.ts';
import { iamWorld } from '../../test/support/emulator/iam.ts';
import { CONSTRAINTS, validationText, violationsOf } from './violations.ts';
import type { Reader } from './violations.ts';

/** Reads an input that is a JavaScript object. */
const PLAIN: Reader<unknown> = {
  member: (parent, name) => (parent as Record<string, unknown>)[name],
  items: (value) => value as readonly unknown[],
};

const textOf = (service: string, operation: string, input: object) =>
  validationText(violationsOf(service, operation, input, PLAIN));

describe('API model constraints', () => {
  it('exist for each operation of the emulator (if not: npm run constraints)', () => {
    for (const [service, operations] of Object.entries(EMULATED)) {
      expect(Object.keys(CONSTRAINTS[service]?.operations ?? {}), service).to.have.members(operations);
    }
  });

  it("are reported all at once, in AWS's words", () => {
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
      'a list of strings',
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
      'a secret without showing it',
      'eks-auth',
      'AssumeRoleForPodIdentity',
      { clusterName: 'c', token: 'secret' },
      /^1 validation error detected: Value at 'token' failed/,
    ],
  ];
  for (const [what, service, operation, input, text] of cases) {
    it(`check ${what}`, () =>
      expect(textOf(service, operation, input))
        .to.match(text)
        .and.not.contain('secret'));
  }

  it('ignore unknown members and operations without constraints', () => {
    expect(violationsOf('iam', 'ListRoles', { Unknown: '' }, PLAIN)).to.deep.equal([]);
    expect(violationsOf('ec2', 'DescribeSubnets', {}, PLAIN)).to.deep.equal([]);
  });

  it('are checked before the permissions', async () => {
    const { iam } = iamWorld();
    expect(await iam('GetRole', {})).to.include({ status: 400, code: 'ValidationError' });
  });
});
