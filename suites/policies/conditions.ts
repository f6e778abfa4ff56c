/** What condition operators compare, and how: case, wildcards, several values, and missing keys. */
import {
  allow,
  deny,
  forPrincipal,
  getObject,
  podIdentityRole,
  putObject,
  putRolePolicy,
  suite,
  type Conditions,
} from '../../harness/index.ts';
import { DENIED, NOT_ALLOWED } from '../lib/outcomes.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { MULTIVALUED, OPERATORS, S3_KEYS } from '../lib/sources.ts';
import { APP, appWith } from '../lib/worlds.ts';
import { can, cannot, objects } from './lib/objects.ts';

const GLOBAL_KEYS = 'IAM User Guide, "AWS global condition context keys"';
/** Returns a role that may read each object of the table under its conditions. */
const readable = (table: Readonly<Record<string, Conditions>>) =>
  podIdentityRole(
    ...Object.entries(table).map(([key, conditions]) => allow('s3:GetObject', `data/${key}`, conditions)),
  );
const ACCOUNT_TAG = 'aws:PrincipalTag/kubernetes-service-account';
const PRINCIPAL = 'aws:PrincipalArn';
/** Expects that the role can read only the objects named `yes…`. */
const asNamed = (table: Readonly<Record<string, Conditions>>) => ({
  roles: { app: readable(table) },
  workloads: APP,
  objects: objects(...Object.keys(table)),
  probes: Object.keys(table).map((key) => (key.startsWith('yes') ? can(key) : cannot(key))),
});
const tagged = (...keys: readonly string[]) => ({ tags: Object.fromEntries(keys.map((key) => [key, 'x'])) });

suite('policies', ({ scenario }) => {
  const below = (path: string): string => `arn:aws:iam::<account:main>:role${path}<role-name:app>`;

  scenario('PO-20', 'one of several values must match, and all of several keys and operators', {
    source: 'IAM User Guide, "Conditions with multiple context keys or values"',
    ...asNamed({
      'yes-one-value': { StringEquals: { [ACCOUNT_TAG]: ['another', 'app'] } },
      'yes-all-keys': {
        StringEquals: { [ACCOUNT_TAG]: 'app', 'aws:PrincipalTag/kubernetes-namespace': '<namespace:app>' },
      },
      'no-one-key': { StringEquals: { [ACCOUNT_TAG]: 'app', 'aws:PrincipalTag/kubernetes-namespace': 'another' } },
      'no-one-operator': { StringEquals: { [ACCOUNT_TAG]: 'app' }, StringLike: { [PRINCIPAL]: '*-another' } },
      'no-value': { StringEquals: { [ACCOUNT_TAG]: ['another', 'apps'] } },
    }),
  });

  scenario('PO-21', 'string operators compare with or without case, and with or without wildcards', {
    source: `${OPERATORS}, "String condition operators"`,
    ...asNamed({
      'yes-ignoring-case': { StringEqualsIgnoreCase: { [ACCOUNT_TAG]: 'APP' } },
      'no-with-case': { StringEquals: { [ACCOUNT_TAG]: 'APP' } },
      'no-like-with-case': { StringLike: { [ACCOUNT_TAG]: 'AP*' } },
      'yes-like': { StringLike: { [ACCOUNT_TAG]: 'a?p*' } },
      'no-like': { StringLike: { [ACCOUNT_TAG]: 'a?' } },
      'no-equals-star': { StringEquals: { [ACCOUNT_TAG]: 'a*' } },
      'yes-not-like': { StringNotLike: { [ACCOUNT_TAG]: 'b*' } },
      'no-not-like': { StringNotLike: { [ACCOUNT_TAG]: 'a*' } },
      'yes-not-ignoring-case': { StringNotEqualsIgnoreCase: { [ACCOUNT_TAG]: 'APPS' } },
      'no-not-ignoring-case': { StringNotEqualsIgnoreCase: { [ACCOUNT_TAG]: 'APP' } },
    }),
  });

  scenario('PO-22', 'a missing key satisfies only negated operators, IfExists and Null', {
    source: `${OPERATORS}, "...IfExists condition operators" and "Condition operator to check existence of condition keys"`,
    ...asNamed({
      'yes-not-equals': { StringNotEquals: { 'aws:PrincipalTag/team': 'red' } },
      'yes-if-exists': { StringEqualsIfExists: { 'aws:PrincipalTag/team': 'red' } },
      'no-if-exists-and-there': { StringEqualsIfExists: { [ACCOUNT_TAG]: 'another' } },
      'no-like-everything': { StringLike: { 'aws:PrincipalTag/team': '*' } },
      'yes-null': { Null: { 'aws:PrincipalTag/team': 'true' } },
      'no-null': { Null: { [ACCOUNT_TAG]: 'true' } },
      'no-not-null': { Null: { 'aws:PrincipalTag/team': 'false' } },
      'no-date': { DateLessThan: { 'aws:PrincipalTag/team': '2999-01-01T00:00:00Z' } },
      'yes-not-arn': { ArnNotEquals: { 'aws:SourceArn': '<role:app>' } },
    }),
  });

  scenario('PO-23', 'ARN operators accept wildcards within each part of an ARN, but not across colons', {
    source: `${OPERATORS}, "Amazon Resource Name (ARN) condition operators": each of the six parts is checked separately`,
    ...asNamed({
      'yes-equals-with-star': { ArnEquals: { [PRINCIPAL]: 'arn:aws:iam::<account:main>:role/*<role-name:app>' } },
      'yes-like': { ArnLike: { [PRINCIPAL]: 'arn:*:iam:*:*:role/<role-name:app>' } },
      'no-like-over-colons': { ArnLike: { [PRINCIPAL]: 'arn:aws:i*:role/<role-name:app>' } },
      'yes-string-over-colons': { StringLike: { [PRINCIPAL]: 'arn:aws:i*:role/<role-name:app>' } },
      'no-not-equals-with-star': { ArnNotEquals: { [PRINCIPAL]: 'arn:aws:iam::<account:main>:role/*' } },
      'no-not-like': { ArnNotLike: { [PRINCIPAL]: 'arn:aws:iam::*:role/*' } },
    }),
  });

  scenario('PO-24', 'operators compare times, numbers, booleans and addresses by type', {
    source: `${OPERATORS}, "Numeric", "Date", "Boolean" and "IP address condition operators"`,
    ...asNamed({
      'yes-after': { DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } },
      'no-after': { DateGreaterThan: { 'aws:CurrentTime': '2120-01-01T00:00:00Z' } },
      // As a string, the value would be less than the current time.
      'yes-before-epoch': { DateLessThan: { 'aws:CurrentTime': '11111111111' } },
      'yes-number': { NumericLessThan: { 'aws:EpochTime': '11111111111' } },
      'no-number': { NumericGreaterThanEquals: { 'aws:EpochTime': '11111111111' } },
      'yes-secure': { Bool: { 'aws:SecureTransport': 'true' } },
      'no-secure': { Bool: { 'aws:SecureTransport': 'false' } },
      // Multicast addresses, which are never a source (RFC 1112, section 7.2; RFC 4291, section 2.7).
      'no-address': { IpAddress: { 'aws:SourceIp': ['224.0.0.0/4', 'ff00::/8'] } },
      'yes-not-address': { NotIpAddress: { 'aws:SourceIp': '224.0.0.0/4' } },
      // A request through a VPC endpoint has no source address, which a negated operator alone would match.
      'no-not-any-address': {
        NotIpAddress: { 'aws:SourceIp': ['0.0.0.0/0', '::/0'] },
        Null: { 'aws:SourceIp': 'false' },
      },
    }),
  });

  scenario('PO-25', 'requests have condition keys for their principal, source and type', {
    source: `${GLOBAL_KEYS}; ${S3_KEYS}`,
    ...asNamed({
      'yes-account': { StringEquals: { 'aws:PrincipalAccount': '<account:main>' } },
      'yes-owner': {
        StringEquals: { 'aws:ResourceAccount': '<account:main>', 's3:ResourceAccount': '<account:main>' },
      },
      'yes-region': { StringEquals: { 'aws:RequestedRegion': '<region:c1>' } },
      'no-region': { StringNotEquals: { 'aws:RequestedRegion': '<region:c1>' } },
      // Only users have a user name.
      'yes-no-user-name': { Null: { 'aws:username': 'true' } },
      'no-user-name': { StringLike: { 'aws:username': '*' } },
      'yes-type': { StringEquals: { 'aws:PrincipalType': 'AssumedRole' } },
      'yes-session': { StringLike: { 'aws:userid': 'AROA*:eks-*' } },
      'no-session': { StringLike: { 'aws:userid': 'AROA*:probe' } },
      'yes-no-service': { Bool: { 'aws:PrincipalIsAWSService': 'false' } },
      'no-service': { Bool: { 'aws:PrincipalIsAWSService': 'true' } },
      'yes-no-via-service': { Bool: { 'aws:ViaAWSService': 'false' } },
      'no-via-service': { Bool: { 'aws:ViaAWSService': 'true' } },
      'yes-agent': { StringLike: { 'aws:UserAgent': '?*' } },
      'no-session-arn': { ArnLike: { [PRINCIPAL]: 'arn:aws:sts::*:assumed-role/*/*' } },
      'yes-header': { StringEquals: { 's3:authType': 'REST-HEADER' } },
      'no-presigned': { StringEquals: { 's3:authType': 'REST-QUERY-STRING' } },
      'yes-new': { DateGreaterThan: { 'aws:TokenIssueTime': '2020-01-01T00:00:00Z' } },
      'no-new': { DateLessThan: { 'aws:TokenIssueTime': '2020-01-01T00:00:00Z' } },
      // Pods never use multi-factor authentication.
      'yes-no-factor': { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
      'no-factor': { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
    }),
  });

  scenario('PO-68', 'a time condition is evaluated at the time of each request', {
    source: `${GLOBAL_KEYS}, aws:CurrentTime; IAM User Guide, "AWS: Allows access based on date and time"`,
    ...appWith(allow('s3:GetObject', 'data/open')),
    objects: objects('open', 'from', 'until'),
    probes: [
      can('open'),
      putRolePolicy(
        'app',
        allow('s3:GetObject', 'data/from', { DateGreaterThan: { 'aws:CurrentTime': '<time:now>' } }),
        allow('s3:GetObject', 'data/until', { DateLessThan: { 'aws:CurrentTime': '<time:now>' } }),
      ),
      can('from'),
      cannot('until'),
    ],
  });

  scenario('PO-65', 'policies match a role with a path by its full ARN, and its sessions only by name', {
    source: `${GLOBAL_KEYS}, aws:PrincipalArn; IAM User Guide, "IAM identifiers": paths; "AWS JSON policy elements: Principal"`,
    roles: {
      app: {
        ...readable({
          'yes-whole': { ArnEquals: { [PRINCIPAL]: below('/conformance-apps/red/') } },
          'yes-path': { ArnLike: { [PRINCIPAL]: 'arn:aws:iam::*:role/conformance-apps/*' } },
          'yes-not-without': { ArnNotEquals: { [PRINCIPAL]: below('/') } },
          'no-without': { ArnEquals: { [PRINCIPAL]: below('/') } },
          'no-other': { StringLike: { [PRINCIPAL]: below('/conformance-apps/blue/') } },
        }),
        path: '/conformance-apps/red/',
      },
    },
    workloads: APP,
    buckets: { named: { policy: [forPrincipal('<role:app>', allow('s3:GetObject', 'named/key'))] } },
    objects: [...objects('yes-whole', 'yes-path', 'yes-not-without', 'no-without', 'no-other'), 'named/key'],
    probes: [
      ...['yes-whole', 'yes-path', 'yes-not-without'].map(can),
      ...['no-without', 'no-other'].map((key) => cannot(key)),
      may('app', getObject('named/key')),
    ],
  });

  scenario('PO-26', 'ForAllValues holds if there is nothing to compare, ForAnyValue does not', {
    source: `${MULTIVALUED}; ${S3_KEYS}, s3:RequestObjectTagKeys`,
    ...appWith(
      allow('s3:PutObjectTagging', 'data/*'),
      allow('s3:PutObject', 'data/all/*', {
        'ForAllValues:StringEquals': { 's3:RequestObjectTagKeys': ['team', 'stage'] },
      }),
      allow('s3:PutObject', 'data/any/*', {
        'ForAnyValue:StringEquals': { 's3:RequestObjectTagKeys': ['team', 'stage'] },
      }),
    ),
    buckets: { data: {} },
    probes: [
      may('app', putObject('data/all/tagged', tagged('team', 'stage'))),
      may('app', putObject('data/all/untagged')),
      mayNot('app', putObject('data/all/other', tagged('team', 'other')), NOT_ALLOWED),
      may('app', putObject('data/any/tagged', tagged('team', 'other'))),
      mayNot('app', putObject('data/any/other', tagged('other')), NOT_ALLOWED),
      mayNot('app', putObject('data/any/untagged'), NOT_ALLOWED),
    ],
  });

  scenario('PO-27', 'a Deny with a condition does not apply to requests that fail the condition', {
    source: 'IAM User Guide, "Policy evaluation logic"; "Conditions with multiple context keys or values"',
    ...appWith(
      allow('s3:GetObject', 'data/*'),
      deny('s3:*', 'data/*', { Bool: { 'aws:SecureTransport': 'false' } }),
      deny('s3:*', 'data/other/*', { StringNotEquals: { [ACCOUNT_TAG]: 'another' } }),
      deny('s3:*', 'data/own/*', { StringNotEquals: { [ACCOUNT_TAG]: ['another', 'app'] } }),
    ),
    objects: objects('key', 'own/key', 'other/key'),
    probes: [can('key'), can('own/key'), cannot('other/key', DENIED)],
  });

  scenario('PO-28', "a session tag overrides the role's tag, even if the case of the keys differs", {
    source:
      'IAM User Guide, "Pass session tags in AWS STS": keys of tags are not case-sensitive, and session tags override those of the role',
    roles: {
      app: {
        ...readable({
          'yes-session': { StringEquals: { 'aws:PrincipalTag/Kubernetes-Service-Account': 'app' } },
          'no-role': { StringEquals: { 'aws:PrincipalTag/Kubernetes-Service-Account': 'elsewhere' } },
          'yes-own': { StringEquals: { 'aws:PrincipalTag/TEAM': 'red' } },
        }),
        tags: { 'Kubernetes-Service-Account': 'elsewhere', Team: 'red' },
      },
    },
    workloads: APP,
    objects: objects('yes-session', 'no-role', 'yes-own'),
    probes: [can('yes-session'), cannot('no-role'), can('yes-own')],
  });
});
