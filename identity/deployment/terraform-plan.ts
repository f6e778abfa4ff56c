import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { PolicyProblem, Unknown, type Known } from './deployment.ts';

export interface Resource {
  /** Absolute, with the keys of `count` and `for_each`. */
  readonly address: string;
  readonly type: string;
  readonly isData: boolean;
  readonly values: JsonObject;
  /** The address of its module with a dot at its end; empty for the root module. */
  readonly module: string;
}

/** The values before a plan is applied, or after it. A state has only one side. */
export type Side = 'before' | 'after';

/** Whether the content is output of `terraform show -json` (Terraform documentation, "JSON Output Format"). */
export const isTerraform = (content: JsonObject): boolean =>
  'format_version' in content && ['planned_values', 'values', 'prior_state'].some((member) => member in content);

const KEY = String.raw`\[(?:\d+|"(?:[^"\\]|\\.)*")\]`;
const withoutKeys = (address: string): string => address.replaceAll(new RegExp(KEY, 'g'), '');
const keyOf = (address: string): string | undefined => new RegExp(`${KEY}(?=\\.?$)`).exec(address)?.[0];

/** Terraform's plan or state, with the references between resources. Throws `PolicyProblem` for another version of the format. */
export class TerraformPlan {
  readonly resources: readonly Resource[];
  readonly content: JsonObject;
  readonly #side: Side;
  readonly #unknown = new Map<string, JsonObject>();

  constructor(content: JsonObject, side: Side = 'after') {
    const version = String(content['format_version']);
    if (!/^[01]\./.test(version))
      throw new PolicyProblem(`has format ${version} of "terraform show -json". Use a Terraform whose format is 1.x.`);
    this.content = content;
    this.#side = side;
    const prior = resourcesOf(objectOf(objectOf(content['prior_state'])['values'])['root_module']);
    const planned = objectOf(content[side === 'after' && 'planned_values' in content ? 'planned_values' : 'values']);
    const current = resourcesOf(planned['root_module']);
    // A plan contains its data sources in the prior state.
    const before = side === 'before' && !('values' in content) ? prior : prior.filter(({ isData }) => isData);
    this.resources = [...new Map([...before, ...current].map((one) => [one.address, one])).values()];
    for (const { address, change } of listOf(content['resource_changes']).map(objectOf))
      this.#unknown.set(String(address), objectOf(objectOf(change)['after_unknown']));
  }

  ofType = (...types: readonly string[]): Resource[] =>
    this.resources.filter(({ type, isData }) => !isData && types.includes(type));

  /** Resources of the prior state, whose values may still be in computed attributes of others. */
  get prior(): readonly Resource[] {
    return resourcesOf(objectOf(objectOf(this.content['prior_state'])['values'])['root_module']);
  }

  isAfterApply = (resource: Resource, attribute: string): boolean => {
    if (this.#side === 'before') return false;
    const change = this.#unknown.get(resource.address);
    return change === undefined
      ? 'configuration' in this.content &&
          resource.values[attribute] === undefined &&
          this.isConfigured(resource, attribute)
      : isUnknownIn(change[attribute]);
  };

  /** Returns a text. Undefined: it is not set. Throws `PolicyProblem` for a value of another type. */
  text(resource: Resource, attribute: string): Known<string> | undefined {
    const value = resource.values[attribute];
    if (this.isAfterApply(resource, attribute)) return this.afterApply(resource, attribute);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    throw new PolicyProblem(
      `has ${resource.address} whose "${attribute}" is not a text. This version of its provider is not supported.`,
    );
  }

  /** Returns a text that each version of the provider writes. */
  required(resource: Resource, attribute: string): Known<string> {
    const text = this.text(resource, attribute);
    if (text !== undefined) return text;
    throw new PolicyProblem(
      `has ${resource.address} without "${attribute}". This version of its provider is not supported.`,
    );
  }

  /** Returns a list of texts; undefined if it is not known. */
  texts = (resource: Resource, attribute: string): readonly string[] | undefined =>
    this.isAfterApply(resource, attribute)
      ? undefined
      : listOf(resource.values[attribute]).flatMap((value) => textOf(value) ?? []);

  /** Names what a value depends on. */
  afterApply(resource: Resource, attribute: string): Unknown {
    const causes = this.#leaves(resource, attribute, true)
      .filter((one) => this.#isLeafUnknown(one))
      .map((one) => one.replace(/\.$/, ''));
    const because = causes.length === 0 ? '' : ` because it depends on ${[...new Set(causes)].join(' and ')}`;
    return new Unknown(`${resource.address}.${attribute} is known only after apply${because}`);
  }

  /** Whether the configuration sets an attribute. A state has no configuration. */
  isConfigured = ({ address, module }: Resource, attribute: string): boolean => {
    if (!('configuration' in this.content) || this.#side === 'before') return true;
    return attribute in objectOf(this.#declared(module, withoutKeys(address.slice(module.length)))['expressions']);
  };

  /** Returns the resources of a type that an attribute refers to, through variables and outputs. Undefined: not all are known. */
  referred(resource: Resource, attribute: string, type: string): readonly Resource[] | undefined {
    const leaves = this.#leaves(resource, attribute, false);
    const targets = this.ofType(type).filter(({ address }) => leaves.some((one) => one.startsWith(`${address}.`)));
    return leaves.some((one) => /(?:^|\.)local\./.test(one)) ? undefined : targets;
  }

  hasReferences = (resource: Resource, attribute: string): boolean =>
    this.#leaves(resource, attribute, false).length > 0;

  #isLeafUnknown(leaf: string): boolean {
    const owner = this.resources.find(({ address }) => leaf.startsWith(`${address}.`));
    const attribute = owner && leaf.slice(owner.address.length + 1).replace(/\.$/, '');
    return owner === undefined || attribute === undefined || owner.values[attribute] === undefined;
  }

  #configOf(module: string): JsonObject {
    let config = objectOf(objectOf(this.content['configuration'])['root_module']);
    for (const [, name = ''] of withoutKeys(module).matchAll(/module\.([\w-]+)\./g))
      config = objectOf(objectOf(objectOf(config['module_calls'])[name])['module']);
    return config;
  }

  #declared = (module: string, local: string): JsonObject =>
    listOf(this.#configOf(module)['resources'])
      .map(objectOf)
      .find((one) => one['address'] === local) ?? {};

  #leaves({ address, module }: Resource, attribute: string, throughData: boolean): string[] {
    const declared = this.#declared(module, withoutKeys(address.slice(module.length)));
    const [first = '', ...path] = attribute.split('.');
    const expression = path.reduce<unknown>(
      (value, name) => objectOf(listOf(value)[0])[name],
      objectOf(declared['expressions'])[first],
    );
    return this.#follow(
      expression,
      { module, key: keyOf(address), each: declared['for_each_expression'] },
      throughData,
    );
  }

  /** Follows references to `<address of a resource>.<attribute>`; what cannot be followed stays. */
  #follow(expression: unknown, from: Scope, throughData: boolean, depth = 0): string[] {
    if (depth > 20) return [];
    const all = [...new Set(allReferences(expression))];
    const isKeyed = all.some((one) => /^(?:each\.key|count\.index|each\.value)/.test(one));
    const longest = all.filter(
      (one) => !all.some((other) => other.startsWith(`${one}.`) || other.startsWith(`${one}[`)),
    );
    const follow = (next: unknown, scope: Scope): string[] => this.#follow(next, scope, throughData, depth + 1);
    return longest.flatMap((reference) => {
      const [head = '', name = ''] = reference.split(/[.[]/);
      if (/^(?:each\.key|count\.index|path\.|terraform\.)/.test(reference)) return [];
      if (head === 'each') return follow(from.each, { ...from, each: undefined });
      if (head === 'var') {
        if (from.module === '') return [];
        const parent = from.module.replace(new RegExp(`module\\.[\\w-]+(?:${KEY})?\\.$`), '');
        const called = /module\.([\w-]+)[^.]*\.$/.exec(withoutKeys(from.module))?.[1] ?? '';
        const call = objectOf(objectOf(this.#configOf(parent)['module_calls'])[called]);
        const scope = { module: parent, key: keyOf(from.module), each: call['for_each_expression'] };
        return follow(objectOf(call['expressions'])[name], scope);
      }
      if (head === 'module')
        return this.#modules(reference, from, isKeyed).flatMap(([module, outputs]) => {
          const declared = objectOf(this.#configOf(module)['outputs']);
          return outputs.flatMap((output) => follow(objectOf(declared[output])['expression'], { module }));
        });
      const [, local = reference, key, attribute = ''] =
        new RegExp(`^((?:data\\.)?[\\w-]+\\.[\\w-]+)(${KEY})?\\.?(.*)$`).exec(reference) ?? [];
      const wanted = key ?? (isKeyed ? from.key : undefined);
      const instances = this.resources.filter(
        ({ address }) => withoutKeys(address) === withoutKeys(from.module) + local && address.startsWith(from.module),
      );
      const same = instances.filter(({ address }) => wanted !== undefined && keyOf(address) === wanted);
      const source = head === 'data' && throughData ? this.#declared(from.module, local)['expressions'] : undefined;
      const through = source === undefined ? [] : follow(source, { module: from.module });
      if (through.length > 0) return through;
      if (instances.length === 0) return [`${from.module}${reference}.`];
      return (same.length > 0 ? same : instances).map(
        ({ address }) => `${address}.${attribute}${attribute === '' ? '' : '.'}`,
      );
    });
  }

  /** Returns the instances of a module that a reference means, with the names of its outputs. */
  #modules(reference: string, from: Scope, isKeyed: boolean): (readonly [string, readonly string[]])[] {
    const [, name = '', key, output] = new RegExp(`^module\\.([\\w-]+)(${KEY})?\\.?([\\w-]*)`).exec(reference) ?? [];
    const start = `${from.module}module.${name}`;
    const all = this.resources.flatMap(({ module }) => {
      const instance = module.startsWith(start) ? new RegExp(`^(?:${KEY})?\\.`).exec(module.slice(start.length)) : null;
      return instance === null ? [] : start + instance[0];
    });
    const wanted = key ?? (isKeyed ? from.key : undefined);
    const instances = [...new Set(all)];
    const same = instances.filter((one) => wanted !== undefined && keyOf(one) === wanted);
    return (same.length > 0 ? same : instances).map((module) => [
      module,
      output ? [output] : Object.keys(objectOf(this.#configOf(module)['outputs'])),
    ]);
  }
}

/** Where a reference stands. */
interface Scope {
  readonly module: string;
  /** The key of the resource or module that refers. */
  readonly key?: string | undefined;
  readonly each?: unknown;
}

const isUnknownIn = (value: unknown): boolean =>
  value === true || (Array.isArray(value) ? value.some(isUnknownIn) : Object.values(objectOf(value)).some(isUnknownIn));

/** Returns all resources, also in nested modules. */
function resourcesOf(root: unknown): Resource[] {
  const module = objectOf(root);
  const at = textOf(module['address']);
  const resources = listOf(module['resources']).map(objectOf);
  return [
    ...resources.map(({ address, type, mode, values }) => ({
      ...{ address: String(address), type: String(type), values: objectOf(values) },
      isData: mode === 'data' || /(?:^|\.)data\.[\w-]+\.[\w-]+/.test(withoutKeys(String(address))),
      module: at === undefined ? '' : `${at}.`,
    })),
    ...listOf(module['child_modules']).flatMap(resourcesOf),
  ];
}

const allReferences = (expression: unknown): string[] =>
  Array.isArray(expression)
    ? expression.flatMap(allReferences)
    : isJsonObject(expression)
      ? Object.entries(expression).flatMap(([key, value]) =>
          key === 'references' ? listOf(value).map(String) : allReferences(value),
        )
      : [];
