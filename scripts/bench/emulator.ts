import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { readSignature, sigV4Verifier } from '../../emulator/sigv4/index.ts';
import { signedHeaders } from '../../emulator/sigv4/sign.ts';
import type { RootUser } from '../../identity/policy/principal.ts';
import { startWithWorld } from '../../emulator/start.ts';
import { sendLoad } from '../../emulator/http/load.ts';
import { emulatedAws } from '../../harness/aws-target/emulated.ts';
import { testSession } from '../../test/support/emulator/session.ts';

/** Returns the number of header-signed GetObject calls verified per second, including parsing. */
export async function benchSignatureVerifications(milliseconds = 1000): Promise<number> {
  const credentials = { accessKeyId: 'AKIAEXAMPLEEXAMPLE12', secretAccessKey: 'a-secret-of-no-account' };
  const caller: RootUser = {
    kind: 'root',
    accountId: '111122223333',
    arn: 'arn:aws:iam::111122223333:root',
    userId: '111122223333',
  };
  const time = Date.now();
  const region = 'us-west-2';
  const verifier = sigV4Verifier({
    region,
    clock: { now: () => time },
    credentials: { find: () => ({ credentials, caller }) },
  });
  const unsigned = {
    method: 'GET',
    path: '/data/red/key',
    query: 'x-id=GetObject',
    headers: { host: '127.0.0.1:4566' },
  };
  const headers = signedHeaders(unsigned, { credentials, service: 's3', region, time });
  const parts = { ...unsigned, headers };
  const body = Buffer.alloc(0);

  let verified = 0;
  const start = performance.now();
  while (performance.now() - start < milliseconds) {
    for (let i = 0; i < 500; i += 1) {
      const claimed = readSignature(parts);
      if (claimed === undefined) throw new Error('The benchmark request is not signed.');
      verifier.verify(parts, claimed, body, 's3');
    }
    verified += 500;
  }
  return Math.round((verified * 1000) / (performance.now() - start));
}

/** Returns the number of signed GetObject calls per second with identity and bucket policy, on kept-alive loopback connections. */
export async function benchGetObject(milliseconds = 1500): Promise<number> {
  const { emulator, world } = await startWithWorld({ rememberedCalls: 10_000 });
  try {
    const { credentials, role } = testSession(world, {
      allow: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/team}/*' }],
      sessionTags: { team: 'red' },
    });
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Deny',
        NotPrincipal: { AWS: [role.arn, `arn:aws:iam::${role.accountId}:root`] },
        Action: 's3:DeleteObject',
        Resource: 'arn:aws:s3:::data/*',
      },
    });
    const { s3 } = emulatedAws(emulator).clients('main');
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'red/key', Body: 'x'.repeat(1024) }));
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'data', Policy: policy }));

    const { host, port } = new URL(emulator.endpoint);
    const parts = { method: 'GET', path: '/data/red/key', query: 'x-id=GetObject', headers: { host } };
    const headers = signedHeaders(parts, {
      credentials,
      service: 's3',
      region: emulator.region,
      time: world.clock.now(),
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `GET ${parts.path}?${parts.query} HTTP/1.1\r\n${lines.join('')}\r\n`;
    const order = { port: Number(port), request, connections: 16 };
    await sendLoad({ ...order, milliseconds: 200 });
    const answered = await sendLoad({ ...order, milliseconds });
    return Math.round((answered * 1000) / milliseconds);
  } finally {
    await emulator.close();
  }
}
