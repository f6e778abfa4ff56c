/** Both count from 1. */
interface Position {
  readonly Line: number;
  readonly Column: number;
}

/**
 * Returns positions as the simulator does: a list's statement begins where the text before it ends, a single one after
 * its opening brace. Both end after the closing brace. @param text JSON of an object whose `Statement` is a statement or a list
 */
export function statementPositions(text: string): readonly { readonly start: Position; readonly end: Position }[] {
  const positions: { start: Position; end: Position }[] = [];
  const path: string[] = [];
  let lastString = '';
  let inStatement = false;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g)) {
    const after = index + token.length;
    if (token === ':' && path.length === 1) {
      inStatement = lastString === '"Statement"';
      start = after;
    } else if (token === '{' || token === '[') {
      path.push(token);
      if (path.length === 2) start = after;
    } else if (token === '}' || token === ']') {
      path.pop();
      if (token !== '}' || !inStatement || path.length > 2 || (path.length === 2 && path[1] !== '[')) continue;
      if (path.length > 0) positions.push({ start: positionOf(text, start), end: positionOf(text, after) });
      start = after;
    } else lastString = token;
  }
  return positions;
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  return { Line: before.length, Column: (before.at(-1) ?? '').length + 1 };
}
