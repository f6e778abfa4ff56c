import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SUBJECTS, type Fault } from './index.ts';

/** A change of source code. The original must occur exactly once in the file. Indentation does not matter. */
export interface Replacement {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
}

export interface FaultDefinition extends Fault {
  readonly replacements: readonly Replacement[];
}

const REPLACEMENT = z.strictObject({ file: z.string(), original: z.string().min(1), replacement: z.string() });
const FLAGS = z.string().regex(/^--[a-z-]+ \S+$/, 'must be one option with its value, such as --agent-chart 0.2');
const FAULT = {
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be in kebab case'),
  defect: z.string().min(1),
  incident: z.string().min(1),
  flags: FLAGS.optional(),
};
const FOLDER = z.strictObject({
  subject: z.enum(SUBJECTS),
  folder: z.string(),
  flags: FLAGS.optional(),
  faults: z.array(
    z.union([
      z.strictObject({ ...FAULT, ...REPLACEMENT.shape }),
      z.strictObject({ ...FAULT, replacements: z.array(REPLACEMENT).min(1) }),
    ]),
  ),
});

/** Reads `<folder>/*.yaml`, one file per source folder. Throws an Error for an invalid file or a duplicate name. */
export function readDefinitions(folder: string): readonly FaultDefinition[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  const all = files.sort().flatMap((file) => readFolder(join(folder, file)));
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new Error(`Two faults are named ${twice.name}. Rename one of them.`);
  return all;
}

function readFolder(path: string): readonly FaultDefinition[] {
  const { success, data, error } = FOLDER.safeParse(parse(readFileSync(path, 'utf8')));
  if (!success) throw new Error(`${path} has the wrong form: ${z.prettifyError(error)} (see CONTRIBUTING.md)`);
  const { subject, folder, flags: flagsOfAll = '', faults } = data;
  // A name without a slash is relative to the source folder.
  const pathOf = (file: string): string => (file.includes('/') ? file : join(folder, file));
  return faults.map(({ name, defect, incident, flags = flagsOfAll, ...rest }) => {
    const replacements = 'replacements' in rest ? rest.replacements : [rest];
    return {
      name,
      subject,
      folder,
      defect,
      incident,
      flags,
      replacements: replacements.map((one) => ({ ...one, file: pathOf(one.file) })),
    };
  });
}
