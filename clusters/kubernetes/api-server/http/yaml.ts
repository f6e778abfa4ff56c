import { badRequest } from '../model/errors.ts';

/** Characters. Clients that send much send JSON; reading YAML takes a hundred times as long. */
const MAX_LENGTH = 256 * 1024;
const MAX_DEPTH = 500;
/** Block lists and keys that begin one within another on one line: `- - - x`. */
const MANY_INDICATORS = new RegExp(`(?:[-?:] +){${MAX_DEPTH}}`);

/** How deep brackets are nested at most, those in texts included. */
function bracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    if (bracket === '[' || bracket === '{') depth += 1;
    else if (depth > 0) depth -= 1;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

/**
 * Reads a YAML body, which may be JSON. What would keep the parser busy for seconds, or use up its stack, is refused ahead
 * of it. Throws `ApiError` 400, or what the parser throws.
 */
export async function parseYaml(text: string): Promise<unknown> {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // A flow mapping of YAML begins so too.
    }
  }
  if (text.length > MAX_LENGTH || bracketDepth(text) > MAX_DEPTH || MANY_INDICATORS.test(text)) {
    throw badRequest(`a YAML body has at most ${MAX_LENGTH} characters and ${MAX_DEPTH} levels: send JSON`);
  }
  const { parse } = await import('yaml');
  // Looking for a key that is there twice takes quadratic time; logLevel: a warning of the parser would quote the body.
  return parse(text, { uniqueKeys: false, logLevel: 'error' }) as unknown;
}
