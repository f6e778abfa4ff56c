import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { networkRights } from '../../clusters/embedded/node/network-rights.ts';
import { ROOT, runConformance } from '../support/run-cli.ts';

const MARK = `conformance-mark-${process.pid}`;

/** Reads the object only if no earlier pod left a file in a temporary folder. */
const PROGRAM = `import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { GetObjectCommand, S3Client } = createRequire(${JSON.stringify(join(ROOT, 'package.json'))})('@aws-sdk/client-s3');
const { CONFORMANCE_BUCKET: Bucket, CONFORMANCE_KEY: Key, MARK, TMPDIR, HAS_NETWORK } = process.env;
for (const folder of HAS_NETWORK === 'true' ? [TMPDIR, '/tmp'] : [TMPDIR]) {
  const mark = join(folder, MARK);
  if (folder === TMPDIR && existsSync(mark)) throw new Error('error: another pod left ' + mark);
  if (folder === '/tmp' && !existsSync(mark)) throw new Error('error: /tmp is not the folder TMPDIR');
  writeFileSync(mark, 'secret');
}
await new S3Client({ forcePathStyle: true }).send(new GetObjectCommand({ Bucket, Key }));
`;

const SUITE = `import { allow, getObject, granted, podIdentityRole, suite } from 'eks-pod-identity-conformance';

const env = { MARK: '${MARK}', HAS_NETWORK: '${networkRights() !== undefined}' };

suite('temporary', ({ scenario }) => {
  scenario('TMP-01', 'pods have their own temporary files', {
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: {
      one: { namespace: 'red', serviceAccount: 'app', role: 'app', env },
      other: { namespace: 'red', serviceAccount: 'app', role: 'app', env },
    },
    objects: ['data/key'],
    probes: [granted('one', getObject('data/key')), granted('other', getObject('data/key'))],
  });
});
`;

describe('temporary files of pods', () => {
  it("are neither another pod's nor the machine's", async () => {
    const { exitCode, stderr } = await runConformance({
      args: ['--suite', 'temporary', '--client-command', `${process.execPath} my-suites/lib/program.mjs`],
      files: { 'temporary.ts': SUITE, 'lib/program.mjs': PROGRAM },
    });
    expect(exitCode, stderr).to.equal(0);
    expect(stderr).to.contain('2 probes: 2 passed');
    expect(existsSync(join('/tmp', MARK))).to.equal(false);
  });
});
