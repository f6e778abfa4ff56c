import { authorize, compilePolicy } from '../../emulator/iam/policy/index.ts';
import type { CompiledPolicy, Decision } from '../../emulator/iam/policy/types.ts';
import { isJsonObject, listOf, objectOf } from '../../emulator/core/json.ts';
import type { PolicyCoverage } from '../results/results.ts';
import { differs, isUsed, substituted, type Observation, type UsedPolicy } from './observation.ts';
import { lineOf, placeText, policySources, type PolicySource } from './sources.ts';

type Statement = PolicyCoverage['policies'][number]['statements'][number];

interface UseDecisions {
  readonly used: UsedPolicy;
  readonly compiled: CompiledPolicy;
  readonly decisions: readonly Decision[];
}

/** Returns what the decisions of a run say about each statement and condition. A removal that changes none is untested. */
export function policyCoverage(observations: readonly Observation[]): PolicyCoverage {
  const sources = policySources(observations).map((source) => ({ source, statements: statementsOf(source) }));
  // If a run has policy files, policies that a suite builds only prepare its scenarios.
  const isCounted = ({ isFile }: PolicySource): boolean => isFile || !sources.some(({ source }) => source.isFile);
  const own = sources.filter(({ source }) => isCounted(source));
  const parts = own.flatMap(({ statements }) => statements.flatMap((one) => [one, ...one.conditions]));
  const tested = parts.filter((part) => part.tested).length;
  return {
    tested,
    total: parts.length,
    percent: parts.length === 0 ? 100 : Math.floor((100 * tested) / parts.length),
    notTested: own.flatMap(({ source, statements }) => statements.flatMap((one) => untested(source, one))),
    policies: sources.map(({ source, statements }) => ({
      file: source.file,
      ...(source.address !== undefined && { address: source.address }),
      kind: source.kind,
      uses: source.uses.map(({ observation, used: { part, owner } }) => ({
        ...{ scenario: observation.scenario.id, part, owner },
      })),
      document: source.document as Record<string, unknown>,
      statements,
    })),
  };
}

function untested(source: PolicySource, { index, line, tested, conditions }: Statement): string[] {
  const name = `statement ${index + 1}`;
  if (!tested) return [`${placeText(source, line)}, ${name}: removing it changes no decision.`];
  return conditions
    .filter((condition) => !condition.tested)
    .map((one) => `${placeText(source, one.line)}, ${name}, condition ${one.key}: removing it changes no probe.`);
}

function statementsOf(source: PolicySource): Statement[] {
  const uses = source.uses.flatMap((use) => decisionsOf(use.observation, use.used));
  return listOf((source.document as { readonly Statement?: unknown }).Statement).map((statement, index) => {
    const decided = uses.flatMap(({ used, compiled, decisions }) =>
      decisions.filter(({ value, deciding, policies }) => {
        const names = new Set(policies.filter((policy) => isUsed(used, policy)).map(({ name }) => name));
        const isDecided = deciding.some((one) => names.has(one.policy) && one.index === index);
        return isDecided && (value === 'allowed') === (compiled.statements[index]?.effect === 'Allow');
      }),
    );
    const without = (compiled: CompiledPolicy): CompiledPolicy => ({
      ...compiled,
      statements: compiled.statements.filter((one) => one.index !== index),
    });
    const grants = decided.filter(({ value }) => value === 'allowed').length;
    return {
      index,
      ...lineMember(source, ['Statement', index]),
      effect: objectOf(statement)['Effect'] === 'Deny' ? 'Deny' : 'Allow',
      grants,
      denials: decided.length - grants,
      tested: changes(uses, ({ compiled }) => without(compiled)),
      conditions: conditionsOf(source, uses, index),
    };
  });
}

function conditionsOf(source: PolicySource, uses: readonly UseDecisions[], index: number): Statement['conditions'] {
  const keys = (document: object): readonly (readonly [operator: string, key: string])[] => {
    const statement = objectOf(listOf((document as { readonly Statement?: unknown }).Statement)[index]);
    return Object.entries(objectOf(statement['Condition'])).flatMap(([operator, block]) =>
      Object.keys(objectOf(block)).map((key) => [operator, key] as const),
    );
  };
  // Keys of the document may be names in angle brackets, in the same order as real ones.
  return keys(source.document).map(([operator, key], place) => ({
    operator,
    key,
    ...lineMember(source, ['Statement', index, 'Condition', operator, key]),
    tested: changes(uses, ({ used, compiled }) => {
      const document = JSON.parse(used.text ?? '{}') as object;
      const [realOperator = '', realKey = ''] = keys(document)[place] ?? [];
      return compilePolicy(withoutCondition(document, index, realOperator, realKey), compiled);
    }),
  }));
}

const lineMember = (source: PolicySource, path: readonly (string | number)[]): { readonly line?: number } => {
  const line = lineOf(source, path);
  return line === undefined ? {} : { line };
};

function withoutCondition(document: object, index: number, operator: string, key: string): object {
  const without = (value: unknown, name: string, change: (member: unknown) => unknown): object =>
    Object.fromEntries(
      Object.entries(objectOf(value)).flatMap(([member, item]) => {
        const changed = member === name ? change(item) : item;
        const isEmpty = changed === undefined || (isJsonObject(changed) && Object.keys(changed).length === 0);
        return member === name && isEmpty ? [] : [[member, changed]];
      }),
    );
  const Statement = listOf((document as { readonly Statement?: unknown }).Statement).map((statement, place) =>
    place === index
      ? without(statement, 'Condition', (block) =>
          without(block, operator, (keys) => without(keys, key, () => undefined)),
        )
      : statement,
  );
  return { ...document, Statement };
}

/** Returns the decisions of a policy, or nothing if it made none. AWS may have rejected it. */
function decisionsOf({ calls }: Observation, used: UsedPolicy): UseDecisions[] {
  if (used.text === undefined) return [];
  const decisions = calls.flatMap((call) =>
    call.authorizations.flatMap(({ decision }) =>
      decision.policies.some((policy) => isUsed(used, policy)) ? [decision] : [],
    ),
  );
  if (decisions.length === 0) return [];
  return [{ used, decisions, compiled: compilePolicy(used.text, { kind: used.kind, name: '' }) }];
}

/** Whether a decision of the run differs with another version of the policy. */
const changes = (uses: readonly UseDecisions[], version: (use: UseDecisions) => CompiledPolicy): boolean =>
  uses.some((use) => {
    const changed = version(use);
    const replace = (policy: CompiledPolicy): CompiledPolicy | undefined =>
      isUsed(use.used, policy) ? changed : undefined;
    return use.decisions.some((decision) => differs(decision, authorize(substituted(decision.input, replace))));
  });
