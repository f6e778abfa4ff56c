import { roleOfSession } from '../../foundation/aws/role-arn.ts';
import type { DenialCause } from '../../foundation/protocols/denial-cause.ts';
import { alternatives, firstMismatch, type Mismatch } from '../../foundation/protocols/expectation.ts';
import type { FactMatcher, Identity, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { CallRecord } from '../../emulator/index.ts';
import { clip } from '../../foundation/node/text.ts';
import type { Expectation } from '../scenario/spec.ts';

/** Like `causeFromMessage`, but from AWS's record of the call, if any. */
export function causeFromCall(call: CallRecord | undefined): DenialCause | undefined {
  const decision = call?.authorizations.findLast(
    (authorization) => authorization.decision.value !== 'allowed',
  )?.decision;
  if (decision?.deniedBy === undefined) return undefined;
  return { policy: decision.deniedBy, explicit: decision.value === 'explicitlyDenied' };
}

export interface Judgement {
  readonly matches: boolean;
  /** One sentence. For a mismatch, it includes expectation and observation. */
  readonly reason: string;
  readonly mismatch?: Mismatch;
}

export interface Observation {
  readonly result: ProbeResult;
  readonly cause: DenialCause | undefined;
  /** Name of the identity: a role of the scenario, `node`, `static`, or else its ARN. */
  readonly identityName: string | undefined;
  /** Expected role; undefined if the operation shows no identity. */
  readonly expectedIdentity: string | undefined;
}

export function judge(expectation: Expectation, observation: Observation): Judgement {
  const { result, cause, identityName, expectedIdentity } = observation;
  const isExpectedIdentity =
    result.identity === undefined || expectedIdentity === undefined ? undefined : identityName === expectedIdentity;
  const mismatch = firstMismatch(expectation, { result, cause, isExpectedIdentity });
  if (mismatch === undefined)
    return { matches: true, reason: `${capital(describeOutcome(result, observation))}, as expected.` };
  return {
    matches: false,
    mismatch,
    reason: `${describeMismatch(mismatch, expectation, observation)}. Expected ${describeExpectation(expectation, expectedIdentity)}; observed ${describeResult(result, observation)}.`,
  };
}

function describeMismatch(mismatch: Mismatch, expectation: Expectation, observation: Observation): string {
  const { result, cause, expectedIdentity } = observation;
  const { outcome, by, code, status, message, policy } = expectation;
  switch (mismatch.member) {
    case 'outcome':
      return `${WORDS[outcome][0]} was expected, but the probe ${WORDS[result.outcome][1]}${deniedHint(expectation, result)}`;
    case 'identity':
      return `The identity is wrong: ${result.identity?.arn} is not ${identityWords(expectedIdentity!)}`;
    case 'layer':
      return `The wrong layer answered: ${result.layer ?? 'none'}, not ${alternatives(by).join(' or ')}`;
    case 'code':
      return `The code is ${result.code ?? 'missing'}, not ${alternatives(code).join(' or ')}`;
    case 'status':
      return `The status is ${result.status ?? 'missing'}, not ${status}`;
    case 'message':
      return `The message does not contain "${message}"`;
    case 'policy':
      return `The ${cause?.policy} policy denied access, not the ${policy} policy`;
    case 'explicit':
      return expectation.explicit
        ? 'An explicit Deny was expected, but access was denied implicitly'
        : 'An implicit denial was expected, but an explicit Deny matched';
    case 'fact': {
      const { name, matcher } = mismatch;
      return `${name} is ${describeFact(result.facts?.[name], matcher)}, not ${describeMatcher(matcher)}`;
    }
  }
}

/** Explains that a pod with credentials that may not assume a further role is denied, not refused. */
const deniedHint = ({ outcome }: Expectation, { outcome: observed, layer }: ProbeResult): string =>
  outcome === 'refused' && observed === 'denied' && layer === 'sts'
    ? '. The pod has credentials, and STS denies AssumeRole: use denied()'
    : '';

const MOST_QUOTED = 200;

/** Formats a fact. Quotes the part of a long text that best matches the expected pattern. */
function describeFact(actual: string | number | boolean | undefined, matcher: FactMatcher): string {
  if (actual === undefined) return 'absent';
  const text = JSON.stringify(actual);
  if (text.length <= MOST_QUOTED) return text;
  const whole = String(actual);
  const pattern = typeof matcher === 'object' && 'matches' in matcher ? matcher.matches : '';
  return `${JSON.stringify(excerpt(whole, literalStart(pattern)))} (excerpt from ${whole.length} characters)`;
}

/** Returns the literal start of a pattern: `a_b\{code="200"\} [1-9]` -> `a_b{code="200"} `. */
const literalStart = (pattern: string): string =>
  pattern.replace(/^((?:\\[^\w\s]|[^\\^$.|?*+()[\]{}])*).*$/s, '$1').replace(/\\(.)/g, '$1');

/** Returns the part of a text that begins with the longest prefix of `like`. */
function excerpt(text: string, like: string): string {
  for (let length = like.length; ; length -= 1) {
    const at = text.indexOf(like.slice(0, length));
    if (at !== -1) return text.slice(at, at + MOST_QUOTED);
  }
}

function describeMatcher(matcher: FactMatcher): string {
  if (typeof matcher !== 'object') return JSON.stringify(matcher);
  if ('absent' in matcher) return 'absent';
  if ('between' in matcher) return `between ${matcher.between[0]} and ${matcher.between[1]}`;
  return `matching /${matcher.matches}/`;
}

/** Formats an expectation: `denied by s3 with AccessDenied (identity policy)`. */
export function describeExpectation(expectation: Expectation, identity?: string): string {
  const layers = alternatives(expectation.by);
  const codes = alternatives(expectation.code);
  const words: string[] = [expectation.outcome];
  if (identity !== undefined && expectation.outcome !== 'refused') words.push(`as ${identityWords(identity)}`);
  if (layers.length > 0) words.push(`by ${layers.join(' or ')}`);
  if (codes.length > 0) words.push(`with ${codes.join(' or ')}`);
  if (expectation.status !== undefined) words.push(`with status ${expectation.status}`);
  if (expectation.policy !== undefined)
    words.push(`(${expectation.explicit ? 'explicit Deny in the ' : ''}${expectation.policy} policy)`);
  else if (expectation.explicit !== undefined) words.push(expectation.explicit ? '(explicitly)' : '(implicitly)');
  if (expectation.message !== undefined) words.push(`saying "${expectation.message}"`);
  for (const [index, [name, matcher]] of Object.entries(expectation.facts ?? {}).entries())
    words.push(`${index === 0 ? 'where' : 'and'} ${name} is ${describeMatcher(matcher)}`);
  return words.join(' ');
}

/** Formats a result: `denied by s3 with AccessDenied as role app: no identity-based policy allows …`. */
export function describeResult(result: ProbeResult, observation?: Pick<Observation, 'identityName'>): string {
  const words = describeOutcome(result, observation);
  return result.message === undefined || result.message === '' ? words : `${words} ("${clip(result.message)}")`;
}

function describeOutcome(result: ProbeResult, observation?: Pick<Observation, 'identityName'>): string {
  const words: string[] = [result.outcome];
  if (result.layer !== undefined) words.push(`by ${result.layer}`);
  if (result.code !== undefined) words.push(`with ${result.code}`);
  if (result.identity !== undefined)
    words.push(`as ${identityWords(observation?.identityName ?? result.identity.arn)}`);
  return words.join(' ');
}

function identityWords(name: string): string {
  if (name === 'node') return "the node's role";
  if (name === 'static') return 'the static keys';
  return name.startsWith('arn:') ? name : `role ${name}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const WORDS = {
  granted: ['Access', 'was granted access'],
  refused: ['A refusal of credentials', 'was refused credentials'],
  denied: ['A denial', 'was denied'],
  absent: ['A missing object', 'found no such object'],
  error: ['', 'was stopped by an error'],
} as const satisfies Record<ProbeResult['outcome'], readonly [string, string]>;

export function nameIdentity(
  identity: Identity | undefined,
  policyNames: ReadonlyMap<string, string>,
  nodeRole: string | undefined,
): string | undefined {
  if (identity === undefined) return undefined;
  const roleArn = roleOfSession(identity.arn);
  if (roleArn === undefined) return /:root$|:user\//.test(identity.arn) ? 'static' : identity.arn;
  if (roleArn === nodeRole) return 'node';
  return policyNames.get(roleArn) ?? identity.arn;
}
