import { badRequest } from '../model/errors.ts';

/** Characters. Parsing YAML takes a hundred times as long as JSON. */
const MAX_LENGTH = 256 * 1024;
const MAX_DEPTH = 500;
/** Nested block indicators on one line, such as `- - - x`. */
const MANY_INDICATORS = new RegExp(`(?:[-?:] +){${MAX_DEPTH}}`);

/** Returns the depth of nested brackets, including those in strings. */
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

/** Parses YAML or JSON. Rejects texts that would block or overflow the parser. Throws `ApiError` 400, or parser errors. */
export async function parseYaml(text: string): Promise<unknown> {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // It may still be a YAML flow mapping, which begins like JSON.
    }
  }
  if (text.length > MAX_LENGTH || bracketDepth(text) > MAX_DEPTH || MANY_INDICATORS.test(text)) {
    throw badRequest(
      `a YAML body may have at most ${MAX_LENGTH} characters and ${MAX_DEPTH} levels; send JSON instead`,
    );
  }
  const { parse } = await import('yaml');
  // uniqueKeys takes quadratic time. The parser's warnings would quote the body.
  return parse(text, { uniqueKeys: false, logLevel: 'error' }) as unknown;
}
