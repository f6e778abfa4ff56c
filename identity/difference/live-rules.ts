import { decide, DENIED, type Outcome } from '../policy/authorize.ts';
import { GRANT, type Grant } from '../policy/principal-element.ts';
import type { AuthorizationInput } from '../policy/index.ts';
import { EvaluationRequest } from '../policy/request.ts';
import type { Atom, Rule } from './rules.ts';

/** A statement at one step of a sequence of actions, with the tests that are not decided yet. */
export interface Live extends Rule {
  readonly step: number;
  readonly id: string;
}

/** A part of the requests: those with the chosen resource and keys. */
export interface Node {
  readonly rules: readonly Live[];
  readonly target: Live;
  readonly resource: string | undefined;
  /** Values of the decided keys by names in lower case. */
  readonly context: ReadonlyMap<string, string | readonly string[] | undefined>;
}

/** Joins statements that have become the same, and drops those that a statement of both sides includes. */
export function merged({ target, ...node }: Node): Node {
  const rules = new Map<string, Live>();
  for (const rule of node.rules) {
    const tests = rule.atoms.map((atom) => atom.id).sort();
    const id = `${rule.step} ${rule.kind} ${rule.level} ${rule.effect} ${rule.grant} ${tests.join()}`;
    const equal = rules.get(id);
    const [isBefore, isAfter] = [rule.isBefore || equal?.isBefore === true, rule.isAfter || equal?.isAfter === true];
    rules.set(id, { ...(equal ?? rule), id, isBefore, isAfter });
    if (rule === target) target = { ...rule, id };
  }
  const sure = [...rules.values()].filter(({ atoms, isBefore, isAfter }) => atoms.length === 0 && isBefore && isAfter);
  const isSamePart = (one: Live, rule: Live): boolean =>
    (['step', 'kind', 'level', 'effect'] as const).every((member) => one[member] === rule[member]);
  const isIncluded = (rule: Live): boolean =>
    sure.some((one) => one !== rule && isSamePart(one, rule) && one.grant >= rule.grant);
  const kept = [...rules.values()].filter((rule) => !isIncluded(rule));
  return { ...node, rules: kept, target: rules.get(target.id)! };
}

/** Returns a statement without the tests that are decided; undefined if one of them fails. */
export function reduced(
  rule: Live,
  isReady: (atom: Atom) => boolean,
  answer: (atom: Atom) => boolean,
  specialize = (atom: Atom): Atom => atom,
): Live | undefined {
  const atoms: Atom[] = [];
  for (const atom of rule.atoms) {
    if (!isReady(atom)) atoms.push(specialize(atom));
    else if (!answer(atom)) return undefined;
  }
  return { ...rule, atoms };
}

/** Returns a test with the values of its chosen variables in its id. */
export function specialized(atom: Atom, chosen: ReadonlySet<string>, context: Node['context']): Atom {
  const resolved = atom.variables.filter((key) => chosen.has(key));
  if (resolved.length === 0) return atom;
  const values = resolved.map((key) => `${key}=${JSON.stringify(context.get(key))}`);
  const variables = atom.variables.filter((key) => !chosen.has(key));
  return { ...atom, id: `${atom.id} with ${values.join()}`, variables };
}

/** Whether statements of the policies can allow or deny a request. */
export function canDecide(rules: readonly Live[], input: AuthorizationInput, isAllowed: boolean): boolean {
  const { scps = [], rcps = [] } = input;
  const levelOf = (policies: unknown): string | undefined =>
    [...scps, ...rcps].find((level) => level.policies === policies)?.name;
  const verdict = decide(new EvaluationRequest(input), (policies) =>
    policies.length === 0
      ? GRANT.none
      : bound(
          rules.filter(({ kind, level }) => kind === policies[0]!.kind && level === levelOf(policies)),
          isAllowed,
        ),
  );
  return (verdict.value === 'allowed') === isAllowed;
}

/** Returns the most, or the least, that statements of one kind can grant. */
function bound(rules: readonly Live[], isMost: boolean): Outcome {
  const sure = ({ atoms }: Live): boolean => atoms.length === 0;
  let strongest: Grant = GRANT.none;
  for (const rule of rules) {
    if (rule.effect === 'Deny') {
      if (!isMost || sure(rule)) return DENIED;
    } else if (isMost || sure(rule)) strongest = Math.max(strongest, rule.grant) as Grant;
  }
  return strongest;
}
