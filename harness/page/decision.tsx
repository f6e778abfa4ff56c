import { statementLabel } from '../../identity/policy/label.ts';
import type { ExaminedStatement, Policy, ReceivedDecision } from '../results/results.ts';
import { policyLines } from './policy-lines.ts';

const WORDS: Readonly<Record<string, string>> = {
  allowed: 'allowed',
  implicitlyDenied: 'denied: no statement allows it',
  explicitlyDenied: 'denied by a Deny statement',
};

/** A decision of AWS and the evaluated policies, whose text shows deciding statements and comparisons. */
export const Decision = ({ decision, policies, open }: DecisionProps) => {
  const { action, resource, reason, deciding } = decision;
  const places = [...policiesOf(decision)].sort((a, b) => rank(deciding, a) - rank(deciding, b));
  return (
    <details class={`decision ${decision.decision === 'allowed' ? 'passed' : 'failed'}`} open={open}>
      <summary>
        <code>{action}</code> on <code class="break">{resource}</code>{' '}
        <b class="outcome">{WORDS[decision.decision] ?? decision.decision}</b>
      </summary>
      <p class="break">
        {reason ??
          `allowed by ${deciding.map((one) => `${statementLabel(one)} of ${policies[one.policy]?.name}`).join(' and ')}`}
      </p>
      {places.map((place) => {
        const policy = policies[place];
        return policy && <PolicyText key={place} policy={policy} place={place} decision={decision} />;
      })}
    </details>
  );
};

/** Returns the indexes of the evaluated policies. */
export const policiesOf = ({ policies, deciding }: ReceivedDecision): readonly number[] =>
  policies ?? [...new Set(deciding.map(({ policy }) => policy))];

interface DecisionProps {
  readonly decision: ReceivedDecision;
  readonly policies: readonly Policy[];
  readonly open: boolean;
}

/** Sorts policies with a deciding statement first. */
const rank = (deciding: ReceivedDecision['deciding'], place: number): number =>
  deciding.some(({ policy }) => policy === place) ? 0 : 1;

interface PolicyProps {
  readonly policy: Policy;
  readonly place: number;
  readonly decision: ReceivedDecision;
}

const PolicyText = ({ policy, place, decision }: PolicyProps) => {
  const ownStatements = decision.deciding.filter((statement) => statement.policy === place);
  const lines = policyLines(policy.document, ownStatements, decision);
  return (
    <details class="policy" open={ownStatements.length > 0}>
      <summary>
        {policy.name} <span class="quiet">{ownStatements.length === 0 ? 'evaluated, did not decide' : ''}</span>
      </summary>
      <pre>
        {lines.map(({ text, depth, statement, compared }, index) => {
          const decided = ownStatements.find((one) => one.index === statement);
          const isFirst = decided !== undefined && lines[index - 1]?.statement !== statement;
          return (
            <span
              class={`line ${decided ? `decided ${!decided.applied ? 'inconclusive' : denies(decision) ? 'failed' : 'passed'}` : ''}`}
              key={index}
            >
              {'  '.repeat(depth)}
              {text}
              {compared && (
                <span class={`compared ${compared.matched ? 'passed' : 'failed'}`}>
                  {compared.matched ? ' ✓ matches' : ' ✕ does not match'}
                  {compared.with !== undefined && ` ${compared.with}`}
                </span>
              )}
              {isFirst && <span class="tag">{tagOf(decided, decision)}</span>}
            </span>
          );
        })}
      </pre>
    </details>
  );
};

const tagOf = ({ applied }: ExaminedStatement, decision: ReceivedDecision): string =>
  applied ? `decided: ${denies(decision) ? 'denies' : 'allows'}` : 'closest statement, does not apply';

const denies = ({ decision }: ReceivedDecision): boolean => decision === 'explicitlyDenied';
