/**
 * What the SDK reads files with, in place of `node:fs/promises`: files of settings and tokens are small, and that module with
 * the threads that it starts costs more than all that is read.
 */
import { readFileSync } from 'node:fs';

// Async, so that what cannot be read is a rejection.
export const readFile = async (...file: Parameters<typeof readFileSync>): Promise<string | Buffer> =>
  readFileSync(...file);

export default { readFile };
