import { matcherOf, resourceForms } from '../../identity/policy/actions.ts';
import { splitArn } from '../../identity/policy/arn.ts';
import { partsOf } from '../../identity/policy/overlap.ts';
import {
  ANY_CHARACTER,
  STAR,
  isVariable,
  resolveVariables,
  tokenize,
  type ResolvedToken,
  type VariableSource,
} from '../../identity/policy/pattern.ts';
import { EvaluationRequest, isRoleAssumption } from '../../identity/policy/request.ts';
import type { PolicySource } from '../../identity/policy-source.ts';
import type { Question } from '../../identity/question.ts';
import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import { accountOf } from '../../identity/role.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { parseRoleArn } from '../facts/irsa.ts';
import { defaultsOf, policySources, sessionSource } from '../facts/trust.ts';

/** Resources of a question that policies do not distinguish. */
export interface ResourcePart {
  /** The patterns of policies that they match, if these do not match every resource of the question. */
  readonly patterns: readonly string[];
  /** The shortest of their ARNs. */
  readonly example: string;
}

export const hasWildcard = (resource: string): boolean => /[*?]/.test(resource);

/**
 * Divides the resources that a question with a wildcard names by the resources of the policies that decide. Without an account or region
 * in the question, only resources of the caller's account and the cluster's region are asked about. Returns undefined if there are too many parts.
 */
export function resourceParts(
  facts: ClusterFacts,
  question: Question,
  resourceSources: readonly PolicySource[],
): readonly ResourcePart[] | undefined {
  const { principal, action, resource } = question;
  if (principal.kind !== 'role-session') return undefined;
  const caller = facts.role(principal.roleArn);
  const sources = [
    ...(caller ? policySources(caller) : []),
    ...principal.sessionPolicies.map(sessionSource),
    ...resourceSources,
  ];
  const variables = new EvaluationRequest({
    ...question,
    identityPolicies: [],
    defaults: defaultsOf(facts, question, caller),
  });
  const patterns = new Map(
    sources.flatMap((source) => resourcesOf(source, action)).map((text) => [text, resolved(text, variables)]),
  );
  for (const arn of knownResources(facts)) patterns.set(arn, resolved(arn));
  const forms = formsOf(facts, action, resource, accountOf(principal.roleArn));
  const pattern = resolved(resource.replace(/(?<=[/:])\*$/, '?*'));
  const all = partsOf(pattern, [...patterns.values(), ...forms]);
  const parts = all?.filter(
    ({ matches, example }) =>
      (forms.length === 0 || matches.slice(patterns.size).includes(true)) &&
      // A pattern with `*` as account also matches other colons, which no name of a role has.
      !(isRoleAssumption(action) && parseRoleArn(example) === undefined),
  );
  const names = [...patterns.values()].map(textOf);
  const matchedBy = names.map((_, index) => parts?.filter(({ matches }) => matches[index] === true) ?? []);
  return parts
    ?.map((part) => {
      const matching = matchedBy.flatMap((matched, index) => (matched.includes(part) ? index : []));
      // A pattern that contains another pattern adds no information.
      const patterns = matching.filter(
        (index) =>
          matchedBy[index]!.length < parts.length &&
          !matching.some(
            (one) =>
              matchedBy[one]!.length < matchedBy[index]!.length &&
              matchedBy[one]!.every((each) => matchedBy[index]!.includes(each)),
          ),
      );
      return { patterns: patterns.map((index) => names[index]!), example: part.example };
    })
    .sort((one, other) => Number(one.patterns.length === 0) - Number(other.patterns.length === 0));
}

/** Resources whose policies were read. They form parts of their own, because the policies of other resources are unknown. */
const knownResources = ({ snapshot: { aws }, partition }: ClusterFacts): readonly string[] => [
  ...Object.keys(aws?.roles ?? {}),
  ...Object.keys(aws?.buckets ?? {}).flatMap((name) => [
    `arn:${partition}:s3:::${name}`,
    `arn:${partition}:s3:::${name}/*`,
  ]),
];

/** Returns the ARNs of the resources that an action acts on, in the account and region of the question. */
function formsOf(facts: ClusterFacts, action: string, resource: string, accountId: string): readonly ResolvedToken[][] {
  const [, partition, , region = '', account = ''] = splitArn(resource) ?? [];
  const literal = (field: string, otherwise: string | undefined): string =>
    field === '' || hasWildcard(field) ? (otherwise ?? '*') : field;
  const values: Readonly<Record<string, string>> = {
    '${Region}': literal(region, facts.snapshot.aws?.region),
    '${Account}': literal(account, accountId),
  };
  return (resourceForms(action) ?? []).map((form) =>
    resolved(
      form
        .replace('arn:aws', `arn:${partition === undefined || hasWildcard(partition) ? facts.partition : partition}`)
        .replaceAll(/\$\{[^}]*\}/g, (variable) => values[variable] ?? '?*'),
    ),
  );
}

/** Returns the resources of the statements about an action. */
function resourcesOf({ text }: PolicySource, action: string): readonly string[] {
  return listOf(documentOf(text)['Statement']).flatMap((statement) => {
    const { Action: actions, NotAction: others, Resource: resources, NotResource: exempt } = objectOf(statement);
    const isAbout = listOf(actions ?? others).some((one) => matcherOf(String(one))(action));
    return isAbout === (actions !== undefined) ? [...listOf(resources), ...listOf(exempt)].map(String) : [];
  });
}

/** Parses a policy. If that fails, returns an empty one, because the decision is unknown anyway. */
function documentOf(text = '{}'): JsonObject {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Replaces variables by their values, and variables without a known value by `*`. */
function resolved(text: string, variables?: VariableSource): ResolvedToken[] {
  const tokens = tokenize(text, { wildcards: true, variables: variables !== undefined });
  return tokens.flatMap((token) => (isVariable(token) ? (resolveVariables([token], variables!) ?? STAR) : token));
}

const textOf = (tokens: readonly ResolvedToken[]): string =>
  tokens.map((token) => (token === STAR ? '*' : token === ANY_CHARACTER ? '?' : token)).join('');
