import ts from 'typescript';
import { applyEdits, editOf, growth, type Edit } from './edits.ts';
import type { Replacement } from './definitions.ts';

export interface FaultOfFile {
  readonly name: string;
  readonly replacements: readonly Replacement[];
}

/** An expression or statement with a correct and a faulty form. */
interface Switch {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly kind: 'expression' | 'statement';
  readonly faulty: string;
}

/** Name of the function that switched code calls. */
export const ASK = '__isFaultOn';

/**
 * Adds a switch for each fault: `(on("name") ? (faulty) : (right))` around the smallest expression, or `if`/`else` around the
 * smallest statement. Throws an Error with the fault's name if a fault does not apply.
 */
export function switchedSource(file: string, text: string, faults: readonly FaultOfFile[]): string {
  const source = parsed(file, text);
  const switches = faults.flatMap((fault) => {
    try {
      return switchesOf(source, fault);
    } catch (error) {
      throw new Error(`Fault ${fault.name} does not apply to ${file}: ${(error as Error).message}`, { cause: error });
    }
  });
  return render(text, 0, text.length, switches);
}

/** Returns the source with the fault. Throws an Error if the fault does not apply. */
export const faultySource = (text: string, { replacements }: FaultOfFile): string =>
  applyEdits(
    text,
    replacements.map((one) => editOf(text, one)),
  );

function switchesOf(source: ts.SourceFile, fault: FaultOfFile): readonly Switch[] {
  const edits = fault.replacements.map((one) => editOf(source.text, one));
  const changed = parsed(source.fileName, applyEdits(source.text, edits));
  const sourceSwitches = edits.map((edit) => switchAbout(source, changed, fault.name, edits, edit));
  // Keeps the outer one of nested places, and the first one of equal places.
  return sourceSwitches.filter(
    (one, index) =>
      !sourceSwitches.some((other, at) => at !== index && holds(other, one) && (!holds(one, other) || at < index)),
  );
}

const holds = (outer: { start: number; end: number }, inner: { start: number; end: number }): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;

/** Returns the smallest place that is an expression or statement before and after the edits. */
function switchAbout(
  source: ts.SourceFile,
  changed: ts.SourceFile,
  name: string,
  edits: readonly Edit[],
  edit: Edit,
): Switch {
  for (let node: ts.Node | undefined = innermost(source, edit); node !== undefined; node = node.parent) {
    const kind = kindOf(node);
    if (kind === undefined) continue;
    const [start, end] = [node.getStart(source), node.end];
    const isApart = edits.every((other) => holds({ start, end }, other) || other.end <= start || other.start >= end);
    if (!isApart) continue;
    const from = start + growth(edits.filter((other) => other.end <= start));
    const to = from + (end - start) + growth(edits.filter((other) => holds({ start, end }, other)));
    if (!hasNode(changed, from, to, kind)) continue;
    return { name, start, end, kind, faulty: changed.text.slice(from, to) };
  }
  throw new Error('the change must be within an expression or a function body');
}

function innermost(source: ts.SourceFile, { start, end }: Edit): ts.Node {
  let innermostNode: ts.Node = source;
  const visit = (node: ts.Node): void => {
    if (node.getStart(source) > start || node.end < end) return;
    innermostNode = node;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return innermostNode;
}

function hasNode(source: ts.SourceFile, start: number, end: number, kind: Switch['kind']): boolean {
  const visit = (node: ts.Node): true | undefined => {
    const from = node.getStart(source);
    if (from > start || node.end < end) return undefined;
    if (from === start && node.end === end && kindOf(node) === kind) return true;
    return ts.forEachChild(node, visit);
  };
  return ts.forEachChild(source, visit) === true;
}

function kindOf(node: ts.Node): Switch['kind'] | undefined {
  const { parent } = node;
  if (parent === undefined) return undefined;
  if (ts.isBlock(node)) return ts.isTryStatement(parent) || ts.isCatchClause(parent) ? undefined : 'statement';
  if (ts.isStatement(node)) return isPlain(node) ? 'statement' : undefined;
  return ts.isExpression(node) && isValue(node, parent) ? 'expression' : undefined;
}

/** Whether the statement declares nothing. */
const isPlain = (node: ts.Statement): boolean =>
  ts.isExpressionStatement(node) ||
  ts.isIfStatement(node) ||
  ts.isReturnStatement(node) ||
  ts.isThrowStatement(node) ||
  ts.isIterationStatement(node, false) ||
  ts.isSwitchStatement(node) ||
  ts.isTryStatement(node) ||
  ts.isContinueStatement(node) ||
  ts.isBreakStatement(node);

/** Whether the expression is only read, and is not part of a name, a callee or a chain. */
function isValue(node: ts.Expression, parent: ts.Node): boolean {
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
    return parent.initializer === node;
  if (ts.isParameter(parent) || ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parent.arguments?.includes(node) === true;
  if (ts.isBinaryExpression(parent)) return parent.right === node || !isAssignment(parent.operatorToken.kind);
  if (ts.isPrefixUnaryExpression(parent)) return parent.operator === ts.SyntaxKind.ExclamationToken;
  if (ts.isArrowFunction(parent)) return parent.body === node;
  if (ts.isElementAccessExpression(parent)) return parent.argumentExpression === node;
  return (
    ts.isArrayLiteralExpression(parent) ||
    ts.isAwaitExpression(parent) ||
    ts.isCaseClause(parent) ||
    ts.isConditionalExpression(parent) ||
    ts.isDoStatement(parent) ||
    ts.isForOfStatement(parent) ||
    ts.isIfStatement(parent) ||
    ts.isParenthesizedExpression(parent) ||
    ts.isReturnStatement(parent) ||
    ts.isSpreadAssignment(parent) ||
    ts.isSpreadElement(parent) ||
    ts.isSwitchStatement(parent) ||
    ts.isTemplateSpan(parent) ||
    ts.isThrowStatement(parent) ||
    ts.isWhileStatement(parent)
  );
}

const isAssignment = (kind: ts.SyntaxKind): boolean =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

function parsed(file: string, text: string): ts.SourceFile {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const {
    parseDiagnostics: [problem],
  } = source as unknown as { parseDiagnostics: readonly ts.Diagnostic[] };
  if (problem !== undefined)
    throw new Error(`the result cannot be parsed: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`);
  return source;
}

/** Renders the switched source. Switches are nested or disjoint, like syntax nodes. */
function render(text: string, start: number, end: number, switches: readonly Switch[]): string {
  const outer = switches.filter(
    (one) => !switches.some((other) => other !== one && holds(other, one) && !holds(one, other)),
  );
  const places = [...new Map(outer.map((one) => [one.start, one])).values()].sort(
    (one, other) => one.start - other.start,
  );
  const parts: string[] = [];
  let at = start;
  for (const place of places) {
    const here = switches.filter((one) => one.start === place.start && one.end === place.end);
    const inner = switches.filter((one) => holds(place, one) && !here.includes(one));
    const right = render(text, place.start, place.end, inner);
    parts.push(text.slice(at, place.start), here.reduceRight(switched, right));
    at = place.end;
  }
  return parts.join('') + text.slice(at, end);
}

const switched = (right: string, { name, kind, faulty }: Switch): string => {
  const switchCondition = `${ASK}(${JSON.stringify(name)})`;
  return kind === 'expression'
    ? `(${switchCondition} ? (${faulty}) : (${right}))`
    : `{ if (${switchCondition}) { ${faulty} } else { ${right} } }`;
};
