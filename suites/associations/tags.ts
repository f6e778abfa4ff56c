/** Tags of associations, and their limits. */
import {
  controlSucceeds,
  createAssociationFor,
  describeAssociation,
  fails,
  isAbsent,
  listTags,
  succeeds,
  suite,
  tagResource,
  untagResource,
} from '../../harness/index.ts';
import { app, ARN, BAD_INPUT, ID } from './lib/requests.ts';
import { EKS_API } from '../lib/sources.ts';

const TAGGING = `${EKS_API} TagResource, UntagResource and ListTagsForResource`;
const BAD_TAGS = [
  { 'aws:team': 'red' },
  { 'AWS:team': 'red' },
  { ['k'.repeat(129)]: 'red' },
  { team: 'v'.repeat(257) },
];

suite('associations', ({ scenario }) => {
  scenario('CP-15', 'an association can be created with tags', {
    source: `${EKS_API} CreatePodIdentityAssociation, tags`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { tags: { team: 'red', 'cost-center': '' } }), {
        'tags.team': 'red',
        'tags.cost-center': '',
      }),
      succeeds(describeAssociation(ID), { 'tags.team': 'red', 'tags.cost-center': '' }),
    ],
  });

  scenario('CP-16', 'tags of an association can be added, replaced, listed and removed', {
    source: `${TAGGING}; Amazon EKS User Guide, "Organize Amazon EKS resources with tags"`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { tags: { team: 'red', stage: 'test' } })),
      succeeds(tagResource(ARN, { team: 'blue', more: 'yes' })),
      succeeds(listTags(ARN), { 'tags.team': 'blue', 'tags.stage': 'test', 'tags.more': 'yes' }),
      succeeds(untagResource(ARN, ['team'])),
      succeeds(listTags(ARN), { 'tags.team': isAbsent, 'tags.stage': 'test' }),
      succeeds(describeAssociation(ID), { 'tags.team': isAbsent, 'tags.more': 'yes' }),
      succeeds(untagResource(ARN, ['stage', 'more'])),
      succeeds(listTags(ARN), { 'tags.stage': isAbsent, 'tags.more': isAbsent }),
    ],
  });

  scenario('CP-24', 'an association has at most 50 tags, and their keys do not begin with aws:', {
    source: `${EKS_API} CreatePodIdentityAssociation, tags; TagResource; Amazon EKS User Guide, "Organize Amazon EKS resources with tags"`,
    roles: app,
    probes: [
      fails(createAssociationFor('app/app', { role: 'app' }, { tags: numbered(51) }), BAD_INPUT),
      ...BAD_TAGS.map((tags) => fails(createAssociationFor('app/another', { role: 'app' }, { tags }), BAD_INPUT)),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' }, { tags: { team: 'red' } }), {
        'tags.team': 'red',
      }),
      // The limit counts existing tags and tags of the call; a replaced tag counts once.
      succeeds(tagResource(ARN, numbered(40))),
      succeeds(tagResource(ARN, numbered(41))),
      fails(tagResource(ARN, numbered(20, 'more')), BAD_INPUT),
      ...BAD_TAGS.map((tags) => fails(tagResource(ARN, tags), BAD_INPUT)),
      succeeds(tagResource(ARN, { ['k'.repeat(128)]: 'v'.repeat(256), team: '' })),
      succeeds(listTags(ARN), { 'tags.tag-40': 'x', 'tags.more-0': isAbsent }),
    ],
  });
});

function numbered(count: number, name = 'tag'): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}-${index}`, 'x']));
}
