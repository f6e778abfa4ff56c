import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { readSignature, sigV4Verifier } from '../../emulator/sigv4/index.ts';
import { signedHeaders } from '../../test/support/emulator/sign.ts';
import { startWithWorld } from '../../emulator/start.ts';
import { emulatedAws } from '../../harness/aws-target/emulated.ts';
import { authorize } from '../../identity/policy/authorize.ts';
import { compilePolicy } from '../../identity/policy/document.ts';
import { testSession } from '../../test/support/emulator/session.ts';

const DATA = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' };
const ALLOW = { ...DATA, Effect: 'Allow', Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/team}/*' };
const DENY = {
  ...DATA,
  Effect: 'Deny',
  Principal: '*',
  Condition: { StringNotEquals: { 'aws:PrincipalTag/team': 'red' } },
};
const policyOf = (statement: object) => ({ Version: '2012-10-17', Statement: [statement] });

/** Returns calls per second of the policy engine, the signature verifier, and GetObject with client and emulator in this thread. */
export async function rates(milliseconds = 1000): Promise<Readonly<Record<string, number>>> {
  const { emulator, world } = await startWithWorld({ rememberedCalls: 10_000 });
  try {
    const { session, credentials } = testSession(world, { allow: [ALLOW], sessionTags: { team: 'red' } });
    const { s3 } = emulatedAws(emulator).clients('main');
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'red/key', Body: 'x'.repeat(1024) }));
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'data', Policy: JSON.stringify(policyOf(DENY)) }));

    const identityPolicies = [compilePolicy(policyOf(ALLOW), { kind: 'identity', name: 'identity' })];
    const resourcePolicy = compilePolicy(policyOf(DENY), { kind: 'resource', name: 'bucket' });
    const input = { principal: session, action: 's3:GetObject', resource: 'arn:aws:s3:::data/red/key' };
    const evaluate = (team: string): string => {
      const context = { 'aws:PrincipalTag/team': team };
      return authorize({ ...input, resourceAccount: session.accountId, context, identityPolicies, resourcePolicy })
        .value;
    };

    const { host } = new URL(emulator.endpoint);
    const unsigned = { method: 'GET', path: '/data/red/key', query: 'x-id=GetObject', headers: { host } };
    const { region } = emulator;
    const headers = signedHeaders(unsigned, { credentials, service: 's3', region, time: world.clock.now() });
    const signed = { ...unsigned, headers };
    const verifier = sigV4Verifier(world);
    const verify = (): void => {
      const claimed = readSignature(signed);
      if (claimed === undefined) throw new Error('The benchmark request is not signed.');
      verifier.verify(signed, claimed, Buffer.alloc(0), 's3');
    };

    const getObject = async (): Promise<void> => {
      const response = await fetch(`${emulator.endpoint}${unsigned.path}?${unsigned.query}`, { headers });
      const body = await response.text();
      if (body.length !== 1024) throw new Error(`GetObject of the benchmark returned ${response.status}: ${body}`);
    };

    return {
      'policy evaluations': await rate(milliseconds, 1000, () => {
        if (evaluate('red') !== 'allowed') throw new Error('The policy engine denied a session of team red.');
      }),
      'signature checks': await rate(milliseconds, 500, verify),
      GetObject: await rate(milliseconds, 16, getObject),
    };
  } finally {
    await emulator.close();
  }
}

/** Makes `count` calls at once again and again for `milliseconds`, after a warm-up, and returns calls per second. */
async function rate(milliseconds: number, count: number, call: () => unknown): Promise<number> {
  const batch = (): Promise<unknown> => Promise.all(Array.from({ length: count }, call));
  for (let number = 0; number < 5; number += 1) await batch();
  const started = performance.now();
  let [calls, elapsed] = [0, 0];
  for (; elapsed < milliseconds; elapsed = performance.now() - started, calls += count) await batch();
  return (calls * 1000) / elapsed;
}
