/** What the elements of a policy mean: actions, resources, wildcards, policy variables and principals. */
import {
  allow,
  asSession,
  deny,
  fails,
  forPrincipal,
  getObject,
  irsaRole,
  podIdentityRole,
  putObject,
  succeeds,
  suite,
  trustPodIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { DENIED, NOT_ALLOWED } from '../lib/outcomes.ts';
import { PRINCIPALS, VARIABLES } from '../lib/sources.ts';
import { APP, appWith, ASSOCIATED, WEB, WEB_TOKEN } from '../lib/worlds.ts';

const ELEMENTS = 'IAM User Guide, "IAM JSON policy elements:';
const RESOURCE = `${ELEMENTS} Resource"`;
const ACTION = `${ELEMENTS} Action"`;
/** A policy with elements that the builders have no words for. */
const document = (statement: object) => ({
  document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] },
  from: 'the scenario',
});
const OWN = '${aws:PrincipalTag/kubernetes-service-account}';
const can = (key: string) => succeeds(asSession('app', getObject(`data/${key}`)));
const cannot = (key: string) => fails(asSession('app', getObject(`data/${key}`)), NOT_ALLOWED);
const objects = (...keys: readonly string[]) => keys.map((key) => `data/${key}`);

suite('policies', ({ scenario }) => {
  scenario('PO-01', 'NotAction allows all actions but those that it names', {
    source: `${ELEMENTS} NotAction"`,
    roles: {
      app: {
        trust: [trustPodIdentity()],
        permissions: document({ NotAction: 's3:PutObject', Resource: 'arn:aws:s3:::<bucket:data>/*' }),
      },
    },
    workloads: APP,
    objects: objects('key'),
    probes: [can('key'), fails(asSession('app', putObject('data/new')), NOT_ALLOWED)],
  });

  scenario('PO-02', 'a Deny with NotResource spares what it names, and nothing else', {
    source: `${ELEMENTS} NotResource"`,
    roles: {
      app: {
        trust: [trustPodIdentity()],
        permissions: {
          from: 'the scenario',
          document: {
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::<bucket:data>/*' },
              { Effect: 'Deny', Action: 's3:GetObject', NotResource: 'arn:aws:s3:::<bucket:data>/open/*' },
            ],
          },
        },
      },
    },
    workloads: APP,
    objects: objects('open/key', 'secret/key'),
    probes: [can('open/key'), fails(asSession('app', getObject('data/secret/key')), DENIED)],
  });

  scenario('PO-03', 'actions are written in any case, with wildcards', {
    source: ACTION,
    ...appWith(allow('S3:getobject', 'data/case'), allow('s3:Get*', 'data/star'), allow('s3:?etObject', 'data/one')),
    objects: objects('case', 'star', 'one'),
    probes: [
      can('case'),
      can('star'),
      can('one'),
      fails(asSession('app', putObject('data/star')), NOT_ALLOWED),
      fails(asSession('app', putObject('data/one')), NOT_ALLOWED),
    ],
  });

  scenario('PO-04', 'a star in a resource stands for any characters, slashes, line breaks and none included', {
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

  scenario('PO-05', 'a question mark in a resource stands for one character', {
    source: RESOURCE,
    ...appWith(allow('s3:GetObject', 'data/v?/key')),
    objects: objects('v1/key', 'v12/key', 'v/key'),
    probes: [can('v1/key'), cannot('v12/key'), cannot('v/key')],
  });

  scenario('PO-06', 'a resource is compared with regard to case, and without a star is one object alone', {
    source: `${RESOURCE}; Amazon S3 User Guide, "Naming Amazon S3 objects": keys are case-sensitive`,
    ...appWith(allow('s3:GetObject', ['data/One', 'data/Many/*', 'data'])),
    objects: objects('One', 'one', 'One/below', 'Many/key', 'many/key'),
    probes: [can('One'), cannot('one'), cannot('One/below'), can('Many/key'), cannot('many/key')],
  });

  scenario('PO-07', 'a policy variable stands anywhere in a resource, with text around it', {
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
      can('reader'),
      can('of-reader.txt'),
      cannot('of-readers.txt'),
      cannot('reader-red/key'),
      cannot('another'),
    ],
  });

  scenario('PO-08', 'a policy variable without a value matches nothing, not even its absence', {
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

  scenario('PO-09', 'the default of a policy variable stands where it has no value, and there alone', {
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

  scenario('PO-10', 'policies of version 2008-10-17 have no variables', {
    source: `${VARIABLES}; ${ELEMENTS} Version"`,
    roles: {
      app: {
        trust: [trustPodIdentity()],
        permissions: {
          from: 'the scenario',
          document: {
            Version: '2008-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Action: 's3:GetObject',
                Resource: ['arn:aws:s3:::<bucket:data>/open/*', `arn:aws:s3:::<bucket:data>/${OWN}/*`],
              },
              {
                Effect: 'Allow',
                Action: 's3:GetObject',
                Resource: 'arn:aws:s3:::<bucket:data>/compared/*',
                Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-service-account': OWN } },
              },
            ],
          },
        },
      },
    },
    workloads: APP,
    objects: objects('open/key', 'app/key', 'compared/key'),
    probes: [can('open/key'), cannot('app/key'), cannot('compared/key')],
  });

  scenario('PO-11', 'a star or question mark that is written as a variable is itself', {
    source: `${VARIABLES}, "Special characters"`,
    ...appWith(allow('s3:GetObject', ['data/a${*}b', 'data/c${?}d'])),
    objects: objects('a*b', 'axb', 'cxd'),
    probes: [can('a*b'), cannot('axb'), cannot('cxd')],
  });

  scenario('PO-12', 'a bucket policy for everyone under a condition is enough in the same account', {
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

  scenario('PO-13', 'a Deny with NotPrincipal spares the session that it names, and nobody else', {
    source: `${ELEMENTS} NotPrincipal": account, role and session must be named`,
    // With a Deny it spares no role that has a permissions boundary: the run must set none.
    needs: ['irsa', 'own-boundary'],
    roles: {
      app: irsaRole('app/app', allow('s3:GetObject', 'data/*')),
      stranger: irsaRole('app/app', allow('s3:GetObject', ['data/*', 'open/*'])),
    },
    tokens: WEB_TOKEN,
    buckets: {
      data: {
        policy: {
          from: 'the scenario',
          document: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Deny',
                NotPrincipal: {
                  AWS: [
                    'arn:aws:iam::<account:main>:root',
                    '<role:app>',
                    'arn:aws:sts::<account:main>:assumed-role/<role-name:app>/creator',
                  ],
                },
                Action: 's3:GetObject',
                Resource: 'arn:aws:s3:::<bucket:data>/*',
              },
              {
                Effect: 'Deny',
                NotPrincipal: {
                  AWS: [
                    'arn:aws:iam::<account:main>:root',
                    '<role:app>',
                    'arn:aws:sts::<account:main>:assumed-role/<role-name:app>/another',
                  ],
                },
                Action: 's3:GetObject',
                Resource: 'arn:aws:s3:::<bucket:data>/of-another',
              },
            ],
          },
        },
      },
    },
    workloads: { app: {} },
    objects: ['data/key', 'data/of-another', 'open/key'],
    probes: [
      succeeds(asSession(WEB, getObject('data/key'))),
      fails(asSession(WEB, getObject('data/of-another')), { ...DENIED, policy: 'resource' }),
      succeeds(asSession({ ...WEB, role: 'stranger' }, getObject('open/key'))),
      fails(asSession({ ...WEB, role: 'stranger' }, getObject('data/key')), { ...DENIED, policy: 'resource' }),
    ],
  });

  scenario('PO-14', "a Deny of the role's own policy wins over its Allow, wherever it stands", {
    source:
      'IAM User Guide, "Policy evaluation logic"; AWS STS API Reference, GetCallerIdentity: no permission is needed, even against a Deny',
    ...appWith(deny('s3:*', 'data/secret/*'), allow('s3:GetObject', 'data/*'), deny('sts:*', '*')),
    objects: objects('open/key', 'secret/key'),
    probes: [
      can('open/key'),
      fails(asSession('app', getObject('data/secret/key')), DENIED),
      succeeds(asSession('app', whoAmI()), { accountId: '<account:main>' }),
    ],
  });
});
