import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run-cli.ts';

/** A command in an `sh` block of a page. */
export interface PageCommand {
  readonly page: string;
  /** As written, with continued lines joined and without its comment. */
  readonly text: string;
}

/** Returns the commands of README.md, CONTRIBUTING.md and docs/, in their order. */
export function pageCommands(): readonly PageCommand[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', ...docs.map((file) => `docs/${file}`)].flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, block = '']) =>
      commandsOf(block).map((text) => ({ page, text })),
    ),
  );
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
