import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { OWN_SUITES, SUBJECTS, type Fault } from './index.ts';

/** A change of a source text: what stands in the file once, and what stands there instead. Indentation does not matter. */
export interface Replacement {
  /** Path from the root of the project. */
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
}

export interface FaultDefinition extends Fault {
  readonly replacements: readonly Replacement[];
}

const REPLACEMENT = z.strictObject({ file: z.string(), original: z.string().min(1), replacement: z.string() });
const SAID = { defect: z.string().min(1), suite: z.enum(OWN_SUITES).optional() };
const DEFINITION = z.union([
  z.strictObject({ ...SAID, ...REPLACEMENT.shape }),
  z.strictObject({ ...SAID, replacements: z.array(REPLACEMENT).min(1) }),
]);

/**
 * Reads `<folder>/<subject>/<name>.yaml`, all faults that there are.
 *
 * @throws Error that names the file which is not of the form
 */
export function readDefinitions(folder: string): readonly FaultDefinition[] {
  const all = SUBJECTS.flatMap((subject) => {
    // A subject without faults has no folder.
    if (!existsSync(join(folder, subject))) return [];
    const files = readdirSync(join(folder, subject)).filter((file) => file.endsWith('.yaml'));
    return files.sort().map((file) => readDefinition(join(folder, subject, file), subject));
  });
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new Error(`There are two faults ${twice.name}: give one of them another name.`);
  return all;
}

function readDefinition(path: string, subject: Fault['subject']): FaultDefinition {
  const name = basename(path, '.yaml');
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) throw new Error(`${path}: the name of a fault is in kebab case.`);
  try {
    const { defect, suite, ...rest } = DEFINITION.parse(parse(readFileSync(path, 'utf8')));
    const replacements = 'replacements' in rest ? rest.replacements : [rest];
    return { name, subject, defect, ...(suite && { suite }), replacements };
  } catch (error) {
    const text = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`${path} is no fault: ${text} (CONTRIBUTING.md says what one has)`, { cause: error });
  }
}
