import { statementLabel } from '../../emulator/iam/policy/label.ts';
import type { ProbeOutcome, ScenarioResult } from './results.ts';

/** A call with what AWS decided of it, statement by statement. */
export interface Explanation {
  readonly requestId: string;
  readonly service: string;
  readonly operation: string;
  readonly notes: readonly string[];
  readonly authorizations: readonly {
    readonly action: string;
    readonly resource: string;
    readonly decision: string;
    readonly reason: string;
    readonly statements: readonly {
      /** Its name. */
      readonly policy: string;
      readonly sid?: string | undefined;
      readonly index: number;
      readonly effect: string;
      readonly reason?: string;
    }[];
  }[];
}

/** What decided a probe, of a scenario's calls; undefined where AWS keeps no record. */
export function explanationOf(
  { decisiveCall }: Pick<ProbeOutcome, 'decisiveCall'>,
  { calls, policies }: Pick<ScenarioResult, 'calls' | 'policies'>,
): Explanation | undefined {
  const call = calls.find(({ requestId }) => requestId === decisiveCall);
  return (
    call && {
      ...call,
      authorizations: call.decisions.map(({ deciding, others = [], ...decision }) => ({
        ...decision,
        statements: [...deciding, ...others].map((statement) => ({
          ...statement,
          policy: policies[statement.policy]?.name ?? '',
        })),
      })),
    }
  );
}

export function explanationLines({ service, operation, requestId, notes, authorizations }: Explanation): string[] {
  const lines = [`${service} ${operation}, request ${requestId}:`, ...notes.map((note) => `  ${note}`)];
  for (const { action, resource, decision, reason, statements } of authorizations) {
    lines.push(`  ${action} on ${resource}: ${decision}, ${reason}`);
    for (const statement of statements)
      lines.push(
        `    ${statement.policy}, ${statementLabel(statement)} (${statement.effect}): ${statement.reason ?? ''}`,
      );
  }
  return lines;
}
