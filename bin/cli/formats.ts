import type { Io } from '../../foundation/node/io.ts';
import { option, type OptionSpec } from '../../foundation/node/options.ts';
import { painter, wantsColor, widthOf, type Paint } from '../../foundation/node/text.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';

/** Where a report is printed. */
interface Output {
  readonly paint: Paint;
  /** Columns of the terminal, if known. */
  readonly width: number | undefined;
  /** The root of the package. */
  readonly root: string;
}

/** The formats of a report by their names. Each is one function. The first is the default. */
export type Formats<Report> = Readonly<Record<string, (report: Report, output: Output) => string | Promise<string>>>;

/** Returns the option `--format` of a report. */
export const formatOption = (formats: Formats<never>): OptionSpec => {
  const names = Object.keys(formats);
  return option.choice('format', names, 'print the result in this format', {
    commandLineOnly: true,
    ...(names[0] !== undefined && { default: names[0] }),
  });
};

export const NO_COLOR: OptionSpec = option.flag('no-color', 'print without colors');

/** Prints a report in the format of `--format`. */
export async function print<Report>(
  report: Report,
  formats: Formats<Report>,
  { values }: GivenOptions,
  { stdout, environment, root }: Io,
): Promise<void> {
  const render = formats[String(values.get('format')?.value)];
  if (render === undefined) throw new Error('The command has no option --format.');
  const paint = painter(wantsColor(stdout, values.get('no-color')?.value === true, environment));
  stdout.write(await render(report, { paint, width: widthOf(stdout, environment), root }));
}

export const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
