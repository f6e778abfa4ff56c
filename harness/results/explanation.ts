import { statementLabel } from '../../identity/policy/label.ts';
import type { ExaminedStatement, ProbeOutcome, ReceivedCall, ReceivedDecision, ScenarioResult } from './results.ts';

/** A call with AWS's decisions, statement by statement. */
export interface Explanation extends Pick<ReceivedCall, 'requestId' | 'service' | 'operation' | 'notes'> {
  readonly authorizations: readonly (Pick<ReceivedDecision, 'action' | 'resource' | 'decision' | 'reason'> & {
    readonly statements: readonly ExplainedStatement[];
  })[];
}

interface ExplainedStatement extends Pick<ExaminedStatement, 'index' | 'effect' | 'reason'> {
  readonly policy: string;
  readonly sid?: string | undefined;
}

/** Returns the decision about a probe; undefined if AWS keeps no record. */
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
    lines.push(`  ${action} on ${resource}: ${[decision, reason ?? []].flat().join(', ')}`);
    for (const statement of statements)
      lines.push(
        `    ${statement.policy}, ${statementLabel(statement)} (${statement.effect}): ${statement.reason ?? ''}`,
      );
  }
  return lines;
}
