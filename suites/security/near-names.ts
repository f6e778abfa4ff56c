/** Names that nearly equal the one that a policy grants: keys, prefixes, ARNs, tags, external ids, users and groups. */
import { S3 } from '@aws-sdk/client-s3';
import { STS } from '@aws-sdk/client-sts';
import { allow, check, suite } from '../../harness/index.ts';
import { ofOwnAccount, sessionOf } from '../lib/account-session.ts';
import { codeOf } from '../lib/errors.ts';
import { reviewed } from '../lib/rbac.ts';
import { judge, nearForms, type Row } from '../lib/rows.ts';
import { ASSUME_ROLE, OPERATORS, RBAC, S3_KEYS } from '../lib/sources.ts';
import { outcomeOf } from './lib/calls.ts';

const DENIED = 'AccessDenied';
/** STS also rejects texts with characters that the parameter does not allow. */
const NOT_ASSUMED = ['AccessDenied', 'ValidationError'];
const ASSUME_AND_TAG = ['sts:AssumeRole', 'sts:TagSession'];

suite('security', ({ scenario }) => {
  scenario('SEC-25', 'policies compare keys, prefixes, buckets, ARNs, accounts, external ids and tags exactly', {
    source: `${OPERATORS}; IAM User Guide, "IAM JSON policy elements: Resource"; ${S3_KEYS}; ${ASSUME_ROLE}`,
    needs: ['call-record', 'own-cluster'],
    roles: {
      app: ofOwnAccount(
        allow('s3:GetObject', ['data/red/exact', 'data/below/*']),
        allow('s3:ListBucket', 'data', { StringEquals: { 's3:prefix': 'below/' } }),
        allow('s3:ListBucketVersions', 'data', {
          NumericGreaterThan: { 's3:max-keys': '4.5' },
          NumericLessThan: { 's3:max-keys': '7.5' },
        }),
        allow(ASSUME_AND_TAG, '*'),
      ),
      target: {
        path: '/conformance-apps/red/',
        trust: [
          {
            effect: 'Allow',
            actions: ASSUME_AND_TAG,
            principal: { AWS: '<role:app>' },
            conditions: { StringEquals: { 'sts:ExternalId': 'id-red', 'aws:RequestTag/team': 'red' } },
          },
        ],
      },
    },
    workloads: { app: {} },
    objects: ['data/red/exact', 'data/below/key', 'datax/red/exact'],
    probes: [
      check('near texts are other texts', async (context) => {
        const { aws, name } = context;
        const credentials = await sessionOf(context, 'app');
        const s3 = new S3({ ...(await aws('s3')), credentials });
        const sts = new STS({ ...(await aws('sts')), credentials });
        const Bucket = name('<bucket:data>');
        const get =
          (Key: string, from = Bucket) =>
          () =>
            codeOf(s3.getObject({ Bucket: from, Key }));
        const exact = { Bucket, Key: 'red/exact' };
        const list = (Prefix?: string) => () =>
          codeOf(s3.listObjectsV2({ Bucket, ...(Prefix !== undefined && { Prefix }) }));
        const versions = (MaxKeys?: number) => () =>
          codeOf(s3.listObjectVersions({ Bucket, ...(MaxKeys !== undefined && { MaxKeys }) }));
        const RoleArn = name('<role:target>');
        const assume = (more: object) => () => {
          const good = {
            RoleArn,
            RoleSessionName: 'near',
            ExternalId: 'id-red',
            Tags: [{ Key: 'team', Value: 'red' }],
          };
          return codeOf(sts.assumeRole({ ...good, ...more }));
        };
        const tagged = (Value: string) => assume({ Tags: [{ Key: 'team', Value }] });
        const rows: Row[] = [
          ['the key', 'none', get('red/exact')],
          ['a key below the prefix', 'none', get('below/key')],
          ['the key, as a version', DENIED, () => codeOf(s3.getObject({ ...exact, VersionId: 'null' }))],
          ['HeadObject of the key', 'none', () => codeOf(s3.headObject(exact))],
          [
            'HeadObject of the key, as a version',
            'denied',
            () => outcomeOf(s3.headObject({ ...exact, VersionId: 'null' })),
          ],
          ['the key in a bucket with a longer name', DENIED, get('red/exact', name('<bucket:datax>'))],
          ['the prefix', 'none', list('below/')],
          ['5 keys', 'none', versions(5)],
          ['7 keys', 'none', versions(7)],
          ['the role', 'none', assume({})],
          ...['below', 'belowx/key', 'Below/key', 'x/below/key', '/below/key', 'red/below/key'].map((key): Row => [
            `the key "${key}"`,
            DENIED,
            get(key),
          ]),
          ['no prefix', DENIED, list()],
          ['an empty prefix', DENIED, list('')],
          ...[undefined, 4, 8, 40, 70].map((most): Row => [`${most} keys`, DENIED, versions(most)]),
          ['no external id', DENIED, assume({ ExternalId: undefined })],
          ['no tag', DENIED, assume({ Tags: [] })],
          ['another tag', DENIED, assume({ Tags: [{ Key: 'teams', Value: 'red' }] })],
          ['the role without its path', NOT_ASSUMED, assume({ RoleArn: RoleArn.replace('conformance-apps/red/', '') })],
          ['the parent path of the role', NOT_ASSUMED, assume({ RoleArn: RoleArn.replace('/red/', '/') })],
          ['the path in another case', NOT_ASSUMED, assume({ RoleArn: RoleArn.replace('/red/', '/Red/') })],
          ['a longer path', NOT_ASSUMED, assume({ RoleArn: RoleArn.replace('/red/', '/red/red/') })],
          [
            'the role of another account',
            NOT_ASSUMED,
            assume({ RoleArn: RoleArn.replace(/\d{12}/, name('<account:other>')) }),
          ],
          [
            'the role of another partition',
            NOT_ASSUMED,
            assume({ RoleArn: RoleArn.replace('arn:aws:', 'arn:aws-cn:') }),
          ],
        ];
        const end = RoleArn.slice(RoleArn.lastIndexOf('/') + 1);
        for (const [form, text] of Object.entries(nearForms(end)))
          rows.push([`a role name ${form}`, NOT_ASSUMED, assume({ RoleArn: RoleArn.replace(end, () => text) })]);
        for (const [form, text] of Object.entries(nearForms('red/exact')))
          rows.push([`a key ${form}`, DENIED, get(text)]);
        for (const [form, text] of Object.entries(nearForms('below/')))
          rows.push([`a prefix ${form}`, DENIED, list(text)]);
        for (const [form, text] of Object.entries(nearForms('id-red')))
          rows.push([`an external id ${form}`, NOT_ASSUMED, assume({ ExternalId: text })]);
        for (const [form, text] of Object.entries(nearForms('red')))
          rows.push([`a tag value ${form}`, NOT_ASSUMED, tagged(text)]);
        // Condition keys ignore the case of tag keys.
        for (const [form, Key] of Object.entries(nearForms('team')).filter(([, text]) => text !== 'TEAM'))
          rows.push([`a tag key ${form}`, NOT_ASSUMED, assume({ Tags: [{ Key, Value: 'red' }] })]);
        for (const [form, text] of Object.entries(nearForms(name('<account:main>'))))
          rows.push([`an account ${form}`, NOT_ASSUMED, assume({ RoleArn: RoleArn.replace(/\d{12}/, () => text) })]);
        await judge(rows);
      }),
    ],
  });

  scenario('SEC-26', 'role bindings compare names of users, groups, service accounts and namespaces exactly', {
    source: `${RBAC}, "Referring to subjects" and "Referring to resources"`,
    needs: ['own-cluster'],
    workloads: { app: {}, other: { namespace: 'other' } },
    probes: [
      check('near texts are other texts', async (context) => {
        const { kubernetes, name } = context;
        const namespace = name('<namespace:app>');
        const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
        const group = 'rbac.authorization.k8s.io';
        const rules = [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['exact'], verbs: ['get'] }];
        const subjects = [
          { kind: 'User', name: 'near-user', apiGroup: group },
          { kind: 'Group', name: 'near:group', apiGroup: group },
          { kind: 'ServiceAccount', name: 'app', namespace },
          { kind: 'Group', name: `system:serviceaccounts:${namespace}-x`, apiGroup: group },
        ];
        const post = (kind: string, body: object) =>
          kubernetes({
            method: 'POST',
            path: `${path}/${kind}`,
            body: { apiVersion: `${group}/v1`, metadata: { name: 'near' }, ...body },
          });
        await post('roles', { kind: 'Role', rules });
        await post('rolebindings', {
          kind: 'RoleBinding',
          subjects,
          roleRef: { apiGroup: group, kind: 'Role', name: 'near' },
        });
        const ask =
          (subject: object, more: object = {}) =>
          async () => {
            const resourceAttributes = { namespace, verb: 'get', resource: 'secrets', name: 'exact', ...more };
            const spec = { user: 'nobody', ...subject, resourceAttributes };
            return reviewed({ kubernetes }, spec);
          };
        const account = (owner: string, serviceAccount: string) => ({
          user: `system:serviceaccount:${owner}:${serviceAccount}`,
        });
        // The API server denies until the cache of its RBAC authorizer has the new binding.
        await context.eventually(ask({ user: 'near-user' }), (answer) => answer === 'allowed');
        const rows: Row[] = [
          ['the user', 'allowed', ask({ user: 'near-user' })],
          ['the group', 'allowed', ask({ groups: ['x', 'near:group'] })],
          ['the service account', 'allowed', ask(account(namespace, 'app'))],
          ['the same service account in another namespace', 'denied', ask(account(name('<namespace:other>'), 'app'))],
          ['namespace and name swapped', 'denied', ask(account('app', namespace))],
          ['all service accounts', 'denied', ask({ groups: ['system:serviceaccounts'] })],
          ['the service accounts of the namespace', 'denied', ask({ groups: [`system:serviceaccounts:${namespace}`] })],
          ['a user with the name of the group', 'denied', ask({ user: 'near:group' })],
          ['a group with the name of the user', 'denied', ask({ groups: ['near-user'] })],
          ['another namespace', 'denied', ask({ user: 'near-user' }, { namespace: name('<namespace:other>') })],
          ['every namespace', 'denied', ask({ user: 'near-user' }, { namespace: '' })],
          ['a subresource', 'denied', ask({ user: 'near-user' }, { subresource: 'status' })],
          ['another API group', 'denied', ask({ user: 'near-user' }, { group: 'apps' })],
        ];
        for (const [form, text] of Object.entries(nearForms('near-user')))
          rows.push([`a user ${form}`, 'denied', ask({ user: text })]);
        for (const [form, text] of Object.entries(nearForms('near:group')))
          rows.push([`a group ${form}`, 'denied', ask({ groups: [text] })]);
        for (const [form, text] of Object.entries(nearForms('app')))
          rows.push([`a service account ${form}`, 'denied', ask(account(namespace, text))]);
        for (const [form, text] of Object.entries(nearForms(namespace)))
          rows.push([`a namespace ${form}`, 'denied', ask(account(text, 'app'))]);
        for (const [form, text] of Object.entries(nearForms('exact')))
          rows.push([`a secret ${form}`, 'denied', ask({ user: 'near-user' }, { name: text })]);
        for (const [form, text] of Object.entries(nearForms('get')))
          rows.push([`a verb ${form}`, 'denied', ask({ user: 'near-user' }, { verb: text })]);
        for (const [form, text] of Object.entries(nearForms('secrets')))
          rows.push([`a resource ${form}`, 'denied', ask({ user: 'near-user' }, { resource: text })]);
        await judge(rows);
      }),
    ],
  });
});
