import { readFileSync, writeFileSync } from 'node:fs';
import type { JudgedChange } from './judge.ts';
import type { Probe } from './survivor/index.ts';

/**
 * Adds a probe to the scenario `id` in the text of a suite file, before its other probes, and the missing imports. Returns
 * undefined if the file does not write the scenario as a literal, so that the probe must be added by hand.
 */
export function withProbeIn(text: string, id: string, { code, imports }: Probe): string | undefined {
  const call = new RegExp(`\\bscenario\\(\\s*(['"\`])${id}\\1`).exec(text);
  if (call === null) return undefined;
  let changed: string | undefined = text;
  for (const [member, entries] of Object.entries(code))
    if (entries.length > 0 && changed !== undefined) changed = withEntries(changed, call.index, member, entries);
  return changed && withImports(changed, imports);
}

const LISTS: ReadonlySet<string> = new Set(['objects', 'probes']);

/**
 * Adds the probes of survivors to their suite files. Returns the number of added probes by file, and the survivors whose
 * probe must be added by hand.
 */
export function writeProbes(judged: readonly JudgedChange[]) {
  const written = new Map<string, number>();
  const byHand: JudgedChange[] = [];
  for (const one of judged) {
    if (one.proposal === undefined) continue;
    const { scenario, probe } = one.proposal;
    const text = readFileSync(scenario.file, 'utf8');
    const changed = withProbeIn(text, scenario.id, probe);
    if (changed === undefined) byHand.push(one);
    else if (changed !== text) {
      writeFileSync(scenario.file, changed);
      written.set(scenario.file, (written.get(scenario.file) ?? 0) + 1);
    }
  }
  return { written, byHand };
}

/** Adds entries to a member of the scenario that starts at `from`. `probes` get them first, other members last. */
function withEntries(text: string, from: number, member: string, all: readonly string[]): string | undefined {
  const brackets = bracketsIn(text, from);
  const object = brackets.find(({ depth, open }) => depth === 1 && text[open] === '{');
  if (object === undefined) return undefined;
  // Probes of several survivors may need the same pod.
  const entries = all.filter((entry) => !text.slice(object.open, object.close).includes(entry));
  if (entries.length === 0) return text;
  const isList = LISTS.has(member);
  const starts = new RegExp(`\\b${member}:\\s*$`);
  const value = brackets.find(
    ({ depth, open }) =>
      depth === 2 && open > object.open && open < object.close && starts.test(text.slice(from, open)),
  );
  const added = entries.join(', ');
  if (value === undefined) {
    // A member that is not a literal, such as `workloads: APPS` or `workloads`, cannot be changed safely.
    const isThere = new RegExp(`[{,]\\s*${member}\\s*[:,}]`).test(membersText(text, object, brackets));
    return isThere
      ? undefined
      : inserted(text, object.open + 1, `\n    ${member}: ${isList ? `[${added}]` : `{ ${added} }`},`);
  }
  if (text[value.open] !== (isList ? '[' : '{')) return undefined;
  if (member === 'probes') return inserted(text, value.open + 1, `\n      ${entries.join(',\n      ')},`);
  const before = text.slice(value.open + 1, value.close).trimEnd();
  const separator = before === '' || before.endsWith(',') ? ' ' : ', ';
  return inserted(text, value.open + 1 + before.length, `${separator}${added}`);
}

const inserted = (text: string, at: number, addition: string): string => text.slice(0, at) + addition + text.slice(at);

/** Returns the text of an object without that of nested brackets. */
function membersText(text: string, { open, close }: Bracket, brackets: readonly Bracket[]): string {
  let members = text.slice(open, close + 1);
  for (const nested of brackets)
    if (nested.depth === 2 && nested.open > open && nested.close < close)
      members = members.replace(text.slice(nested.open, nested.close + 1), '0');
  return members;
}

function withImports(text: string, names: readonly string[]): string | undefined {
  const [whole = '', list = ''] = /import \{([^}]*)\} from 'eks-pod-identity-conformance'/.exec(text) ?? [];
  const imported = new Set(list.split(',').map((name) => name.trim()));
  const missing = names.filter((name) => !imported.has(name));
  if (missing.length === 0) return text;
  return whole === '' ? undefined : text.replace(whole, whole.replace('{', `{\n  ${missing.join(',\n  ')},`));
}

interface Bracket {
  /** 1 inside the parentheses of the call. */
  readonly depth: number;
  readonly open: number;
  readonly close: number;
}

/** Strings, comments, brackets. Expressions within templates are not searched. */
const TOKEN = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\/[^\n]*|\/\*[^]*?\*\/|[([{}\])]/g;

/** Returns the brackets of a call that starts at `from`, by the position of the opening one. */
function bracketsIn(text: string, from: number): readonly Bracket[] {
  const open: number[] = [];
  const brackets: Bracket[] = [];
  TOKEN.lastIndex = from;
  for (let token = TOKEN.exec(text); token !== null; token = TOKEN.exec(text)) {
    if (/^[([{]$/.test(token[0])) open.push(token.index);
    else if (/^[)\]}]$/.test(token[0])) {
      brackets.push({ depth: open.length - 1, open: open.pop() ?? from, close: token.index });
      if (open.length === 0) break;
    }
  }
  return brackets.sort((a, b) => a.open - b.open);
}
