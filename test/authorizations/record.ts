import { createHash } from 'node:crypto';
import type { AuthorizationInput } from '../../identity/policy/types.ts';
import type { Observation } from '../../harness/policies/observation.ts';

/** An authorization of AWS without names, times and identifiers of a run. */
interface RecordedAuthorization {
  readonly action: string;
  readonly resource: string;
  readonly principal: object;
  readonly context: Readonly<Record<string, unknown>>;
  readonly policies: readonly string[];
  readonly decision: string;
}

/** The authorizations of a call, in AWS's order. */
export interface RecordedCall {
  readonly call: string;
  readonly authorizations: readonly RecordedAuthorization[];
}

/** Differ between runs, and no scenario of the record has a condition on them. */
const DROPPED =
  /^(aws:(CurrentTime|EpochTime|TokenIssueTime|UserAgent)$|s3:(signatureAge|x-amz-content-sha256)$|\w+:\w+Tag\/conformance-)/i;
const ID =
  /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\bA(ROA|IDA|SIA|KIA)[A-Z0-9]{16,17}\b|\b(i|a|assoc)-[0-9a-z]{16,}\b|(?<=association-check-)[0-9a-f]{8}\b|\baws-sdk-js-session-\d+|(?<=\/id\/)[0-9A-F]{32}\b/g;

/** Returns the calls of a scenario. Their order depends on the machine, so they are sorted; repeated ones count once. */
export function recordOf({ calls, scenario }: Observation, run: string): readonly RecordedCall[] {
  const records = calls.map(({ service, operation, authorizations }) => {
    const call = {
      call: `${service}:${operation}`,
      authorizations: authorizations.map(({ decision }) => ({
        ...questionOf(decision.input),
        policies: decision.policies.map(({ kind, name }) => `${kind}: ${name}`),
        decision: [decision.value, decision.deniedBy].filter(Boolean).join(' by '),
      })),
    };
    return JSON.stringify(numbered(JSON.parse(withAliases(JSON.stringify(call), scenario.id, run))));
  });
  return [...new Set(records)].sort().map((text) => JSON.parse(text) as RecordedCall);
}

function questionOf({ action, resource, principal, context, defaults = [] }: AuthorizationInput) {
  // A key of an earlier context wins, as in the engine.
  const all = Object.assign({}, ...[...defaults].reverse(), context) as Record<string, unknown>;
  const kept = Object.entries(all).filter(([key]) => !DROPPED.test(key));
  const {
    issuedAt: _issued,
    expiresAt: _expires,
    requestContext: _request,
    ...rest
  } = principal as object as Record<string, unknown>;
  return {
    action,
    resource,
    principal: rest,
    context: Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/** Replaces names of the run by the aliases in the scenario, such as `<data>` for the bucket `conformance-c1a2b3d-ab-01-data`. */
function withAliases(text: string, id: string, run: string): string {
  // Later attempts have a suffix.
  const slug = `${id.toLowerCase()}(?:-\\d{4})?`;
  return text
    .replace(new RegExp(`conformance-${run}-${slug}-([a-z0-9_.-]+)`, 'gi'), '<$1>')
    .replace(new RegExp(`\\b${slug}-([a-z0-9-]+)-${run}\\b`, 'gi'), '<$1>')
    .replace(new RegExp(`conformance-${run}-(c[12])`, 'g'), '<$1>')
    .replaceAll(run, '<run>');
}

/** Numbers identifiers by their first place in a call. */
function numbered(call: unknown): unknown {
  const ids = new Map<string, string>();
  const text = JSON.stringify(call).replace(ID, (id) => {
    if (!ids.has(id)) ids.set(id, `<id ${ids.size + 1}>`);
    return ids.get(id) ?? '';
  });
  return JSON.parse(text, (key, value: unknown) =>
    key === 'sessionPolicies' ? (value as string[]).map(digest) : value,
  );
}

/** Session policies are long, and their statements are in the suites. */
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
