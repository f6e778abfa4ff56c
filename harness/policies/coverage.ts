import { authorize, compilePolicy } from '../../identity/policy/index.ts';
import type { CompiledPolicy, Decision } from '../../identity/policy/types.ts';
import { grouped } from '../../foundation/node/grouped.ts';
import type { PolicyCoverage } from '../results/results.ts';
import { differs, isUsed, substituted, type Observation, type UsedPolicy } from './observation.ts';
import { lineOf, placeText, policySources, usesOf, type PolicySource } from './sources.ts';
import { conditionsOf, editCondition, editStatement, statementsOf } from './statement-document.ts';

type CoveredPolicy = PolicyCoverage['policies'][number];
type Statement = CoveredPolicy['statements'][number];

interface UseDecisions {
  readonly used: UsedPolicy;
  readonly compiled: CompiledPolicy;
  readonly decisions: readonly Decision[];
}

/** Returns what the decisions of a run say about each statement and condition. A removal that changes none is untested. */
export function policyCoverage(observations: readonly Observation[]): PolicyCoverage {
  return summarized(
    policySources(observations).map((source) => ({
      file: source.file,
      ...(source.address !== undefined && { address: source.address }),
      kind: source.kind,
      isFile: source.isFile,
      uses: usesOf(source),
      document: source.document as Record<string, unknown>,
      statements: coveredStatements(source),
    })),
  );
}

/** Joins the coverage of the shards of a run. A part that one shard tests is tested. */
export function joinedCoverage(shards: readonly PolicyCoverage[]): PolicyCoverage {
  const all = shards.flatMap(({ policies }) => policies);
  const same = grouped(all, ({ kind, file, address, document }) => JSON.stringify([kind, file, address, document]));
  return summarized(
    [...same.values()].map((copies) =>
      copies.reduce((one, other) => ({
        ...one,
        uses: [...one.uses, ...other.uses],
        statements: one.statements.map((statement, at) => joinedStatement(statement, other.statements[at])),
      })),
    ),
  );
}

const joinedStatement = (one: Statement, other: Statement = one): Statement => ({
  ...one,
  grants: one.grants + other.grants,
  denials: one.denials + other.denials,
  tested: one.tested || other.tested,
  conditions: one.conditions.map((condition, at) => ({
    ...condition,
    tested: condition.tested || other.conditions[at]?.tested === true,
  })),
});

function summarized(policies: readonly CoveredPolicy[]): PolicyCoverage {
  // If a run has policy files, policies that a suite builds only prepare its scenarios.
  const countedPolicies = policies.filter(({ isFile }) => isFile || !policies.some((policy) => policy.isFile));
  const parts = countedPolicies.flatMap(({ statements }) => statements.flatMap((one) => [one, ...one.conditions]));
  const tested = parts.filter((part) => part.tested).length;
  return {
    tested,
    total: parts.length,
    percent: parts.length === 0 ? 100 : Math.floor((100 * tested) / parts.length),
    notTested: countedPolicies.flatMap((policy) => policy.statements.flatMap((one) => untested(policy, one))),
    policies,
  };
}

function untested(policy: CoveredPolicy, { index, line, tested, conditions }: Statement): string[] {
  const name = `statement ${index + 1}`;
  if (!tested) return [`${placeText(policy, line)}, ${name}: removing it changes no decision.`];
  return conditions
    .filter((condition) => !condition.tested)
    .map((one) => `${placeText(policy, one.line)}, ${name}, condition ${one.key}: removing it changes no probe.`);
}

function coveredStatements(source: PolicySource): Statement[] {
  const uses = source.uses.flatMap((use) => decisionsOf(use.observation, use.used));
  return statementsOf(source.document).map(({ Effect: effect }, index) => {
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
      effect,
      grants,
      denials: decided.length - grants,
      tested: changes(uses, ({ compiled }) => without(compiled)),
      conditions: coveredConditions(source, uses, index),
    };
  });
}

function coveredConditions(
  source: PolicySource,
  uses: readonly UseDecisions[],
  index: number,
): Statement['conditions'] {
  const statement = statementsOf(source.document)[index];
  // Keys of the document may be names in angle brackets, in the same order as real ones.
  return (statement ? conditionsOf(statement) : []).map((place) => ({
    operator: place.operator,
    key: place.key,
    ...lineMember(source, ['Statement', index, 'Condition', place.operator, place.key]),
    tested: changes(uses, ({ used, compiled }) => {
      const document = editStatement(JSON.parse(used.text ?? '{}') as object, index, (changed) => {
        editCondition(changed, place, () => undefined);
        return undefined;
      });
      return compilePolicy(document, compiled);
    }),
  }));
}

const lineMember = (source: PolicySource, path: readonly (string | number)[]): { readonly line?: number } => {
  const line = lineOf(source, path);
  return line === undefined ? {} : { line };
};

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
