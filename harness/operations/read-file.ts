import type { ReadFileRequest } from '../../foundation/probe-protocol.ts';
import { shown } from '../scenario/checks.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import { defineOperation } from './registry.ts';

/** Whether a file can be read in the container, and whose it is. Its content stays in the pod. */
export const readFile = (path: string): ReadFileRequest & WorkloadOperation => ({ do: 'ReadFile', path });

defineOperation<ReadFileRequest>({
  name: 'ReadFile',
  performedBy: 'workload',
  withoutAws: true,
  withoutIdentity: true,
  *check({ path }) {
    if (!String(path).startsWith('/')) yield `the path of readFile is ${shown(path)}: give one that begins with /`;
  },
  describe: ({ path }) => [path],
});
