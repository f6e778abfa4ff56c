import { expect } from 'chai';
import { SEQUENCES as CHAINS } from '../test/sequences/chain.ts';
import { SEQUENCES as PACKED_SIZES } from '../test/sequences/packed-size.ts';
import { SEQUENCES as POD_IDENTITY } from '../test/sequences/pod-identity.ts';
import { SEQUENCES as REQUESTS } from '../test/sequences/requests.ts';
import { ACCOUNT, CLUSTER, PODS, ROLE, sessionOf, SUBJECT } from '../test/sequences/sequence.ts';
import type { Sequence, SequenceStep } from '../test/sequences/sequence.ts';
import { SEQUENCES as TARGET_ROLES } from '../test/sequences/target-role.ts';
import { SEQUENCES as WEB_IDENTITY } from '../test/sequences/web-identity.ts';
import { inheritedSourceIdentity } from './assume-role.ts';
import { packedSize, packedSizeProblem } from './packed-size.ts';
import { externalIdOf, podIdentitySessionName, podIdentityTags } from './pod-identity.ts';
import { creationKeys, deleteObjectAction, existingTagKeys, listAction, onVersion } from './s3.ts';
import { putObjectActions, requestTagKeys, s3RequestKeys } from './s3.ts';
import { follow, isQuestion, type Opening, type Question } from './question.ts';

const NO_TAGS = { 's3:RequestObjectTagKeys': [] };

const ALL = [POD_IDENTITY, TARGET_ROLES, WEB_IDENTITY, CHAINS, PACKED_SIZES, REQUESTS].flat();

/** Requests and lone questions open no session. */
const endsWithSession = ({ steps }: Sequence): boolean => 'session' in steps.at(-1)!;

/** Returns what a sequence states of a step. AWS does not document the exact packed size. */
const stated = (step: Question | Opening): SequenceStep =>
  isQuestion(step)
    ? step
    : { ...step, packedSize: step.packedSize !== undefined, problem: step.problem?.replace(/\d+%/, 'N%') };

/** Walks a sequence until `isDenied`, or until a session is too large. */
function walk({ path }: Sequence, isDenied: (index: number) => boolean) {
  const steps: SequenceStep[] = [];
  const result = follow(path(), (step) => {
    steps.push(stated(step));
    return isQuestion(step) ? !isDenied(steps.length - 1) : step.problem === undefined;
  });
  return { steps, result };
}

describe('sequences of AWS’s authorization questions', () => {
  it('are at least forty, each with its own title', () => {
    const titles = ALL.map(({ title }) => title);
    expect(new Set(titles)).to.have.lengthOf(titles.length);
    expect(titles.length).to.be.at.least(40);
  });

  for (const sequence of ALL) {
    it(`${sequence.title} (${sequence.source})`, () => {
      const { steps, result } = walk(sequence, () => false);
      expect(steps).to.deep.equal(sequence.steps);
      const opened = sequence.steps.flatMap((step) => ('session' in step && step.problem === undefined ? [step] : []));
      expect(result).to.deep.equal(endsWithSession(sequence) ? opened.at(-1)?.session : undefined);
    });
  }

  it('end at any question that is denied, without a session', () => {
    for (const sequence of ALL)
      for (const [index, step] of sequence.steps.entries()) {
        if ('session' in step) continue;
        const { steps, result } = walk(sequence, (at) => at === index);
        expect(steps, sequence.title).to.deep.equal(sequence.steps.slice(0, index + 1));
        expect(result, sequence.title).to.equal(undefined);
      }
  });
});

describe('names that EKS makes', () => {
  // The samples of docs.aws.amazon.com and of the EKS workshop.
  for (const [cluster, pod, name] of [
    ['eks-workshop', 'app1', 'eks-eks-worksh-app1-ID'],
    ['my-cluster', 'karpenter-59bd895', 'eks-my-cluster-karpenter--ID'],
    ['a', 'b', 'eks-a-b-ID'],
  ] as const)
    it(`session names: ten characters of cluster ${cluster} and pod ${pod} stand before the UUID`, () => {
      expect(podIdentitySessionName({ name: cluster, arn: '' }, pod, 'ID')).to.equal(name);
    });

  it('session names: the UUID is one that no policy contains, if it is not known', () => {
    const name = podIdentitySessionName({ name: 'a', arn: '' }, 'b');
    expect(name).to.equal('eks-a-b-00000000-0000-4000-8000-000000000000');
  });

  it('external ids: region, account, cluster, namespace and service account in this order', () => {
    expect(externalIdOf(CLUSTER, SUBJECT)).to.equal('us-west-2/111122223333/my-cluster/shop/cart');
  });

  it('a source identity is inherited only from role sessions', () => {
    const session = sessionOf(ROLE, 's', { context: { 'aws:SourceIdentity': 'maria', 'aws:FederatedProvider': 'p' } });
    expect(inheritedSourceIdentity(session)).to.equal('maria');
    expect(inheritedSourceIdentity({ ...PODS })).to.equal(undefined);
  });
});

describe('packed size', () => {
  // A CloudTrail record of the EKS workshop, and aws/containers-roadmap#2413.
  for (const [cluster, namespace, least, most] of [
    ['eks-workshop', 'carts', 56, 56],
    ['production-platform-eu-1', 'team-payments-staging', 72, 76],
  ] as const)
    it(`${least} to ${most} percent for the tags of a pod in ${namespace}`, () => {
      const account = namespace === 'carts' ? 'carts' : 'payments-settlement-worker';
      const { tags } = podIdentityTags(
        { name: cluster, arn: `arn:aws:eks:us-west-2:111122223333:cluster/${cluster}` },
        {
          ...{ namespace, serviceAccount: account },
          pod: { name: `${account}-5f4bbb5c5c-6pgxj`, uid: '1d1a2b3c-0000-4000-8000-123456789abc' },
        },
      );
      expect(packedSize({ policies: [], tags })).to.be.within(least, most);
    });

  it('a size is a problem above 100 percent (STS API Reference, AssumeRole)', () => {
    const none = { policies: [], tags: [] };
    expect(packedSize(none)).to.equal(undefined);
    expect(packedSize({ ...none, policies: ['{}'] })).to.equal(1);
    expect([undefined, 100].map((percent) => packedSizeProblem(percent, none))).to.deep.equal([undefined, undefined]);
    expect(packedSizeProblem(101, none)).to.equal('Packed size of session tags consumes 101% of allotted space.');
  });
});

describe('actions of S3 (Service Authorization Reference, "Amazon S3")', () => {
  const get = { action: 's3:GetObject', keys: existingTagKeys([['team', 'blue']]) };
  const tags = { 's3:RequestObjectTag/a': '1', 's3:RequestObjectTag/b': '2', 's3:RequestObjectTagKeys': ['a', 'b'] };
  const sent: Readonly<Record<string, string>> = { prefix: 'reports/', delimiter: '/', 'max-keys': '5' };
  const signed = { 's3:TlsVersion': '1.3', 's3:ResourceAccount': ACCOUNT };
  const list = (...names: string[]) =>
    listAction('s3:ListBucket', (name) => (names.includes(name) ? sent[name] : undefined));
  for (const [title, actual, expected] of [
    ['GetObject has the tags of the object', get, { ...get, keys: { 's3:ExistingObjectTag/team': 'blue' } }],
    ['GetObject of an object without tags has no keys', existingTagKeys(), {}],
    ['GetObject without a version is the same action', onVersion(get, undefined), get],
    [
      'GetObject of a version is GetObjectVersion with the version and the tags',
      onVersion(get, 'v1'),
      { action: 's3:GetObjectVersion', keys: { 's3:VersionId': 'v1', 's3:ExistingObjectTag/team': 'blue' } },
    ],
    ['PutObject without tags has no tag keys', putObjectActions(), [{ action: 's3:PutObject', keys: NO_TAGS }]],
    ['PutObject with no tags has no tag keys', putObjectActions([]), [{ action: 's3:PutObject', keys: NO_TAGS }]],
    [
      'PutObject with tags asks for PutObject and then PutObjectTagging, both with the tags',
      putObjectActions(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
      [
        { action: 's3:PutObject', keys: tags },
        { action: 's3:PutObjectTagging', keys: tags },
      ],
    ],
    [
      'PutObjectTagging has the passed tags',
      requestTagKeys([
        ['a', '1'],
        ['b', '2'],
      ]),
      tags,
    ],
    ['DeleteObject has no keys', deleteObjectAction(), { action: 's3:DeleteObject', keys: {} }],
    ['DeleteObject has If-Match', deleteObjectAction('*'), { action: 's3:DeleteObject', keys: { 's3:if-match': '*' } }],
    [
      'DeleteObject of a version is DeleteObjectVersion with the version',
      onVersion(deleteObjectAction(), 'v1'),
      { action: 's3:DeleteObjectVersion', keys: { 's3:VersionId': 'v1' } },
    ],
    ['ListBucket without parameters has no keys', list(), { action: 's3:ListBucket', keys: {} }],
    [
      'ListBucket has the parameters that were sent',
      list('prefix', 'delimiter', 'max-keys'),
      { action: 's3:ListBucket', keys: { 's3:prefix': 'reports/', 's3:delimiter': '/', 's3:max-keys': '5' } },
    ],
    ['ListBucket has a prefix without a delimiter', list('prefix').keys, { 's3:prefix': 'reports/' }],
    ['a request that creates an object', creationKeys(true), { 's3:ObjectCreationOperation': 'true' }],
    ['a request that creates no object', creationKeys(false), { 's3:ObjectCreationOperation': 'false' }],
    [
      'a presigned request is signed in its query string',
      s3RequestKeys(ACCOUNT, 'REST-QUERY-STRING'),
      { ...signed, 's3:authType': 'REST-QUERY-STRING', 's3:signatureversion': 'AWS4-HMAC-SHA256' },
    ],
  ] as const)
    it(title, () => {
      expect(actual).to.deep.equal(expected);
    });
});
