import { relative } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { remembered } from '../../foundation/node/remembered.ts';
import { statementProblems } from '../../identity/policy/actions.ts';
import type { PolicyKind } from '../../identity/policy/types.ts';
import { policyDocument, type DeclaredPolicy } from '../scenario/policy-document.ts';
import type { PolicyCoverage } from '../results/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { Observation, UsedPolicy } from './observation.ts';
import { policyUses } from './policy-uses.ts';

export interface SourceUse {
  readonly observation: Observation;
  readonly used: UsedPolicy;
}

/** A policy as its team writes it, with all its uses in a run. */
export interface PolicySource {
  readonly kind: PolicyKind;
  /** The policy file, or the suite file that builds the policy. */
  readonly file: string;
  /** The resource within the policy file. */
  readonly address: string | undefined;
  /** Whether it is read from a policy file. */
  readonly isFile: boolean;
  /** Policy with names in angle brackets. */
  readonly document: object;
  readonly uses: readonly SourceUse[];
}

/** Groups the policies of a run by file and content. */
export function policySources(observations: readonly Observation[]): readonly PolicySource[] {
  const sources = new Map<string, PolicySource & { readonly uses: SourceUse[] }>();
  for (const observation of observations)
    for (const used of observation.policies) {
      const { kind, policy } = used;
      const { file, address } = originOf(policy, observation.scenario.file);
      const document = policyDocument(policy);
      const key = JSON.stringify([kind, file, address, document]);
      const source = sources.get(key) ?? { kind, file, address, isFile: 'document' in policy, document, uses: [] };
      source.uses.push({ observation, used });
      sources.set(key, source);
    }
  return [...sources.values()];
}

const originOf = (policy: DeclaredPolicy, suite: string): Pick<PolicySource, 'file' | 'address'> =>
  'document' in policy
    ? { file: shortest(policy.from), address: policy.address }
    : { file: shortest(suite), address: undefined };

/** Returns warnings about actions of policies that no service has, once for each file and statement. */
export function policyWarnings(scenarios: readonly Scenario[]): ReadonlySet<string> {
  const warnings = new Set<string>();
  for (const { id, file, spec } of scenarios)
    for (const { policy, part, owner } of policyUses(spec)) {
      const { file: path, address } = originOf(policy, file);
      const place = 'document' in policy ? (address ?? []) : `${part} of ${owner} in ${id}`;
      for (const text of statementProblems(policyDocument(policy)))
        warnings.add(`Warning: ${[path, place, text].flat().join(', ')}`);
    }
  return warnings;
}

/** Returns a path relative to the working directory, unless the file is elsewhere. */
export function shortest(path: string): string {
  const near = relative('.', path);
  return near.startsWith('..') ? path : near;
}

/** `policies/trust.json:12`, or `plan.json, aws_iam_role.ledger` for a policy within a file. */
export function placeText({ file, address, isFile, uses: [use] }: Place, line?: number): string {
  if (address !== undefined) return `${file}, ${address}`;
  if (!isFile) return use === undefined ? file : `${file}, ${use.part} of ${use.owner} in ${use.scenario}`;
  return line === undefined ? file : `${file}:${line}`;
}

/** Returns the uses of a policy in the form of policy-coverage.json. */
export const usesOf = ({ uses }: PolicySource): PolicyCoverage['policies'][number]['uses'] =>
  uses.map(({ observation, used: { part, owner } }) => ({ scenario: observation.scenario.id, part, owner }));

type Place = Pick<PolicySource, 'file' | 'isFile'> & {
  readonly address?: string | undefined;
  readonly uses: PolicyCoverage['policies'][number]['uses'];
};

/** Returns the line of a member, such as `['Statement', 0, 'Condition']`; undefined if the file is not the policy itself. */
export function lineOf(source: PolicySource, path: readonly (string | number)[]): number | undefined {
  const parsed = remembered(files, source, () => parsedFile(source));
  if (parsed === undefined) return undefined;
  const { document, lineCounter } = parsed;
  // A single statement needs no list.
  const single = path[0] === 'Statement' && path[1] === 0 ? ['Statement', ...path.slice(2)] : path;
  const node = [path, single].map((one) => keyNode(document, one)).find((existingNode) => existingNode !== undefined);
  return node && lineCounter.linePos(node).line;
}

const files = new WeakMap<PolicySource, ReturnType<typeof parsedFile>>();

function parsedFile({ file, address, isFile }: PolicySource) {
  // `from` may be any text in a policy that a suite reads itself.
  if (!isFile || address !== undefined || !existsSync(file)) return undefined;
  const lineCounter = new LineCounter();
  return { document: parseDocument(readFileSync(file, 'utf8'), { lineCounter }), lineCounter };
}

/** Returns the offset of a member's name, or of a list's item. */
function keyNode(document: ReturnType<typeof parseDocument>, path: readonly (string | number)[]): number | undefined {
  const last = path.at(-1);
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const { items = [] } = (parent ?? {}) as {
    readonly items?: readonly { readonly key?: Ranged; readonly range?: Range }[];
  };
  if (typeof last === 'number') return items[last]?.range?.[0];
  return items.find(({ key }) => key?.value === last)?.key?.range?.[0];
}

type Range = readonly [number, number, number] | null;
interface Ranged {
  readonly value?: unknown;
  readonly range?: Range;
}
