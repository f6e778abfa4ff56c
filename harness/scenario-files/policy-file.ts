import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { PolicyPlace } from '../../emulator/iam/evaluate/policy-file/place.ts';
import { readPolicyFile } from '../../emulator/iam/evaluate/policy-file/read.ts';
import type { RawPolicy } from '../scenario/policy.ts';
import { notePolicyFile } from './suite-registry.ts';

/**
 * Returns a user's policy document from a JSON file, `policyFile(new URL('./read.json', import.meta.url))`, or from a resource
 * in `terraform show -json` or a CloudFormation or CDK template. `replace` maps texts to names of the scenario, such as
 * `{ 'arn:aws:s3:::payments': 'arn:aws:s3:::<bucket:data>' }`.
 */
export function policyFile(
  file: string | { readonly href: string },
  { replace = {}, ...place }: PolicyPlace & { readonly replace?: Readonly<Record<string, string>> } = {},
): RawPolicy {
  const path = pathOf(typeof file === 'string' ? file : file.href);
  notePolicyFile(path);
  const document = readPolicyFile(path, place, (text) => replaced(path, text, replace));
  return { document, from: path, ...(place.resource !== undefined && { address: addressOf(place) }) };
}

const addressOf = ({ resource, policy }: PolicyPlace): string =>
  policy === undefined ? `${resource}` : `${resource}, inline policy ${policy}`;

/** Replaces the longest key first, and no text twice. Throws `HarnessError` BAD_FILE for a key that matches nothing. */
function replaced(path: string, text: string, replace: Readonly<Record<string, string>>): string {
  const keys = Object.keys(replace).toSorted((a, b) => b.length - a.length);
  const missing = keys.find((key) => key === '' || !text.includes(key));
  if (missing !== undefined)
    throw new HarnessError(
      'BAD_FILE',
      `Policy file ${path} does not contain "${missing}", which "replace" names. Correct or remove that key.`,
    );
  if (keys.length === 0) return text;
  return text.replaceAll(new RegExp(keys.map(escaped).join('|'), 'g'), (key) => replace[key] ?? key);
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

const pathOf = (file: string): string => (file.startsWith('file:') ? fileURLToPath(file) : file);
