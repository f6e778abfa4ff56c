import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { commandsOf, shellWord } from '../checks/commands.ts';
import type { Finding } from '../judge/report-schema.ts';

/** Only the owner may read policies. */
const OWNER_ONLY = 0o600;
/** The option of a command, and its value as JSON. */
const DOCUMENT = / (-p|--[\w-]+) '([[{][^']*)'/;

/**
 * Writes the documents in the commands of findings, such as policies and patches, into a folder, and returns findings whose commands
 * name the files. Throws `HarnessError` BAD_FILE, before it writes, if a file exists.
 */
export function withRepairFiles(findings: readonly Finding[], folder: string): readonly Finding[] {
  const files = new Map<string, string>();
  const named = findings.map((finding) => {
    const commands = commandsOf(finding.repair).map((command) => withFile(command, resolve(folder), files));
    return commands.length === 0 ? finding : { ...finding, repair: commands.join(' && ') };
  });
  const existing = [...files.keys()].find((file) => existsSync(file));
  if (existing !== undefined)
    throw new HarnessError('BAD_FILE', `${existing} exists. --repairs overwrites nothing: name a new folder.`);
  try {
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of files) writeFileSync(file, text, { flag: 'wx', mode: OWNER_ONLY });
  } catch (error) {
    throw new HarnessError(
      'BAD_FILE',
      `${folder} cannot be written (${unreadable(error)}). Check the path of --repairs.`,
    );
  }
  return named;
}

/** Replaces the JSON of a command by a file, which it adds to `files`. Equal documents of equal names are one file. */
function withFile(command: string, folder: string, files: Map<string, string>): string {
  const [all, option = '', json = ''] = DOCUMENT.exec(command) ?? [];
  if (all === undefined) return command;
  const words = command.slice(0, command.indexOf(all)).split(' ');
  const isPatch = option === '-p';
  const name = isPatch ? words.slice(words.indexOf('patch'), words.indexOf('patch') + 3) : [words[2], words[4]];
  const text = `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`;
  const base = name
    .filter((word) => word !== undefined && !word.startsWith('-'))
    .join('-')
    .replace(/[^\w.-]+/g, '-');
  let file = join(folder, `${base}.json`);
  for (let number = 2; (files.get(file) ?? text) !== text; number += 1) file = join(folder, `${base}-${number}.json`);
  files.set(file, text);
  return command.replace(all, () =>
    isPatch ? ` --patch-file ${shellWord(file)}` : ` ${option} ${shellWord(`file://${file}`)}`,
  );
}
