import { join } from 'node:path';
import { OPERATIONS } from '../../probe/handlers.ts';
import { distFolder } from '../../../foundation/node/dist-folder.ts';
import type { WorkloadProgram } from '../workload-program.ts';

/** The AWS SDK for JavaScript in components/probe, built to load with V8's code cache (scripts/build.js). */
export const JAVASCRIPT: WorkloadProgram = {
  name: 'javascript',
  image: 'conformance.eks-pod-identity/probe:latest',
  command: [process.execPath, join(distFolder(), 'probe', 'launch.cjs')],
  operations: new Set(OPERATIONS),
  container: {
    files: ['launch.cjs', 'probe.cjs', 'sdk.cjs', 'sdk-s3.cjs', 'warm.mjs'].map((name) => `probe/${name}`),
    entrypoint: ['/usr/local/bin/node', '/probe/launch.cjs'],
  },
};
