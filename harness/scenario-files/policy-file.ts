import { fileURLToPath } from 'node:url';
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
  const document = readPolicyFile(path, place, (text) =>
    Object.entries(replace).reduce((changed, [from, to]) => changed.replaceAll(from, to), text),
  );
  return { document, from: path, ...(place.resource !== undefined && { address: addressOf(place) }) };
}

const addressOf = ({ resource, policy }: PolicyPlace): string =>
  policy === undefined ? `${resource}` : `${resource}, inline policy ${policy}`;

const pathOf = (file: string): string => (file.startsWith('file:') ? fileURLToPath(file) : file);
