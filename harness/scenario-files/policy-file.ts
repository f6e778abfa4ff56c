import { fileURLToPath } from 'node:url';
import { escapePattern } from '../../foundation/node/text.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { DeployedPolicy } from '../../identity/deployment/deployment.ts';
import type { PolicyPlace } from '../../identity/policy-file/place.ts';
import { readPolicyFile, readRole } from '../../identity/policy-file/read.ts';
import type { RawPolicy, RoleSpec } from '../scenario/policy.ts';
import { notePolicyFile } from './suite-registry.ts';

interface Replacements {
  /** Texts, and what takes their place: `{ 'arn:aws:s3:::payments': 'arn:aws:s3:::<bucket:data>' }`. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Whether `replace` may name texts that this file lacks, so that one map serves all files. */
  readonly allowUnused?: boolean;
}

/**
 * Returns a user's policy document from a JSON file, `policyFile(new URL('./read.json', import.meta.url))`, or from a resource
 * in `terraform show -json` or a CloudFormation or CDK template. `replace` maps texts to names of the scenario, such as
 * `{ 'arn:aws:s3:::payments': 'arn:aws:s3:::<bucket:data>' }`.
 */
export function policyFile(
  file: string | { readonly href: string },
  { replace, allowUnused, ...place }: PolicyPlace & Replacements = {},
): RawPolicy {
  const path = pathOf(typeof file === 'string' ? file : file.href);
  notePolicyFile(path);
  const document = readPolicyFile(path, place, (text) => replaced(path, text, { replace, allowUnused }));
  return { document, from: path, ...(place.resource !== undefined && { address: addressOf(place) }) };
}

interface RolePlace extends Required<Pick<PolicyPlace, 'resource'>>, Pick<PolicyPlace, 'values'>, Replacements {
  /** Documents of attached policies outside the file, such as AWS managed ones, by ARN. */
  readonly documents?: Readonly<Record<string, RawPolicy>>;
}

/**
 * Returns a whole role of a Terraform plan or state, or of a CloudFormation or CDK template: trust policy, inline and attached
 * policies and permissions boundary. Several policies of one kind become one. Throws `HarnessError` BAD_FILE.
 */
export function roleFile(file: string | { readonly href: string }, place: RolePlace): RoleSpec {
  const { resource = '', replace, allowUnused, values, documents = {} } = place;
  const path = pathOf(typeof file === 'string' ? file : file.href);
  const { policies } = readRole(path, resource, values, (text) => replaced(path, text, { replace, allowUnused }));
  const elsewhere = policies.filter(({ isElsewhere }) => isElsewhere).map(({ address }) => address);
  const missing = elsewhere.find((arn) => documents[arn] === undefined);
  if (missing !== undefined)
    throw badFile(
      path,
      `does not contain ${missing} of ${resource}. Add "documents": { ${JSON.stringify(missing)}: policyFile(…) }.`,
    );
  const read = (one: PolicyPlace): RawPolicy =>
    policyFile(path, { ...one, ...(replace && { replace }), allowUnused: true, values });
  const part = (kind: DeployedPolicy['kind']): RawPolicy | undefined => {
    const ofKind = policies.filter((one) => one.kind === kind);
    const declared = ofKind
      .filter(({ isElsewhere }) => !isElsewhere)
      .map(({ address, policy }) => read({ resource: address, policy }));
    return merged(path, [...declared, ...ofKind.flatMap(({ address }) => documents[address] ?? [])]);
  };
  const [permissions, attached, boundary] = [part('inline'), part('attached'), part('boundary')];
  return {
    trust: read({ resource }),
    ...(permissions && { permissions }),
    ...(attached && { attached }),
    ...(boundary && { boundary }),
  };
}

/** Joins the statements of policies. A repeated Sid is dropped, because it must be unique. */
function merged(path: string, policies: readonly RawPolicy[]): RawPolicy | undefined {
  const [first, ...others] = policies;
  if (first === undefined || others.length === 0) return first;
  const versions = new Set(policies.map(({ document }) => document['Version']));
  if (versions.size > 1)
    throw badFile(path, `has policies of one role with different versions: ${[...versions].join(' and ')}.`);
  const sids = new Set<unknown>();
  const Statement = policies
    .flatMap(({ document }) => [document['Statement']].flat())
    .map((statement) => {
      const { Sid, ...rest } = statement as { readonly Sid?: unknown };
      if (Sid === undefined || sids.has(Sid)) return rest;
      sids.add(Sid);
      return { Sid, ...rest };
    });
  const address = policies.map((one) => one.address ?? one.from).join(' and ');
  return { document: { ...first.document, Statement }, from: path, address };
}

const badFile = (path: string, problem: string): HarnessError =>
  new HarnessError('BAD_FILE', `Policy file ${path} ${problem}`);

const addressOf = ({ resource, policy }: PolicyPlace): string =>
  policy === undefined ? `${resource}` : `${resource}, inline policy ${policy}`;

/** Replaces the longest key first, and no text twice. Throws `HarnessError` BAD_FILE for a key that matches nothing. */
function replaced(path: string, text: string, { replace = {}, allowUnused }: Unset<Replacements>): string {
  const keys = Object.keys(replace).toSorted((a, b) => b.length - a.length);
  const missing = keys.find((key) => key === '' || !text.includes(key));
  if (missing !== undefined && (missing === '' || allowUnused !== true))
    throw badFile(
      path,
      `does not contain "${missing}", which "replace" names. Correct or remove that key, or set "allowUnused" for a map of several files.`,
    );
  if (keys.length === 0) return text;
  return text.replaceAll(new RegExp(keys.map(escapePattern).join('|'), 'g'), (key) => replace[key] ?? key);
}

type Unset<Type> = { readonly [Key in keyof Type]?: Type[Key] | undefined };

const pathOf = (file: string): string => (file.startsWith('file:') ? fileURLToPath(file) : file);
