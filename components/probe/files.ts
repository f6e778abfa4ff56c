/** Replaces `node:fs/promises` for the SDK, because that module and its threads cost more than reading small files. */
import { readFileSync } from 'node:fs';

// Async, so that failures become rejections.
export const readFile = async (...file: Parameters<typeof readFileSync>): Promise<string | Buffer> =>
  readFileSync(...file);

export default { readFile };
