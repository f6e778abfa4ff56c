import ts from 'typescript';
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { visit } from 'unist-util-visit';

/** Prose of a file: a paragraph of a comment, a string or a paragraph of Markdown, without code and quotations. */
interface Text {
  /** Line of the first character, from 1. */
  readonly line: number;
  readonly text: string;
  /** What the text documents, if it begins a docstring. */
  readonly doc?: Documented | undefined;
}

export type Documented = 'function' | 'value';

/** Stands for code, quoted words and inserted values. */
const NOUN = 'Name';
/** Programs and documents in strings. */
const CODE = /[;{}\[(,]$|=>|\);|^(?:const|let|import|if) /;
const WORDS = /[A-Za-z']{2,}[,;:]? [A-Za-z']+[,;:]? [A-Za-z']+/;

/** Returns the prose of a Markdown, TypeScript or JavaScript file. */
export const textsOf = (file: string, source: string): readonly Text[] =>
  (file.endsWith('.md') ? textsOfMarkdown(source) : textsOfCode(file, source)).filter(
    ({ text }) => WORDS.test(text) && !CODE.test(text),
  );

function textsOfMarkdown(source: string): readonly Text[] {
  const texts: Text[] = [];
  visit(fromMarkdown(source), (node) => {
    if (node.type !== 'paragraph' && node.type !== 'heading') return;
    const line = node.position?.start.line ?? 1;
    const text = node.children.map(plain).join('');
    // Tables are paragraphs to this parser.
    if (!text.startsWith('|')) texts.push({ line, text: withoutQuotations(text) });
    else
      text.split('\n').forEach((row, at) => {
        for (const cell of row.split('|')) texts.push({ line: line + at, text: withoutQuotations(cell.trim()) });
      });
  });
  return texts;
}

const plain = (node: Nodes): string => {
  if (node.type === 'inlineCode' || node.type === 'html') return NOUN;
  if ('children' in node) return node.children.map(plain).join('');
  return 'value' in node ? node.value : '';
};

function textsOfCode(file: string, source: string): readonly Text[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const lineAt = (position: number): number => tree.getLineAndCharacterOfPosition(position).line + 1;
  const texts: Text[] = [];
  const comments = new Map<number, ts.CommentRange>();
  const docs = new Map<number, Documented>();
  const look = (node: ts.Node): void => {
    const leading = ts.getLeadingCommentRanges(source, node.getFullStart()) ?? [];
    for (const range of leading) comments.set(range.pos, range);
    const kind = documentedBy(node);
    if (kind !== undefined && source.startsWith('/**', leading.at(-1)?.pos ?? source.length))
      docs.set(leading.at(-1)!.pos, kind);
    for (const range of ts.getTrailingCommentRanges(source, node.getEnd()) ?? []) comments.set(range.pos, range);
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node))
      stringText(node)
        .split('\n')
        .forEach((text, at) => texts.push({ line: lineAt(node.getStart()) + at, text: withoutQuotations(text) }));
    node.getChildren().forEach(look);
  };
  look(tree);
  return [...texts, ...paragraphs([...comments.values()], docs, source, lineAt)];
}

/** Returns what a docstring before a declaration documents. */
function documentedBy(node: ts.Node): Documented | undefined {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return 'function';
  if (ts.isVariableStatement(node)) {
    const { name, initializer } = node.declarationList.declarations[0]!;
    // Components of the page have names with a capital letter.
    const isFunction = initializer !== undefined && ts.isArrowFunction(initializer) && /^[a-z]/.test(name.getText());
    return isFunction ? 'function' : 'value';
  }
  return ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) ? 'value' : undefined;
}

function stringText(node: ts.StringLiteralLike | ts.TemplateExpression): string {
  if (!ts.isTemplateExpression(node)) return node.text;
  return node.head.text + node.templateSpans.map(({ literal }) => `${NOUN}${literal.text}`).join('');
}

/** Comments by paragraph; lines of `//` that follow each other are one comment. */
function paragraphs(
  comments: readonly ts.CommentRange[],
  docs: ReadonlyMap<number, Documented>,
  source: string,
  lineAt: (position: number) => number,
): readonly Text[] {
  const texts: Text[] = [];
  let open: { line: number; next: number; lines: string[]; doc: Documented | undefined } | undefined;
  const close = (): void => {
    if (open) texts.push({ line: open.line, text: withoutQuotations(open.lines.join(' ')), doc: open.doc });
    open = undefined;
  };
  for (const { pos, end, kind } of [...comments].sort((a, b) => a.pos - b.pos)) {
    const first = lineAt(pos);
    const isBlock = kind === ts.SyntaxKind.MultiLineCommentTrivia;
    if (isBlock || open?.next !== first) close();
    const lines = source.slice(pos, end).split('\n');
    let doc = docs.get(pos);
    lines.forEach((raw, at) => {
      const line = raw
        .trim()
        .replace(/^(\/\*+|\/\/+|\*(?!\/))/, '')
        .replace(/\*\/$/, '')
        .trim();
      if (line === '' || /^([-*@]|\d+\.) ?/.test(line)) close();
      if (line === '') return;
      open ??= { line: first + at, next: 0, lines: [], doc };
      doc = undefined;
      open.lines.push(line.replace(/^[-*] /, ''));
      open.next = first + at + 1;
    });
    if (isBlock) close();
  }
  close();
  return texts;
}

const withoutQuotations = (text: string): string =>
  text
    .replace(/\{@link [^}]*\}|`[^`]*`|"[^"\n]{0,200}"|“[^”]*”|https?:\/\/\S+/g, NOUN)
    .replace(/\s+/g, ' ')
    .trim();
