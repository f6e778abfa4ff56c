import { commandLine } from '../../foundation/node/command-line.ts';
import type { OptionSpec } from '../../foundation/node/options.ts';

export interface Described {
  readonly name: string;
  readonly summary: string;
  readonly about: string;
  /** Usage and minimum number of its files. Default: none. */
  readonly files?: { readonly usage: string; readonly least: number; readonly most?: number };
  readonly options: readonly OptionSpec[];
  /** Last lines of its help, such as its exit codes. */
  readonly remarks: string;
}

export function helpText({ name, about, files, options, remarks }: Described): string {
  return [
    `Usage: ${commandLine(name, ['[flags]', ...(files ? [files.usage] : [])].join(' '))}`,
    '',
    about,
    '',
    'Flags:',
    ...columns(options.map((option) => [`--${option.name}${valueOf(option)}`, helpOf(option)])),
    '',
    remarks,
    '',
  ].join('\n');
}

export function columns(rows: readonly (readonly [string, string])[], indent = '  '): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${indent}${left.padEnd(width)}  ${right}`);
}

function valueOf({ kind, choices, placeholder }: OptionSpec): string {
  if (kind === 'choice') return ` ${choices?.join('|')}`;
  return placeholder === undefined ? '' : ` ${placeholder}`;
}

const helpOf = ({ help, default: preset }: OptionSpec): string =>
  preset === undefined ? help : `${help} (default ${preset})`;
