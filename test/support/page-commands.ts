import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run-cli.ts';

/** A command in an `sh` block of a page. */
export interface PageCommand {
  readonly page: string;
  /** As written, with continued lines joined and without its comment. */
  readonly text: string;
}

/** A command with its quoted output. */
export interface PageSample {
  readonly page: string;
  /** Command after `npm run `, such as `conformance -- --suite abac`. */
  readonly command: string;
  readonly output: string;
}

const docs = (): readonly string[] =>
  readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`);

/** Returns the commands of README.md, CONTRIBUTING.md and docs/, in their order. */
export function pageCommands(): readonly PageCommand[] {
  return ['README.md', 'CONTRIBUTING.md', ...docs()].flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, block = '']) =>
      commandsOf(block).map((text) => ({ page, text })),
    ),
  );
}

/** Returns the commands of README.md and docs/ whose output is quoted. */
export const pageSamples = (): readonly PageSample[] => ['README.md', ...docs()].flatMap(samplesOf);

/**
 * Returns the commands in a page with their quoted output: an `sh` block of one line, followed by a `text` block. A heading, a table or
 * a list between them separates them.
 */
function samplesOf(page: string): PageSample[] {
  const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$|^(?:#|\||- ).*$/gm)];
  return blocks.flatMap(([, language, output = ''], index) => {
    const [, before, command = ''] = blocks[index - 1] ?? [];
    // Commands for images need Docker, and --watch does not end.
    const match = /^npm run (?!kind:)(?!.* --watch)(.*)\n$/.exec(command);
    return language === 'text' && before === 'sh' && match?.[1] !== undefined
      ? [{ page, command: match[1], output }]
      : [];
  });
}

/** Splits a block into commands. Quotation marks, pipes, backslashes and here-documents continue a command on the next line. */
function commandsOf(block: string): readonly string[] {
  const commands: string[] = [];
  let command = '';
  for (const line of block.replaceAll(/ *\\\n */g, ' ').split('\n')) {
    command += command === '' ? line.trim() : `\n${line}`;
    if (isOpen(command)) continue;
    const text = command.replace(/\s+# .*$|^# .*$/, '');
    if (text !== '') commands.push(...text.split(/ && (?=npm )/));
    command = '';
  }
  return commands;
}

const isOpen = (command: string): boolean =>
  [`'`, '"'].some((mark) => command.split(mark).length % 2 === 0 && !/'[^']*"[^']*'|"[^"]*'[^"]*"/.test(command)) ||
  command.endsWith('|') ||
  (/<<'END'/.test(command) && !command.endsWith('\nEND'));

const OURS =
  /(?:^|\$\()(?:\w+=\S* )*(?:npm run (?:-s |--silent )?([a-z:-]+)|(npx) eks-pod-identity-conformance)(?: --(?= |$))?([^|>&)]*)/m;

/** Name and arguments of a command of this package, or undefined. `commands`: names of all commands. */
export function invocationOf(text: string, commands: readonly string[]): readonly string[] | undefined {
  const [, script, npx, rest = ''] = OURS.exec(text) ?? [];
  const words = [...rest.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare!,
  );
  if (npx !== undefined) return commands.includes(words[0] ?? '') ? words : ['run', ...words];
  const name = script === 'conformance' ? 'run' : script?.replace(':', '-');
  return name !== undefined && commands.includes(name) ? [name, ...words] : undefined;
}
