import type { DenialCause } from '../../foundation/denial-cause.ts';
import type { Identity, ProbeResult } from '../../foundation/probe-protocol.ts';
import type { CallRecord } from '../../emulator/index.ts';
import type { Expectation, FactMatcher } from '../scenario/spec.ts';

/** As `causeFromMessage`, from AWS' record of the call where there is one. */
export function causeFromCall(call: CallRecord | undefined): DenialCause | undefined {
  const decision = call?.authorizations.findLast(
    (authorization) => authorization.decision.value !== 'allowed',
  )?.decision;
  if (decision?.deniedBy === undefined) return undefined;
  return { policy: decision.deniedBy, explicit: decision.value === 'explicitlyDenied' };
}

export interface Judgement {
  readonly matches: boolean;
  /** One sentence; for a mismatch it says what was expected and what came. */
  readonly reason: string;
}

/** What an expectation is compared with. */
export interface Observation {
  readonly result: ProbeResult;
  readonly cause: DenialCause | undefined;
  /** Name that the identity has in the scenario: a role's, `node`, `static`, or its ARN where it is none of these. */
  readonly identityName: string | undefined;
  /** Role the identity must be; undefined where the operation tells no identity. */
  readonly expectedIdentity: string | undefined;
}

/** Compares what a probe met with what it must meet. */
export function judge(expectation: Expectation, observation: Observation): Judgement {
  const { result, cause } = observation;
  const wrong = (what: string): Judgement => ({
    matches: false,
    reason: `${what}. Expected ${describeExpectation(expectation, observation.expectedIdentity)}; observed ${describeResult(result, observation)}.`,
  });
  if (result.outcome !== expectation.outcome)
    return wrong(`${article(expectation.outcome)} was expected, but the probe was ${past(result.outcome)}`);
  if (
    result.identity !== undefined &&
    observation.expectedIdentity !== undefined &&
    observation.identityName !== observation.expectedIdentity
  ) {
    return wrong(`The identity is wrong: ${result.identity.arn} is not ${identityWords(observation.expectedIdentity)}`);
  }
  const layers = list(expectation.by);
  if (layers.length > 0 && !layers.includes(result.layer as string))
    return wrong(`The wrong layer answered: ${result.layer ?? 'none'}, not ${layers.join(' or ')}`);
  const codes = list(expectation.code);
  if (codes.length > 0 && !codes.includes(result.code ?? ''))
    return wrong(`The code is ${result.code ?? 'missing'}, not ${codes.join(' or ')}`);
  if (expectation.status !== undefined && expectation.status !== result.status)
    return wrong(`The status is ${result.status ?? 'missing'}, not ${expectation.status}`);
  if (expectation.message !== undefined && !(result.message ?? '').includes(expectation.message))
    return wrong(`The message does not contain "${expectation.message}"`);
  if (expectation.policy !== undefined && cause !== undefined && cause.policy !== expectation.policy)
    return wrong(`The ${cause.policy} policy denied, not the ${expectation.policy} policy`);
  if (expectation.explicit !== undefined && cause !== undefined && cause.explicit !== expectation.explicit) {
    return wrong(
      cause.explicit
        ? 'An explicit Deny matched, where a missing Allow was expected'
        : 'Nothing allowed it, where an explicit Deny was expected',
    );
  }
  for (const [name, matcher] of Object.entries(expectation.facts ?? {})) {
    const actual = result.facts?.[name];
    if (!factMatches(actual, matcher))
      return wrong(
        `${name} is ${actual === undefined ? 'absent' : JSON.stringify(actual)}, not ${describeMatcher(matcher)}`,
      );
  }
  return { matches: true, reason: `${capital(describeResult(result, observation))}, as expected.` };
}

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

export function factMatches(actual: string | number | boolean | undefined, matcher: FactMatcher): boolean {
  if (typeof matcher !== 'object') return actual === matcher;
  if ('absent' in matcher) return actual === undefined;
  if ('between' in matcher)
    return typeof actual === 'number' && actual >= matcher.between[0] && actual <= matcher.between[1];
  return actual !== undefined && new RegExp(matcher.matches).test(String(actual));
}

function describeMatcher(matcher: FactMatcher): string {
  if (typeof matcher !== 'object') return JSON.stringify(matcher);
  if ('absent' in matcher) return 'absent';
  if ('between' in matcher) return `between ${matcher.between[0]} and ${matcher.between[1]}`;
  return `matching /${matcher.matches}/`;
}

/** An expectation in words: `denied by s3 with AccessDenied (identity policy)`. */
export function describeExpectation(expectation: Expectation, identity?: string): string {
  const layers = list(expectation.by);
  const codes = list(expectation.code);
  const words: string[] = [expectation.outcome];
  if (identity !== undefined && expectation.outcome !== 'refused') words.push(`as ${identityWords(identity)}`);
  if (layers.length > 0) words.push(`by ${layers.join(' or ')}`);
  if (codes.length > 0) words.push(`with ${codes.join(' or ')}`);
  if (expectation.status !== undefined) words.push(`with status ${expectation.status}`);
  if (expectation.policy !== undefined)
    words.push(`(${expectation.explicit ? 'explicit Deny in the ' : ''}${expectation.policy} policy)`);
  else if (expectation.explicit !== undefined)
    words.push(expectation.explicit ? '(by an explicit Deny)' : '(since nothing allows it)');
  if (expectation.message !== undefined) words.push(`saying "${expectation.message}"`);
  for (const [index, [name, matcher]] of Object.entries(expectation.facts ?? {}).entries())
    words.push(`${index === 0 ? 'where' : 'and'} ${name} is ${describeMatcher(matcher)}`);
  return words.join(' ');
}

/** A result in words: `denied by s3 with AccessDenied as role app: no identity-based policy allows …`. */
export function describeResult(result: ProbeResult, observation?: Pick<Observation, 'identityName'>): string {
  const words: string[] = [result.outcome];
  if (result.layer !== undefined) words.push(`by ${result.layer}`);
  if (result.code !== undefined) words.push(`with ${result.code}`);
  if (result.identity !== undefined)
    words.push(`as ${identityWords(observation?.identityName ?? result.identity.arn)}`);
  return result.message !== undefined && result.message !== ''
    ? `${words.join(' ')} ("${clip(result.message)}")`
    : words.join(' ');
}

function identityWords(name: string): string {
  if (name === 'node') return "the node's role";
  if (name === 'static') return 'the static keys';
  return name.startsWith('arn:') ? name : `role ${name}`;
}

const clip = (text: string): string => (text.length > 300 ? `${text.slice(0, 297)}...` : text);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function article(outcome: Expectation['outcome']): string {
  return {
    granted: 'Access',
    refused: 'A refusal of credentials',
    denied: 'A denial',
    absent: 'The answer that the object is absent',
  }[outcome];
}

function past(outcome: ProbeResult['outcome']): string {
  return {
    granted: 'granted',
    refused: 'refused credentials',
    denied: 'denied',
    absent: 'told that the object is absent',
    error: 'stopped by an error',
  }[outcome];
}

/** Finds what an identity is called in a scenario. */
export function nameIdentity(
  identity: Identity | undefined,
  known: ReadonlyMap<string, string>,
  nodeRole: string | undefined,
): string | undefined {
  if (identity === undefined) return undefined;
  const role = /^arn:[^:]+:sts::(\d+):assumed-role\/([^/]+)\//.exec(identity.arn);
  if (!role) return /:root$|:user\//.test(identity.arn) ? 'static' : identity.arn;
  const roleArn = `arn:aws:iam::${role[1]}:role/${role[2]}`;
  if (roleArn === nodeRole) return 'node';
  return known.get(roleArn) ?? identity.arn;
}
