/** What the elements of a policy mean: actions, resources, wildcards, policy variables and principals. */
import {
  allow,
  deny,
  forPrincipal,
  getObject,
  irsaRole,
  podIdentityRole,
  putObject,
  suite,
  trustPodIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { DENIED, DENIED_BY_BUCKET, NOT_ALLOWED } from '../lib/outcomes.ts';
import { PRINCIPALS, VARIABLES } from '../lib/sources.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { APP, appWith, ASSOCIATED, BY_TOKEN, WEB } from '../lib/worlds.ts';
import { can, cannot, denyAllBut, objects, rawPolicy } from './lib/objects.ts';

const ELEMENTS = 'IAM User Guide, "IAM JSON policy elements:';
const RESOURCE = `${ELEMENTS} Resource"`;
const ACTION = `${ELEMENTS} Action"`;
const OWN = '${aws:PrincipalTag/kubernetes-service-account}';
const READ = { Effect: 'Allow', Action: 's3:GetObject' };

/** Returns a session with its account and its role, all of which a Deny with NotPrincipal must name. */
const sessionOfApp = (name: string) => [
  'arn:aws:iam::<account:main>:root',
  '<role:app>',
  `arn:aws:sts::<account:main>:assumed-role/<role-name:app>/${name}`,
];

suite('policies', ({ scenario }) => {
  scenario('PO-01', 'NotAction allows all actions except those that it names', {
    source: `${ELEMENTS} NotAction"`,
    roles: {
      app: {
        trust: [trustPodIdentity()],
        permissions: rawPolicy([
          { Effect: 'Allow', NotAction: 's3:PutObject', Resource: 'arn:aws:s3:::<bucket:data>/*' },
        ]),
      },
    },
    workloads: APP,
    objects: objects('key'),
    probes: [can('key'), mayNot('app', putObject('data/new'), NOT_ALLOWED)],
  });

  scenario('PO-02', 'a Deny with NotResource exempts only the named resources', {
    source: `${ELEMENTS} NotResource"`,
    roles: {
      app: {
        trust: [trustPodIdentity()],
        permissions: rawPolicy([
          { ...READ, Resource: 'arn:aws:s3:::<bucket:data>/*' },
          { ...READ, Effect: 'Deny', NotResource: 'arn:aws:s3:::<bucket:data>/open/*' },
        ]),
      },
    },
    workloads: APP,
    objects: objects('open/key', 'secret/key'),
    probes: [can('open/key'), cannot('secret/key', DENIED)],
  });

  scenario('PO-03', 'actions match in any case, and may contain wildcards', {
    source: ACTION,
    ...appWith(allow('S3:getobject', 'data/case'), allow('s3:Get*', 'data/star'), allow('s3:?etObject', 'data/one')),
    objects: objects('case', 'star', 'one'),
    probes: [
      ...['case', 'star', 'one'].map(can),
      mayNot('app', putObject('data/star'), NOT_ALLOWED),
      mayNot('app', putObject('data/one'), NOT_ALLOWED),
    ],
  });

  scenario('PO-04', 'a star in a resource matches any characters, including slashes, line breaks and none', {
    source: RESOURCE,
    ...appWith(allow('s3:GetObject', ['data/deep/*', 'data/none*', 'data/in*side', 'data/two/*/x/*'])),
    objects: objects('deep/a/b/c', 'deep/a\nb', 'none', 'in/the/side', 'in-sidex', 'two/a/x/b', 'two/a/y/b'),
    probes: [
      can('deep/a/b/c'),
      can('deep/a\nb'),
      can('none'),
      can('in/the/side'),
      cannot('in-sidex'),
      can('two/a/x/b'),
      cannot('two/a/y/b'),
    ],
  });

  scenario('PO-05', 'a question mark in a resource matches exactly one character', {
    source: RESOURCE,
    ...appWith(allow('s3:GetObject', 'data/v?/key')),
    objects: objects('v1/key', 'v12/key', 'v/key'),
    probes: [can('v1/key'), cannot('v12/key'), cannot('v/key')],
  });

  scenario('PO-06', 'a resource is case-sensitive, and without a wildcard it names a single object', {
    source: `${RESOURCE}; Amazon S3 User Guide, "Naming Amazon S3 objects": keys are case-sensitive`,
    ...appWith(allow('s3:GetObject', ['data/One', 'data/Many/*', 'data'])),
    objects: objects('One', 'one', 'One/below', 'Many/key', 'many/key'),
    probes: [can('One'), cannot('one'), cannot('One/below'), can('Many/key'), cannot('many/key')],
  });

  scenario('PO-07', 'a policy variable can appear anywhere in a resource, with text around it', {
    source: VARIABLES,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', [
          'data/${aws:PrincipalTag/kubernetes-service-account}',
          'data/of-${aws:PrincipalTag/kubernetes-service-account}.txt',
          'data/${aws:PrincipalTag/kubernetes-service-account}-${aws:PrincipalTag/team}/*',
        ]),
      ),
    },
    workloads: { app: { serviceAccount: 'reader', role: 'app' } },
    objects: objects('reader', 'of-reader.txt', 'of-readers.txt', 'reader-red/key', 'another'),
    probes: [
      ...['reader', 'of-reader.txt'].map(can),
      ...['of-readers.txt', 'reader-red/key', 'another'].map((key) => cannot(key)),
    ],
  });

  scenario('PO-08', 'a policy variable without a value matches nothing', {
    source: `${VARIABLES}, "Policy variables with no value"`,
    ...appWith(
      allow('s3:GetObject', 'data/own${aws:PrincipalTag/team}/*'),
      allow('s3:GetObject', 'data/open/*', {
        StringEquals: { 'aws:PrincipalTag/kubernetes-service-account': ['${aws:PrincipalTag/team}', 'app'] },
      }),
    ),
    objects: objects('own/key', 'open/key'),
    probes: [can('open/key'), cannot('own/key')],
  });

  scenario('PO-09', 'the default of a policy variable applies only if the variable has no value', {
    source: `${VARIABLES}, "Specifying default values"`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', "data/${aws:PrincipalTag/team, 'common'}/*"),
        allow('s3:GetObject', "data/of/${aws:PrincipalTag/kubernetes-service-account, 'common'}/*"),
      ),
    },
    workloads: { app: { serviceAccount: 'reader', role: 'app' } },
    objects: objects('common/key', 'of/reader/key', 'of/common/key'),
    probes: [can('common/key'), can('of/reader/key'), cannot('of/common/key')],
  });

  scenario('PO-10', 'policies of version 2008-10-17 do not replace variables', {
    source: `${VARIABLES}; ${ELEMENTS} Version"`,
    roles: {
      app: {
        trust: [trustPodIdentity()],
        permissions: rawPolicy(
          [
            { ...READ, Resource: ['arn:aws:s3:::<bucket:data>/open/*', `arn:aws:s3:::<bucket:data>/${OWN}/*`] },
            {
              ...READ,
              Resource: 'arn:aws:s3:::<bucket:data>/compared/*',
              Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-service-account': OWN } },
            },
          ],
          '2008-10-17',
        ),
      },
    },
    workloads: APP,
    objects: objects('open/key', 'app/key', 'compared/key'),
    probes: [can('open/key'), cannot('app/key'), cannot('compared/key')],
  });

  scenario('PO-11', 'a star or question mark written as a variable matches only itself', {
    source: `${VARIABLES}, "Special characters"`,
    ...appWith(allow('s3:GetObject', ['data/a${*}b', 'data/c${?}d'])),
    objects: objects('a*b', 'axb', 'cxd'),
    probes: [can('a*b'), cannot('axb'), cannot('cxd')],
  });

  scenario('PO-12', 'a bucket policy for everyone with a condition grants access within the account', {
    source: `${PRINCIPALS}, "All principals"`,
    ...ASSOCIATED,
    buckets: {
      data: {
        policy: [
          forPrincipal('*', allow('s3:GetObject', 'data/open/*', { ArnEquals: { 'aws:PrincipalArn': '<role:app>' } })),
        ],
      },
    },
    objects: objects('open/key', 'key'),
    probes: [can('open/key'), cannot('key')],
  });

  scenario('PO-13', 'a Deny with NotPrincipal exempts only the named session', {
    source: `${ELEMENTS} NotPrincipal": account, role and session must be named`,
    // NotPrincipal in a Deny exempts no role with a permissions boundary, so the run must not set one.
    needs: ['irsa', 'own-boundary'],
    roles: {
      app: irsaRole('app/app', allow('s3:GetObject', 'data/*')),
      stranger: irsaRole('app/app', allow('s3:GetObject', ['data/*', 'open/*'])),
    },
    ...BY_TOKEN,
    buckets: {
      data: {
        policy: rawPolicy([
          denyAllBut('*', ...sessionOfApp('creator')),
          denyAllBut('of-another', ...sessionOfApp('another')),
        ]),
      },
    },
    objects: ['data/key', 'data/of-another', 'open/key'],
    probes: [
      may(WEB, getObject('data/key')),
      mayNot(WEB, getObject('data/of-another'), DENIED_BY_BUCKET),
      may({ ...WEB, role: 'stranger' }, getObject('open/key')),
      mayNot({ ...WEB, role: 'stranger' }, getObject('data/key'), DENIED_BY_BUCKET),
    ],
  });

  scenario('PO-14', "a Deny in a role's own policy overrides an Allow, regardless of their order", {
    source:
      'IAM User Guide, "Policy evaluation logic"; AWS STS API Reference, GetCallerIdentity: no permission is needed, even against a Deny',
    ...appWith(deny('s3:*', 'data/secret/*'), allow('s3:GetObject', 'data/*'), deny('sts:*', '*')),
    objects: objects('open/key', 'secret/key'),
    probes: [can('open/key'), cannot('secret/key', DENIED), may('app', whoAmI(), { accountId: '<account:main>' })],
  });
});
