import { createHash } from 'node:crypto';
import { askAll, assume, open, passed, PLAIN, sessionOf, tagged, TARGET } from './sequence.ts';
import type { Sequence } from './sequence.ts';

const ASSUME_ROLE = 'STS API Reference, AssumeRole, PackedPolicySize';
const POLICY = '{"Version":"2012-10-17","Statement":[]}';
const READ_ONLY = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
/** Tags of the greatest number and length that AWS accepts, which do not compress. */
const MANY = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => {
    const hash = createHash('sha512').update(`${index}`).digest('hex');
    return [hash, hash + hash];
  }),
);

export const SEQUENCES: readonly Sequence[] = [
  {
    title: 'inline and managed session policies count in the packed size, and the session has the inline texts',
    source: ASSUME_ROLE,
    path: assume({ sessionPolicies: [POLICY], sessionPolicyArns: [READ_ONLY], issuedAt: 1000 }),
    steps: [
      ...askAll('AssumeRole', PLAIN, {}),
      open('assumed role', sessionOf(TARGET, 'job', { sessionPolicies: [POLICY], issuedAt: 1000 }), {
        packedSize: true,
      }),
    ],
  },
  {
    title: 'a managed session policy alone has a packed size',
    source: ASSUME_ROLE,
    path: assume({ sessionPolicyArns: [READ_ONLY] }),
    steps: [...askAll('AssumeRole', PLAIN, {}), open('assumed role', sessionOf(TARGET, 'job'), { packedSize: true })],
  },
  {
    title: 'fifty long tags exceed the packed size',
    source: 'STS API Reference, AssumeRole, PackedPolicyTooLarge',
    path: assume({ tags: tagged(MANY) }),
    steps: [
      ...askAll('AssumeRole TagSession', PLAIN, passed(MANY)),
      open('assumed role', sessionOf(TARGET, 'job', { tags: tagged(MANY) }), {
        ...{ packedSize: true, problem: 'Packed size of session tags consumes N% of allotted space.' },
      }),
    ],
  },
  {
    title: 'fifty long tags with a session policy exceed the packed size, and AWS names the policy',
    source: 'STS API Reference, AssumeRole, PackedPolicyTooLarge',
    path: assume({ tags: tagged(MANY), sessionPolicies: [POLICY] }),
    steps: [
      ...askAll('AssumeRole TagSession', PLAIN, passed(MANY)),
      open('assumed role', sessionOf(TARGET, 'job', { tags: tagged(MANY), sessionPolicies: [POLICY] }), {
        ...{ packedSize: true, problem: 'Packed policy consumes N% of allotted space, please use smaller policy.' },
      }),
    ],
  },
];
