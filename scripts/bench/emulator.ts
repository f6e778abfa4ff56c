import { readSignature, sigV4Verifier } from '../../emulator/sigv4/index.ts';
import { signedHeaders } from '../../emulator/sigv4/sign.ts';
import { compilePolicy } from '../../emulator/iam/policy/index.ts';
import type { RootUser } from '../../emulator/core/principal.ts';
import { startWithWorld } from '../../emulator/start.ts';
import { checksumOf } from '../../emulator/s3/integrity.ts';
import { newBucket } from '../../emulator/world/s3-model.ts';
import { etagOf } from '../../emulator/s3/write-object.ts';
import { load } from '../../emulator/http/load.ts';
import { testSession } from '../../test/support/emulator/session.ts';

/** Verifications of a header-signed GetObject a second, on one core, reading the signature included. */
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
      if (claimed === undefined) throw new Error('the bench request is not signed');
      verifier.verify(parts, claimed, body, 's3');
    }
    verified += 500;
  }
  return Math.round((verified * 1000) / (performance.now() - start));
}

/** GetObject a second: signed with a session, decided by identity and bucket policy, over kept connections of loopback. */
export async function benchGetObject(milliseconds = 1500): Promise<number> {
  const { emulator, world } = await startWithWorld({ rememberedCalls: 10_000 });
  try {
    const { credentials, role } = testSession(world, {
      allow: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/team}/*' }],
      sessionTags: { team: 'red' },
    });
    const text = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Deny',
        NotPrincipal: { AWS: [role.arn, `arn:aws:iam::${role.accountId}:root`] },
        Action: 's3:DeleteObject',
        Resource: 'arn:aws:s3:::data/*',
      },
    });
    const body = Buffer.alloc(1024, 'x');
    const bucket = newBucket({
      name: 'data',
      accountId: role.accountId,
      createdAt: world.clock.now(),
      tags: new Map(),
    });
    bucket.objects.put({
      key: 'red/key',
      versionId: 'null',
      body,
      etag: etagOf(body),
      lastModified: world.clock.now(),
      contentType: 'text/plain',
      metadata: {},
      storageClass: 'STANDARD',
      checksum: checksumOf(body),
      parts: undefined,
      tags: new Map(),
    });
    bucket.policy = { text, compiled: compilePolicy(text, { kind: 'resource', name: 'bucket policy of data' }) };
    world.buckets.set('data', bucket);

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
    await load({ ...order, milliseconds: 200 });
    const answered = await load({ ...order, milliseconds });
    return Math.round((answered * 1000) / milliseconds);
  } finally {
    await emulator.close();
  }
}
