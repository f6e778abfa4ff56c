import { relative, resolve } from 'node:path';
import * as z from 'zod';
import { validated, words } from '../../foundation/node/validate.ts';
import { readPolicyFile } from './read.ts';

const policyInFile = z
  .strictObject({
    file: words.describe(
      'Path from the folder of this file: a policy document, the JSON of "terraform show -json", or a template of CloudFormation or CDK.',
    ),
    resource: words.optional().describe('Address in Terraform or logical id in a template.'),
    policy: words.optional().describe("Name of an inline policy of that role. Default: the role's trust policy."),
    values: z
      .record(z.string(), z.union([z.string(), z.array(z.string())], 'a string or a list of strings'))
      .optional()
      .describe("Values of a template's references, by Name or Name.Attribute."),
  })
  .meta({ id: 'policyInFile' });

export type PolicyInFile = z.infer<typeof policyInFile>;

export const policy = z
  .union(
    [z.string(), policyInFile, z.looseObject({ Statement: z.unknown().optional() })],
    'a policy document, its JSON text, or {"file": …}',
  )
  .meta({ id: 'policy', description: 'A policy document, its JSON text, or its place in a file.' });
export type Policy = z.infer<typeof policy>;

/** Returns the document, and where it is in a file. `place`: its member, for errors. Throws `HarnessError` BAD_FILE. */
export function documentOf(
  given: Policy,
  place: string,
  folder: string,
): { readonly document: string | object; readonly name?: string } {
  if (typeof given === 'string' || !('file' in given)) return { document: given };
  const { file, ...where } = validated(policyInFile, given, (problem) => `${place}: ${problem}`);
  const document = readPolicyFile(relative('', resolve(folder, file)) || '.', where);
  return { document, name: [where.policy, where.resource, file].filter((part) => part !== undefined).join(' of ') };
}
