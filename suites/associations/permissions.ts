/** Which permissions the operations on associations need. */
import {
  allow,
  changeAssociation,
  controlSucceeds,
  createAssociationFor,
  deny,
  describeAssociation,
  describeCluster,
  fails,
  isAbsent,
  listAssociations,
  listTags,
  podIdentityRole,
  removeAssociation,
  succeeds,
  suite,
  tagResource,
  untagResource,
} from '../../harness/index.ts';
import { UNKNOWN } from './lib/requests.ts';
import { as, controller, ID, refusal, TOKEN, WORKLOADS } from '../lib/association-controller.ts';

const ACTIONS = 'Service Authorization Reference, Amazon EKS, actions and resource types';
const ASSOCIATIONS = 'arn:aws:eks:*:<account:main>:podidentityassociation/<cluster:c1>/*';
const DESCRIBE = 'eks:DescribePodIdentityAssociation';
const CREATE = 'eks:CreatePodIdentityAssociation';
const RED = '<association-arn:red>';
/** Returns a condition on the tags of an association or of a request. */
const isRed = (kind: 'Resource' | 'Request') => ({ StringEquals: { [`aws:${kind}Tag/conformance-team`]: 'red' } });
const mayPass = ['iam:PassRole', 'iam:GetRole'];
const tagged = (team: string) => ({ tags: { 'conformance-team': team } });
const made = (name: string, role: string, team?: string) =>
  createAssociationFor(`app/${name}`, { role: 'app' }, { ...as(role), ...(team && tagged(team)) });

suite('associations', ({ scenario }) => {
  scenario('CP-25', 'each operation on associations requires its own permission', {
    source: ACTIONS,
    roles: {
      app: podIdentityRole(),
      reader: controller(allow(DESCRIBE, ASSOCIATIONS), allow('eks:DescribeCluster', '<cluster-arn:c1>')),
      lister: controller(allow('eks:ListPodIdentityAssociations', '<cluster-arn:c1>')),
      changer: controller(allow('eks:UpdatePodIdentityAssociation', ASSOCIATIONS), allow(mayPass, '<role:app>')),
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      succeeds(describeAssociation(ID, as('reader')), { roleArn: '<role:app>' }),
      fails(changeAssociation(ID, { role: 'app' }, as('reader')), refusal('eks:UpdatePodIdentityAssociation')),
      fails(removeAssociation(ID, as('reader')), refusal('eks:DeletePodIdentityAssociation')),
      fails(listAssociations({ namespace: 'app', ...as('reader') }), refusal('eks:ListPodIdentityAssociations')),
      succeeds(listAssociations({ namespace: 'app', ...as('lister') }), { count: 1 }),
      fails(describeAssociation(ID, as('lister')), refusal(DESCRIBE)),
      succeeds(describeCluster(as('reader')), { name: '<cluster:c1>' }),
      fails(describeCluster(as('lister')), refusal('eks:DescribeCluster')),
      succeeds(changeAssociation(ID, { role: 'app' }, as('changer')), { roleArn: '<role:app>' }),
      fails(removeAssociation(ID, as('changer')), refusal('eks:DeletePodIdentityAssociation')),
      succeeds(describeAssociation(ID)),
      // Callers without permission cannot learn which resources exist.
      fails(describeAssociation(UNKNOWN, as('reader')), { by: 'eks', code: 'ResourceNotFoundException', status: 404 }),
      fails(describeAssociation(UNKNOWN, as('lister')), refusal(DESCRIBE)),
      fails(describeCluster({ clusterName: '<cluster:c1>-absent', ...as('reader') }), refusal('eks:DescribeCluster')),
    ],
  });

  scenario('CP-26', 'an Allow or Deny on associations can be limited to one cluster', {
    source: ACTIONS,
    roles: {
      app: podIdentityRole(),
      spared: controller(allow('eks:*', '*'), deny(DESCRIBE, ASSOCIATIONS.replace('>/*', '>-another/*'))),
      kept: controller(allow('eks:*', '*'), deny(DESCRIBE, ASSOCIATIONS)),
      maker: controller(allow(['eks:*', ...mayPass], '*'), deny(CREATE, '<cluster-arn:c1>')),
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      succeeds(describeAssociation(ID, as('spared'))),
      fails(describeAssociation(ID, as('kept')), refusal(DESCRIBE)),
      fails(made('free', 'maker'), refusal(CREATE)),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
    ],
  });

  scenario('CP-27', 'permissions on associations can depend on tags, and tagging needs its own permission', {
    source: `${ACTIONS}: aws:ResourceTag/$\{TagKey}, aws:RequestTag/$\{TagKey}, aws:TagKeys; Amazon EKS User Guide, "Organize Amazon EKS resources with tags"`,
    roles: {
      app: podIdentityRole(),
      red: controller(
        allow(
          [DESCRIBE, 'eks:TagResource', 'eks:UntagResource', 'eks:ListTagsForResource'],
          ASSOCIATIONS,
          isRed('Resource'),
        ),
      ),
      maker: controller(allow([CREATE, ...mayPass], '*'), allow('eks:TagResource', ASSOCIATIONS, isRed('Request'))),
      keys: controller(
        allow(['eks:TagResource', 'eks:UntagResource'], ASSOCIATIONS, {
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['more', 'stage'] },
        }),
      ),
      choosy: controller(allow(CREATE, '*', isRed('Request')), allow(['eks:TagResource', ...mayPass], '*')),
    },
    workloads: { app: {}, controller: { serviceAccount: 'controller' } },
    tokens: TOKEN,
    probes: [
      ...['red', 'blue'].map((name) =>
        succeeds(createAssociationFor(`app/${name}`, { role: 'app' }, { name, ...tagged(name) })),
      ),
      succeeds(describeAssociation('<association-id:red>', as('red')), { 'tags.conformance-team': 'red' }),
      fails(describeAssociation('<association-id:blue>', as('red')), refusal(DESCRIBE)),
      succeeds(tagResource(RED, { more: 'yes' }, as('red'))),
      fails(tagResource('<association-arn:blue>', { more: 'yes' }, as('red')), refusal('eks:TagResource')),
      succeeds(listTags(RED, as('red')), { 'tags.more': 'yes' }),
      fails(listTags('<association-arn:blue>', as('red')), refusal('eks:ListTagsForResource')),
      succeeds(tagResource(RED, { 'conformance-team': 'red' }, as('maker'))),
      fails(tagResource(RED, { 'conformance-team': 'blue' }, as('maker')), refusal('eks:TagResource')),
      // A condition on tag keys applies to every key of a call.
      succeeds(tagResource(RED, { more: 'yes', stage: 'test' }, as('keys'))),
      fails(tagResource(RED, { more: 'yes', other: 'yes' }, as('keys')), refusal('eks:TagResource')),
      succeeds(untagResource(RED, ['more', 'stage'], as('keys'))),
      fails(untagResource(RED, ['more', 'conformance-team'], as('keys')), refusal('eks:UntagResource')),
      succeeds(describeAssociation('<association-id:red>', as('red')), { 'tags.more': isAbsent }),
      fails(made('tagged', 'maker', 'blue'), refusal('eks:TagResource')),
      succeeds(made('tagged', 'maker', 'red'), { 'tags.conformance-team': 'red' }),
      succeeds(made('untagged', 'maker')),
      fails(made('chosen', 'choosy', 'blue'), refusal(CREATE)),
      succeeds(made('chosen', 'choosy', 'red')),
    ],
  });
});
