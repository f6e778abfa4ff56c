/** How actions, resources and ARN conditions match: wildcards, fields of ARNs, and policy variables. */
import { expect } from 'chai';
import { check, suite, type CheckContext } from '../../harness/index.ts';
import { OPERATORS, VARIABLES } from '../lib/sources.ts';
import { allowedOf, allowing, decisionsOf, given, holds, object } from './lib/simulator.ts';

const RESOURCE = 'IAM User Guide, "IAM JSON policy elements: Resource"';
const ACTION = 'IAM User Guide, "IAM JSON policy elements: Action"';
const VERSION = 'IAM User Guide, "IAM JSON policy elements: Version"';
const TEAM = given('string', 'aws:PrincipalTag/team', 'red');
const NOTE = given('string', 'aws:PrincipalTag/note', '');
const STAR = given('string', 'aws:PrincipalTag/star', '*');
const OWN = 'aws:PrincipalTag/folder';
const COST = given('string', 'aws:PrincipalTag/cost:a/b', 'shared');
const KEYS = given('stringList', 'aws:TagKeys', 'team', 'stage');
const ARN = given('string', 'aws:PrincipalTag/arn', 'arn:aws:iam::111122223333:role/red');
/** By pattern: keys that it covers, and keys that it does not cover. */
type Patterns = Readonly<Record<string, { readonly covers: readonly string[]; readonly not: readonly string[] }>>;
/** Checks patterns of object keys, each in its own folder. */
const covers = (title: string, patterns: Patterns, version?: string) =>
  check(title, async (world) => {
    const folders = Object.entries(patterns).map(([pattern, { covers: right, not: wrong }], index) => ({
      statement: allowing(object(`${index}/${pattern}`)),
      right: right.map((key) => object(`${index}/${key}`)),
      wrong: wrong.map((key) => object(`${index}/${key}`)),
    }));
    const allowed = await allowedOf(world, {
      statements: folders.map(({ statement }) => statement),
      resources: folders.flatMap(({ right, wrong }) => [...right, ...wrong]),
      context: [TEAM, NOTE, STAR, KEYS, COST],
      ...(version !== undefined && { version }),
    });
    expect(allowed).to.deep.equal(folders.flatMap(({ right }) => right));
  });
const ACTIONS = ['s3:GetObject', 's3:GetObjectTagging', 's3:PutObject', 'sqs:SendMessage'] as const;
/** Returns the actions on an object for which the statements yield this decision. */
async function decidedSo(
  world: CheckContext,
  actions: readonly string[],
  decision: string,
  statements: readonly object[],
): Promise<readonly string[]> {
  const resources = [object('key')];
  const decisions = await Promise.all(actions.map((action) => decisionsOf(world, { statements, resources, action })));
  return actions.filter((_action, index) => decisions[index]?.[0] === decision);
}

suite('policies', ({ scenario }) => {
  scenario('PO-15', 'wildcards in a resource match wherever they occur', {
    source: `${RESOURCE}; ${VARIABLES}; ${VERSION}`,
    probes: [
      covers('wildcards in the key of an object', {
        key: { covers: ['key'], not: ['keys', 'ke', 'Key', 'key/', 'other/key', ''] },
        '*': { covers: ['key', 'a/b', ''], not: [] },
        'a*': { covers: ['a', 'ab', 'a/b'], not: ['ba', 'A'] },
        '*a': { covers: ['a', 'ba', 'aa', 'b/a'], not: ['ab', ''] },
        'a*b*c': { covers: ['abc', 'axbyc', 'abbc', 'abcbc', 'a/b/c'], not: ['ab', 'ac', 'acb', 'abcd', 'xabc'] },
        '*ab*': { covers: ['ab', 'aab', 'aabb', 'xabx'], not: ['a', 'ba', 'axb'] },
        'a*a': { covers: ['aa', 'aba', 'aaa'], not: ['a', 'ab'] },
        'a?': { covers: ['ab', 'a?'], not: ['a', 'abc', 'ba'] },
        '?a?': { covers: ['bab', 'aaa'], not: ['aa', 'ba', 'baba'] },
        '?*': { covers: ['a', 'ab'], not: [''] },
        'a?*b': { covers: ['axb', 'axxb'], not: ['ab'] },
        'a*?': { covers: ['ab', 'abc'], not: ['a'] },
        'a:*:c': { covers: ['a:b:c', 'a:b:b:c', 'a::c'], not: ['a:c', 'a:b'] },
      }),
      covers('policy variables', {
        '${aws:PrincipalTag/team}': { covers: ['red'], not: ['Red', 're', 'reds', '${aws:PrincipalTag/team}'] },
        'of-${aws:PrincipalTag/team}-*': { covers: ['of-red-', 'of-red-1'], not: ['of-red', 'of-blue-1'] },
        '*/${aws:PrincipalTag/team}/*/${AWS:principalTAG/team}': {
          covers: ['a/red/b/red'],
          not: ['a/red/b/blue', 'a/blue/b/red'],
        },
        "${aws:PrincipalTag/cost, 'none'}/${aws:PrincipalTag/team, 'none'}": {
          covers: ['none/red'],
          not: ['none/none', '/red'],
        },
        // Tag keys may contain colons and slashes.
        'of-${aws:PrincipalTag/cost:a/b}': { covers: ['of-shared'], not: ['of-', 'of-red'] },
        'a${aws:PrincipalTag/cost}': { covers: [], not: ['a', 'a${aws:PrincipalTag/cost}', 'ared'] },
        // An empty value counts as a value.
        "a${aws:PrincipalTag/note}b/${aws:PrincipalTag/note, 'none'}": { covers: ['ab/'], not: ['a/', 'ab/none'] },
        // The value of a variable is not a pattern.
        'a${aws:PrincipalTag/star}': { covers: ['a*'], not: ['a', 'ab'] },
        // A multivalued key has no value that could be inserted.
        'a${aws:TagKeys}': { covers: [], not: ['ateam', 'astage', 'ateamstage', 'a'] },
        'a${*}b${?}c${$}': { covers: ['a*b?c$'], not: ['axbxc$', 'a*b?c${$}'] },
        $a$: { covers: ['$a$'], not: ['a'] },
      }),
      covers(
        'a version without variables',
        {
          '${aws:PrincipalTag/team}': { covers: ['${aws:PrincipalTag/team}'], not: ['red'] },
          'a${*}': { covers: ['a${}', 'a${x}'], not: ['a*'] },
          'a*': { covers: ['ab'], not: ['b'] },
        },
        '2008-10-17',
      ),
      check('a policy without a version', async (world) => {
        const allowedBy = (version: string | undefined) =>
          allowedOf(world, {
            statements: [allowing([object('${aws:PrincipalTag/team}'), object('open')])],
            resources: [object('red'), object('open')],
            context: [TEAM],
            version,
          });
        expect(await allowedBy('2012-10-17')).to.deep.equal([object('red'), object('open')]);
        expect(await allowedBy(undefined)).to.deep.equal([object('open')]);
      }),
      check('fields of an ARN, where a missing field matches all', async (world) => {
        const queue = 'arn:aws:sqs:us-west-2:111122223333:red';
        const otherQueues = [
          ...['arn:aws-cn:sqs:us-west-2:111122223333:red', 'arn:aws:sqs:us-east-1:111122223333:red'],
          ...['arn:aws:sqs:us-west-2:444455556666:red', 'arn:aws:sqs:us-west-2:111122223333:blue'],
          ...['arn:aws:sqs:us-west-2:111122223333:reds', 'arn:aws:sqs:us-west-2:111122223333:red:red'],
        ];
        const allowedBy = (Resource: string | readonly string[]) =>
          allowedOf(world, {
            statements: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource }],
            resources: [queue, ...otherQueues],
            action: 'sqs:SendMessage',
          });
        expect(await allowedBy(queue)).to.deep.equal([queue]);
        expect(
          await allowedBy(['arn:aws:sqs:us-west-2:111122223333:blues', 'arn:aws*:sqs:us-*-2:1111*:r?d']),
        ).to.deep.equal([queue, otherQueues[0], otherQueues[5]]);
        expect(await allowedBy('arn:aws:sqs:*:111122223333:red')).to.deep.equal([queue, otherQueues[1]]);
        expect(await allowedBy('arn:aws:sqs:us-west-2:*:red')).to.deep.equal([queue, otherQueues[2], otherQueues[5]]);
        expect(await allowedBy('arn:aws:sqs:us-west-2:111122223333:*')).to.deep.equal([queue, ...otherQueues.slice(3)]);
        expect(await allowedBy('arn:aws:sqs:us-west-2:11112222*:red')).to.deep.equal([queue, otherQueues[5]]);
        // Only a `*` that ends a field matches across its colon.
        expect(await allowedBy(['arn:aws:sqs:us-west-2:1111*red', 'arn:aws:sqs:us*:1*:*:red'])).to.deep.equal([
          otherQueues[5],
        ]);
        expect(await allowedBy('arn:aws:sqs')).to.deep.equal([queue, ...otherQueues.slice(1)]);
        expect(await allowedBy('arn:aws:sqs:us-west-2')).to.deep.equal([queue, ...otherQueues.slice(2)]);
        expect(await allowedBy('arn:aws:sns')).to.deep.equal([]);
        expect(await allowedBy('*')).to.deep.equal([queue, ...otherQueues]);
      }),
    ],
  });

  scenario('PO-16', 'actions match in any case, with wildcards, and with NotAction', {
    source: `${ACTION}; IAM User Guide, "IAM JSON policy elements: NotAction" and "NotResource"`,
    probes: [
      check('an Allow of matching actions', async (world) => {
        const allowed = (statement: object) =>
          decidedSo(world, ACTIONS, 'allowed', [{ Effect: 'Allow', Resource: '*', ...statement }]);
        const [get, tagging, put, send] = ACTIONS;
        expect(await allowed({ Action: 's3:GetObject' })).to.deep.equal([get]);
        expect(await allowed({ Action: 'S3:getOBJECT' })).to.deep.equal([get]);
        expect(await allowed({ Action: 's3:get*' })).to.deep.equal([get, tagging]);
        expect(await allowed({ Action: 's3:*Object' })).to.deep.equal([get, put]);
        expect(await allowed({ Action: 's3:?etObject' })).to.deep.equal([get]);
        expect(await allowed({ Action: 's3:*' })).to.deep.equal([get, tagging, put]);
        expect(await allowed({ Action: ['s3:PutObject', 'sqs:*'] })).to.deep.equal([put, send]);
        expect(await allowed({ Action: '*' })).to.deep.equal([get, tagging, put, send]);
        expect(await allowed({ Action: '*:*' })).to.deep.equal([get, tagging, put, send]);
        expect(await allowed({ NotAction: 's3:Get*' })).to.deep.equal([put, send]);
        expect(await allowed({ NotAction: ['S3:*', 'sns:*'] })).to.deep.equal([send]);
        expect(await allowed({ NotAction: '*' })).to.deep.equal([]);
      }),
      check('a Deny of matching actions', async (world) => {
        const denied = (statement: object) =>
          decidedSo(world, ['s3:GetObject', 's3:PutObject'], 'explicitDeny', [
            { Effect: 'Allow', Action: '*', Resource: '*' },
            { Effect: 'Deny', Resource: '*', ...statement },
          ]);
        expect(await denied({ Action: 's3:get*' })).to.deep.equal(['s3:GetObject']);
        expect(await denied({ NotAction: ['s3:Get*', 'sqs:*'] })).to.deep.equal(['s3:PutObject']);
        expect(await denied({ NotAction: 's3:*' })).to.deep.equal([]);
      }),
      check('NotResource matches all other resources', async (world) => {
        const allowedBy = (...NotResource: readonly string[]) =>
          allowedOf(world, {
            statements: [{ Effect: 'Allow', Action: 's3:GetObject', NotResource }],
            resources: [object('a'), object('b'), object('c/d')],
            context: [given('string', OWN, 'a')],
          });
        expect(await allowedBy(object('a'))).to.deep.equal([object('b'), object('c/d')]);
        expect(await allowedBy(object('a'), object('c*'))).to.deep.equal([object('b')]);
        expect(await allowedBy(object(`\${${OWN}}`), object('b'))).to.deep.equal([object('c/d')]);
        expect(await allowedBy('*')).to.deep.equal([]);
      }),
    ],
  });

  scenario('PO-34', 'ARN operators compare each field of an ARN separately, including its variables', {
    source: `${OPERATORS}, "Amazon Resource Name (ARN) condition operators": each of the six parts is checked separately`,
    probes: [
      holds(
        'wildcards and variables',
        'aws:SourceArn',
        [given('string', 'aws:SourceArn', 'arn:aws:iam::111122223333:role/red'), TEAM, ARN],
        {
          ArnEquals: {
            holds: [
              ...['arn:aws:iam::111122223333:role/red', 'arn:aws:iam::*:role/re?', 'arn:*:iam:*:*:*', '*'],
              ...['arn:aws:iam::111122223333:role/${aws:PrincipalTag/team}', '${aws:PrincipalTag/arn}'],
              ['arn:aws:iam::111122223333:role/blue', 'arn:aws:iam::111122223333:*'],
            ],
            not: [
              ...['arn:aws:iam::111122223333:role/blue', 'arn:aws:iam::111122223333:role/re', 'arn:aws:iam:*:role/red'],
              ...['arn:aws:sts::111122223333:role/red', 'arn:aws:iam:us-west-2:111122223333:role/red', 'arn:aws:iam*'],
              ...['arn:aws:iam::111122223333:role/${aws:PrincipalTag/cost}', '${aws:PrincipalTag/cost}', 'arn:aws:*'],
              ...['arn:aws:iam::111122223333:Role/Red', '${aws:PrincipalTag/team}'],
            ],
          },
          ArnNotEquals: {
            holds: ['arn:aws:iam::111122223333:role/r'],
            not: ['arn:aws:iam::111122223333:role/r*', '*'],
          },
          ArnLike: {
            holds: ['arn:aws:iam::111122223333:*red', 'arn:aws:iam::*:role/*'],
            not: ['arn:aws:iam::111122223333:*reds'],
          },
          ArnNotLike: { holds: ['arn:aws:iam::*:role/*s', 'arn:aws:*role/red'], not: ['arn:aws:iam::*:role/*d'] },
          ArnLikeIfExists: { holds: ['arn:aws:iam::*:role/*'], not: ['arn:aws:iam::*:user/*'] },
          StringLike: { holds: ['arn:aws:*role/red'], not: ['arn:aws:*role/re'] },
        },
      ),
      holds('a string that is not an ARN', 'aws:SourceArn', [given('string', 'aws:SourceArn', 'red')], {
        ArnEquals: { holds: [], not: ['arn:aws:*:*:*:red', 'arn:*:*:*:*:*'] },
      }),
    ],
  });
});
