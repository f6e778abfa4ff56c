/**
 * Writes emulator/constraints/constraints.json from the API models of botocore (Apache-2.0) at the version in
 * test/contract/requirements.txt (`npm run constraints`).
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'prettier';
import { ROUTES as EKS_ROUTES } from '../emulator/eks/routes.ts';
import { OPERATIONS as IAM } from '../emulator/iam-api/service.ts';
import { CONTROL_OPERATIONS as S3_CONTROL, OPERATIONS as S3 } from '../emulator/s3/operations.ts';
import { OPERATIONS as STS } from '../emulator/sts/service.ts';

/** Emulated operations by service. */
export const EMULATED: Readonly<Record<string, readonly string[]>> = {
  iam: Object.keys(IAM),
  sts: Object.keys(STS),
  eks: EKS_ROUTES.map(({ operation }) => operation),
  'eks-auth': ['AssumeRoleForPodIdentity'],
  s3: Object.keys(S3),
  s3control: Object.keys(S3_CONTROL),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { contractTools } = (await import(pathToFileURL(join(root, 'test', 'contract', 'tools.js')).href)) as {
    contractTools: () => { bin: string } | { missing: string };
  };
  const tools = contractTools();
  if ('missing' in tools) throw new Error(`Failed to read the API models: ${tools.missing}.`);
  const reader = join(root, 'test', 'contract', 'python', 'models.py');
  const read = spawnSync(join(tools.bin, 'python'), [reader], { input: JSON.stringify(EMULATED), encoding: 'utf8' });
  if (read.status !== 0) throw new Error(`Failed to read the API models: ${read.stderr}`);
  const path = join(root, 'emulator', 'constraints', 'constraints.json');
  writeFileSync(path, await format(read.stdout, { filepath: path, printWidth: 120 }));
}
