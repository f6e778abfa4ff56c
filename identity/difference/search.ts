import { authorize } from '../policy/authorize.ts';
import { brokenKeyRules } from '../policy/key-rules.ts';
import type { ValueOf } from '../policy/overlap.ts';
import { EvaluationRequest } from '../policy/request.ts';
import type { PolicyKind } from '../policy/index.ts';
import type { Facts } from './facts.ts';
import { canDecide, merged, reduced, specialized, type Live, type Node } from './live-rules.ts';
import { contextChoices, type ContextChoice } from './context-choices.ts';
import { resourceChoices, type ActionChoice, type Choices } from './request-parts.ts';
import { ACTION, RESOURCE, type Atom, type Rule, type Side } from './rules.ts';
import type { RequestDifference } from './types.ts';

const isKms = (action: string): boolean => /^kms:/i.test(action);
const KEY = 'arn:aws:kms:x:x:key/x';

export interface Sides {
  readonly before: Side;
  readonly after: Side;
}

/** The work of one comparison: what it may still do, and what it could not decide. */
export interface Progress {
  steps: number;
  readonly limits: Set<string>;
}

/** Searches a request to which one changed statement applies, and which the two sides decide differently. */
export class Search {
  readonly #memo = new Set<string>();
  readonly #sides: Sides;
  readonly #facts: Facts;
  readonly #progress: Progress;
  readonly #newly: RequestDifference['newly'];
  #choice: ActionChoice = { actions: [], forms: [] };

  constructor(sides: Sides, facts: Facts, newly: RequestDifference['newly'], progress: Progress) {
    this.#sides = sides;
    this.#facts = facts;
    this.#newly = newly;
    this.#progress = progress;
  }

  /** Returns the first difference that the statement makes. Returns undefined if it makes none, or if a limit hides it. */
  find(target: Rule, rules: readonly Rule[], { values, limits }: Choices<ActionChoice>): RequestDifference | undefined {
    if (target.atoms.some(({ subject }) => subject === RESOURCE)) this.#limit(limits);
    for (const choice of values) {
      if (!this.#facts.canRequest(choice.actions)) continue;
      this.#choice = choice;
      this.#memo.clear();
      if (choice.actions.every((action, step) => this.#reaching([target], action, step).length === 0)) continue;
      const live = choice.actions.flatMap((action, step) => this.#reaching(rules, action, step));
      for (const one of live) {
        if (one.statement !== target.statement || one.effect !== target.effect) continue;
        const example = this.#descend(merged({ rules: live, target: one, resource: undefined, context: new Map() }));
        if (example !== undefined) return example;
      }
    }
    return undefined;
  }

  #limit(limits: readonly string[]): void {
    for (const limit of limits) this.#progress.limits.add(limit);
  }

  /** Returns the statements that decide about an action, without the tests that the action and the known keys already decide. */
  #reaching(rules: readonly Rule[], action: string, step: number): Live[] {
    const request = this.#request({ action });
    const kinds = (['before', 'after'] as const).map((side) => {
      const { resourcePolicy } = new EvaluationRequest({ ...request.input, ...this.#sides[side] });
      return resourcePolicy?.kind;
    });
    const decides = (kind: PolicyKind): boolean => (kind !== 'trust' && kind !== 'resource') || kinds.includes(kind);
    const isReady = (atom: Atom): boolean =>
      atom.subject === ACTION || (atom.subject !== RESOURCE && [atom.subject, ...atom.variables].every(this.#isFixed));
    return rules.flatMap((rule) => {
      if (!decides(rule.kind)) return [];
      const live = reduced({ ...rule, step, id: '' }, isReady, (atom) => atom.holds(request));
      return live === undefined ? [] : live;
    });
  }

  /** Whether a key has a known value, or no request of these actions has it. */
  readonly #isFixed = (key: string): boolean => this.#facts.isFixed(key, this.#choice.actions);

  #request({ action, resource = '*', context }: Partial<Node> & { readonly action?: string }): EvaluationRequest {
    const { principal, resourceAccount, fixed } = this.#facts;
    const chosen = [...(context ?? [])].filter(([, value]) => value !== undefined) as [string, string | string[]][];
    return new EvaluationRequest({
      ...{ principal, resourceAccount, resource, action: action ?? this.#choice.actions[0]!, identityPolicies: [] },
      context: { ...fixed, ...Object.fromEntries(chosen.map(([key, value]) => [this.#facts.nameOf(key), value])) },
    });
  }

  #descend(node: Node): RequestDifference | undefined {
    if (this.#progress.steps <= 0) {
      this.#limit(['more combinations than the procedure may try']);
      return undefined;
    }
    this.#progress.steps -= 1;
    const { target, rules } = node;
    if ((target.isBefore && target.isAfter) || !rules.some(({ id }) => id === target.id)) return undefined;
    const [denying, allowing] =
      this.#newly === 'allowed' ? (['before', 'after'] as const) : (['after', 'before'] as const);
    if (!this.#canBe(node, denying, 'denied') || !this.#canBe(node, allowing, 'allowed')) return undefined;
    const key = `${node.resource === undefined} ${rules.map(({ id, isBefore, isAfter }) => `${id}${isBefore}${isAfter}`).join(';')}`;
    if (this.#memo.has(key)) return undefined;
    this.#memo.add(key);
    const isDecided = !this.#canBe(node, denying, 'allowed') && !this.#canBe(node, allowing, 'denied');
    if (isDecided && target.atoms.length === 0) {
      const example = this.#verified(node);
      if (example !== undefined) return example;
    }
    const subject = this.#nextSubject(node);
    return subject === undefined ? undefined : this.#branch(node, subject);
  }

  #canBe(node: Node, side: keyof Sides, outcome: 'allowed' | 'denied'): boolean {
    const wanted = outcome === 'allowed';
    const steps = this.#choice.actions.map((action, step) => {
      const rules = node.rules.filter(
        (rule) => rule.step === step && (side === 'before' ? rule.isBefore : rule.isAfter),
      );
      // The policy of a key decides differently, so both are tried until the resource is chosen.
      const resources = node.resource === undefined && isKms(action) ? [KEY, '*'] : [node.resource ?? '*'];
      return resources.some((resource) =>
        canDecide(rules, { ...this.#request({ action, resource }).input, ...this.#sides[side] }, wanted),
      );
    });
    return wanted ? steps.every(Boolean) : steps.includes(true);
  }

  /** Returns the part of the request to choose next: first one that the target tests, and variables before the patterns that have them. */
  #nextSubject({ rules, target, resource }: Node): string | undefined {
    const changed = rules.filter(({ isBefore, isAfter }) => !isBefore || !isAfter);
    const first = [target, ...changed, ...rules].flatMap(({ atoms }) => atoms)[0];
    if (first === undefined) return resource === undefined && this.#choice.actions.some(isKms) ? RESOURCE : undefined;
    const all = rules.flatMap(({ atoms }) => atoms);
    const path = [first.subject];
    for (;;) {
      const needed = all
        .filter(({ subject }) => subject === path.at(-1))
        .flatMap(({ variables }) => variables)
        .find((variable) => variable !== path.at(-1) && !this.#isFixed(variable));
      if (needed === undefined) return path.at(-1);
      if (path.includes(needed)) {
        this.#limit([`${needed}, which is compared with a key that is compared with it`]);
        return path.at(-1);
      }
      path.push(needed);
    }
  }

  #branch(node: Node, subject: string): RequestDifference | undefined {
    const atoms = node.rules.flatMap((rule) => rule.atoms);
    const tried = new Set<string>();
    for (const choice of this.#choices(node, subject, atoms)) {
      const context = new Map([...node.context, ...choice.context]);
      const resource = choice.resource ?? node.resource;
      const request = this.#request({ resource, context });
      const chosen = new Set([...choice.context.keys(), ...(choice.resource === undefined ? [] : [RESOURCE])]);
      const isKnown = (key: string): boolean => chosen.has(key) || this.#isFixed(key) || node.context.has(key);
      const isReady = ({ subject: tested, variables }: Atom): boolean =>
        (tested === RESOURCE ? resource !== undefined : isKnown(tested)) && variables.every(isKnown);
      const answers = new Map<string, boolean>();
      for (const atom of atoms) if (isReady(atom) && !answers.has(atom.id)) answers.set(atom.id, atom.holds(request));
      const used = atoms.flatMap(({ variables }) => variables).filter((key) => chosen.has(key));
      const vector = JSON.stringify([[...answers], request.isUseOfKey, used.map((key) => context.get(key) ?? null)]);
      if (tried.has(vector)) continue;
      tried.add(vector);
      const example = this.#descendInto({ ...node, context, resource }, isReady, answers, chosen);
      if (example !== undefined) return example;
    }
    return undefined;
  }

  #descendInto(
    node: Node,
    isReady: (atom: Atom) => boolean,
    answers: ReadonlyMap<string, boolean>,
    chosen: ReadonlySet<string>,
  ): RequestDifference | undefined {
    let target: Live | undefined;
    const rules = node.rules.flatMap((rule) => {
      const answer = (atom: Atom): boolean => answers.get(atom.id)!;
      const live = reduced(rule, isReady, answer, (atom) => specialized(atom, chosen, node.context));
      if (rule.id === node.target.id) target = live;
      return live ?? [];
    });
    return target === undefined ? undefined : this.#descend(merged({ ...node, rules, target }));
  }

  #choices(node: Node, subject: string, atoms: readonly Atom[]): readonly ContextChoice[] {
    const request = this.#request({ resource: node.resource, context: node.context });
    const valueOf = (key: string): string | undefined => request.variable({ name: key, lowerCase: key });
    if (subject !== RESOURCE) {
      const { values, limits } = contextChoices(subject, atoms, {
        request,
        valueOf,
        isFixed: this.#isFixed,
        isChosen: (key) => node.context.has(key),
        hasTags: this.#facts.hasTags(this.#choice.actions),
      });
      this.#limit(limits);
      return values;
    }
    const { values, limits } = this.#resources(atoms, valueOf);
    this.#limit(limits);
    return values.map((resource) => ({ context: new Map(), resource }));
  }

  #resources(atoms: readonly Atom[], valueOf: ValueOf): Choices<string> {
    const { partition, resourceAccount: account, resources: filters } = this.#facts;
    return resourceChoices(atoms, { forms: this.#choice.forms, partition, account, filters, valueOf });
  }

  /** Completes the request, and decides it on both sides. */
  #verified(node: Node): RequestDifference | undefined {
    const resource = node.resource ?? this.#resources([], () => undefined).values[0];
    if (resource === undefined) return undefined;
    for (const action of this.#choice.actions) {
      const { input } = this.#request({ action, resource, context: node.context });
      const before = authorize({ ...input, ...this.#sides.before });
      const after = authorize({ ...input, ...this.#sides.after });
      const [isBefore, isAfter] = [before, after].map(({ value }) => value === 'allowed');
      if (isBefore === isAfter) continue;
      const broken = brokenKeyRules(input);
      if (broken.length > 0 || isAfter !== (this.#newly === 'allowed')) {
        this.#limit([`a request that breaks the rule "${broken.join('; ')}"`]);
        return undefined;
      }
      const { principal, resourceAccount, context } = input;
      const request = { principal, action, resource, resourceAccount, context };
      return { request, newly: this.#newly, before, after, statement: node.target.statement };
    }
    this.#limit(['a request that the engine decides in the same way']);
    return undefined;
  }
}
