/** The result of a preflight: the steps by which a pod gets its credentials, and what it can do with them. */

export type StepName = 'injection' | 'token' | 'agent' | 'metadata' | 'identity' | 'read';

export interface PreflightStep {
  readonly name: StepName;
  /** `unknown`: not finished within the time limit. */
  readonly result: 'ok' | 'warning' | 'failed' | 'unknown';
  /** A sentence without secrets. */
  readonly text: string;
  readonly milliseconds: number;
}

export interface Report {
  readonly verdict: 'ok' | 'failed' | 'unknown';
  /** ARN by STS; null if the pod has no credentials. */
  readonly identity: string | null;
  readonly steps: readonly PreflightStep[];
}

const MARKS = { ok: 'ok', warning: 'WARN', failed: 'FAIL', unknown: '?' } as const;

export const reportOf = (steps: readonly PreflightStep[], identity: string | null): Report => ({
  verdict: steps.some(({ result }) => result === 'failed')
    ? 'failed'
    : steps.some(({ result }) => result === 'unknown')
      ? 'unknown'
      : 'ok',
  identity,
  steps,
});

/** Returns a line for each step, and one with the verdict. */
export function reportText({ verdict, identity, steps }: Report): string {
  const lines = steps.map(
    ({ name, result, text, milliseconds }) =>
      `${MARKS[result].padEnd(4)}  ${name.padEnd(9)}  ${text} (${milliseconds} ms)`,
  );
  const first = steps.find(({ result }) => result === 'failed') ?? steps.find(({ result }) => result === 'unknown');
  const why = first === undefined ? '' : ` at ${first.name}: ${first.text}.`;
  const who = identity === null ? 'The pod has no AWS identity.' : `The pod is ${identity}.`;
  return `${lines.join('\n')}\n\n${{ ok: 'OK', failed: 'FAILED', unknown: 'UNKNOWN' }[verdict]}${why === '' ? '.' : why} ${who}\n`;
}
