import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { readSignature, sigV4Verifier } from '../../emulator/sigv4/index.ts';
import { signedHeaders } from '../../emulator/sigv4/sign.ts';
import { startWithWorld } from '../../emulator/start.ts';
import { emulatedAws } from '../../harness/aws-target/emulated.ts';
import { authorize } from '../../identity/policy/authorize.ts';
import { compilePolicy } from '../../identity/policy/document.ts';
import { testSession } from '../../test/support/emulator/session.ts';

const ALLOWED = [
  {
    Effect: 'Allow',
    Action: ['s3:GetObject', 's3:PutObject'],
    Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/team}/*',
    Condition: { StringEquals: { 'aws:PrincipalTag/team': ['red', 'blue'] } },
  },
];

/** A bucket policy that denies sessions without the tag. */
const BUCKET_POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::data/*',
      Condition: { StringNotEquals: { 'aws:PrincipalTag/team': 'red' } },
    },
  ],
};

/** Returns calls per second of the policy engine, the signature verifier, and GetObject with client and emulator in this thread. */
export async function rates(milliseconds = 1000): Promise<Readonly<Record<string, number>>> {
  const { emulator, world } = await startWithWorld({ rememberedCalls: 10_000 });
  try {
    const { session, credentials } = testSession(world, { allow: ALLOWED, sessionTags: { team: 'red' } });
    const { s3 } = emulatedAws(emulator).clients('main');
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'red/key', Body: 'x'.repeat(1024) }));
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'data', Policy: JSON.stringify(BUCKET_POLICY) }));

    const policies = {
      identityPolicies: [
        compilePolicy({ Version: '2012-10-17', Statement: ALLOWED }, { kind: 'identity', name: 'identity' }),
      ],
      resourcePolicy: compilePolicy(BUCKET_POLICY, { kind: 'resource', name: 'bucket' }),
    };
    const evaluate = (team: string): string =>
      authorize({
        principal: session,
        action: 's3:GetObject',
        resource: 'arn:aws:s3:::data/red/key',
        resourceAccount: session.accountId,
        context: { 'aws:PrincipalTag/team': team },
        ...policies,
      }).value;

    const unsigned = {
      method: 'GET',
      path: '/data/red/key',
      query: 'x-id=GetObject',
      headers: { host: new URL(emulator.endpoint).host },
    };
    const time = world.clock.now();
    const headers = signedHeaders(unsigned, { credentials, service: 's3', region: emulator.region, time });
    const verifier = sigV4Verifier(world);
    const verify = (): void => {
      const claimed = readSignature({ ...unsigned, headers });
      if (claimed === undefined) throw new Error('The benchmark request is not signed.');
      verifier.verify({ ...unsigned, headers }, claimed, Buffer.alloc(0), 's3');
    };

    const getObject = async (): Promise<void> => {
      const response = await fetch(`${emulator.endpoint}${unsigned.path}?${unsigned.query}`, { headers });
      const body = await response.text();
      if (body.length !== 1024) throw new Error(`GetObject of the benchmark returned ${response.status}: ${body}`);
    };

    return {
      'policy evaluations': await rate(milliseconds, 1000, () => {
        for (let number = 0; number < 500; number += 1)
          if (evaluate('red') !== 'allowed' || evaluate('blue') !== 'explicitlyDenied')
            throw new Error('The policy engine allowed session "blue", or denied session "red".');
      }),
      'signature checks': await rate(milliseconds, 500, () => {
        for (let number = 0; number < 500; number += 1) verify();
      }),
      GetObject: await rate(milliseconds, 16, () => Promise.all(Array.from({ length: 16 }, getObject))),
    };
  } finally {
    await emulator.close();
  }
}

/** Repeats a batch of `count` calls for `milliseconds`, after a warm-up, and returns calls per second. */
async function rate(milliseconds: number, count: number, batch: () => unknown): Promise<number> {
  for (let number = 0; number < 5; number += 1) await batch();
  const started = performance.now();
  let [calls, elapsed] = [0, 0];
  while (elapsed < milliseconds) {
    await batch();
    calls += count;
    elapsed = performance.now() - started;
  }
  return (calls * 1000) / elapsed;
}
