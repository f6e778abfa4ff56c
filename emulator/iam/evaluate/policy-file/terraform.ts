import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../../core/json.ts';
import { chosen, PolicyProblem, type PolicyPlace } from './place.ts';

interface Resource {
  readonly address: string;
  readonly type: string;
  readonly values: JsonObject;
}

/** Attributes of `hashicorp/aws` with a policy document, in order of preference. */
const ATTRIBUTES = ['assume_role_policy', 'policy', 'json'] as const;

/** Whether the content is output of `terraform show -json` (Terraform documentation, "JSON Output Format"). */
export const isTerraform = (content: JsonObject): boolean =>
  'format_version' in content && ['planned_values', 'values', 'prior_state'].some((member) => member in content);

/** Returns a resource's policy. Throws `PolicyProblem`, also for a policy that is only known after apply. */
export function policyOfTerraform(content: JsonObject, { resource: address, policy: name }: PolicyPlace): unknown {
  // A plan contains its data sources in the prior state.
  const parts = [objectOf(content['prior_state'])['values'], content['planned_values'], content['values']];
  const all = parts.flatMap((part) => resourcesOf(objectOf(objectOf(part)['root_module'])));
  const unknown = unknownAttributes(content);
  const attributeOf = ({ address: at, values }: Resource): string | undefined =>
    ATTRIBUTES.find((attribute) => textOf(values[attribute]) !== undefined || unknown.has(`${at}.${attribute}`));
  const holders = all.filter((one) => attributeOf(one) !== undefined);
  const holder = chosen(new Map(holders.map((one) => [one.address, one])), address);
  if (name !== undefined) {
    const inline = listOf(holder.values['inline_policy'])
      .map(objectOf)
      .find((one) => one['name'] === name);
    if (inline === undefined) throw new PolicyProblem(`has no inline policy "${name}" of ${holder.address}.`);
    return inline['policy'];
  }
  const attribute = attributeOf(holder) ?? '';
  const policy = textOf(holder.values[attribute]);
  if (policy !== undefined) return policy;
  const causes = referencesOf(content, holder.address, attribute).filter((one) => isUnknown(one, all));
  throw new PolicyProblem(
    `has no ${attribute} of ${holder.address}, which is known only after apply${causes.length === 0 ? '' : ` because it depends on ${causes.join(' and ')}`}. Use the state after apply (terraform show -json).`,
  );
}

/** Returns all resources, also in nested modules, by absolute address. */
function resourcesOf(module: JsonObject): Resource[] {
  const own = listOf(module['resources'])
    .map(objectOf)
    .map(({ address, type, values }) => ({ address: String(address), type: String(type), values: objectOf(values) }));
  return [...own, ...listOf(module['child_modules']).flatMap((child) => resourcesOf(objectOf(child)))];
}

/** Returns `<address>.<attribute>` of values that are only known after apply. */
function unknownAttributes(content: JsonObject): ReadonlySet<string> {
  return new Set(
    listOf(content['resource_changes'])
      .map(objectOf)
      .flatMap(({ address, change }) =>
        Object.entries(objectOf(objectOf(change)['after_unknown']))
          .filter(([, value]) => value === true)
          .map(([attribute]) => `${String(address)}.${attribute}`),
      ),
  );
}

function isUnknown(reference: string, all: readonly Resource[]): boolean {
  const owner = all.find(({ address }) => reference.startsWith(`${withoutKeys(address)}.`));
  return owner === undefined || owner.values[reference.slice(withoutKeys(owner.address).length + 1)] === undefined;
}

const withoutKeys = (address: string): string => address.replaceAll(/\[[^\]]*\]/g, '');

/** Returns the references of an attribute, or of all attributes, resolved through data sources. */
function referencesOf(content: JsonObject, address: string, attribute?: string): string[] {
  const [, path = '', local = ''] = /^((?:module\.[^.]+\.)*)(.*)$/.exec(withoutKeys(address)) ?? [];
  let module = objectOf(objectOf(content['configuration'])['root_module']);
  for (const [, name = ''] of path.matchAll(/module\.([^.]+)\./g))
    module = objectOf(objectOf(objectOf(module['module_calls'])[name])['module']);
  const resource = listOf(module['resources'])
    .map(objectOf)
    .find((one) => one['address'] === local);
  const expressions = objectOf(resource?.['expressions']);
  const references = allReferences(attribute === undefined ? expressions : expressions[attribute]).filter(
    (one, _, all) => !all.some((other) => other.startsWith(`${one}.`)),
  );
  return [...new Set(references)].flatMap((one) => {
    const [, source] = /^(data\.\w+\.\w+)\./.exec(one) ?? [];
    return source === undefined ? [`${path}${one}`] : referencesOf(content, `${path}${source}`);
  });
}

const allReferences = (expression: unknown): string[] =>
  Array.isArray(expression)
    ? expression.flatMap(allReferences)
    : isJsonObject(expression)
      ? Object.entries(expression).flatMap(([key, value]) =>
          key === 'references' ? listOf(value).map(String) : allReferences(value),
        )
      : [];
