import { join } from 'node:path';
import { distFolder } from '../../foundation/dist-folder.ts';
import type { ProbeOperation } from '../../foundation/probe-protocol.ts';
import type { WorkloadProgram } from '../workload-program.ts';

/** What components/probe has handlers for; the compiler asks for each operation of the protocol. */
const OPERATIONS: Readonly<Record<ProbeOperation['do'], true>> = {
  GetCallerIdentity: true,
  GetObject: true,
  HeadObject: true,
  DeleteObject: true,
  GetObjectTagging: true,
  PutObject: true,
  ListObjectsV2: true,
  HeadBucket: true,
  AssumeRole: true,
  FetchCredentials: true,
  AssumeRoleWithWebIdentity: true,
  ReadFile: true,
  Connect: true,
  AwaitTokenRotation: true,
};

/** The AWS SDK for JavaScript: components/probe, built as files that load with V8's code cache (scripts/build.js). */
export const JAVASCRIPT: WorkloadProgram = {
  name: 'javascript',
  image: 'conformance.eks-pod-identity/probe:latest',
  command: [process.execPath, join(distFolder(), 'probe', 'launch.cjs')],
  operations: new Set(Object.keys(OPERATIONS)),
  container: {
    files: ['probe/launch.cjs', 'probe/probe.cjs', 'probe/sdk.cjs', 'probe/warm.mjs'],
    entrypoint: ['/usr/local/bin/node', '/probe/launch.cjs'],
  },
};
