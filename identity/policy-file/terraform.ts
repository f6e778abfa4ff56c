import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { chosen, PolicyProblem, type PolicyPlace, type RolePlaces } from './place.ts';

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

/** Returns an attribute's known values, without `null` and empty ones. */
const valuesOf = ({ values }: Resource, attribute: string): unknown[] =>
  listOf(values[attribute]).filter((value) => value !== null && value !== '');

function allResources(content: JsonObject): Resource[] {
  // A plan contains its data sources in the prior state.
  const parts = [objectOf(content['prior_state'])['values'], content['planned_values'], content['values']];
  return parts.flatMap((part) => resourcesOf(objectOf(objectOf(part)['root_module'])));
}

/** Returns a resource's policy. Throws `PolicyProblem`, also for a policy that is only known after apply. */
export function policyOfTerraform(content: JsonObject, { resource: address, policy: name }: PolicyPlace): unknown {
  const all = allResources(content);
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

/** Returns where the policies of a role are. Throws `PolicyProblem`. */
export function placesOfTerraform(content: JsonObject, address: string | undefined): RolePlaces {
  const all = allResources(content);
  const ofType = (...types: string[]): Resource[] => all.filter(({ type }) => types.includes(type));
  const role = chosen(new Map(ofType('aws_iam_role').map((one) => [one.address, one])), address);
  /** Returns whether an attribute has the value of a resource, or refers to it as long as that is unknown. */
  const leadsTo = (from: Resource, attribute: string, to: Resource, value: unknown): boolean => {
    const given = valuesOf(from, attribute);
    if (given.length > 0) return value !== undefined && given.includes(value);
    const [key, other] = [from, to].map((one) => /\[[^\]]*\]$/.exec(one.address)?.[0]);
    const isSame = key === undefined || other === undefined || key === other;
    return (
      isSame &&
      referencesOf(content, from.address, attribute).some((one) => `${one}.`.startsWith(`${withoutKeys(to.address)}.`))
    );
  };
  const isOfRole = (one: Resource): boolean =>
    ['role', 'roles'].some((attribute) => leadsTo(one, attribute, role, role.values['name']));
  const managed = (from: Resource, attribute: string): Resource[] =>
    ofType('aws_iam_policy').filter((one) => leadsTo(from, attribute, one, one.values['arn']));
  const attachments = ofType('aws_iam_role_policy_attachment', 'aws_iam_policy_attachment').filter(isOfRole);
  const links = [...attachments.map((one) => [one, 'policy_arn'] as const), [role, 'managed_policy_arns'] as const];
  const attached = new Set(links.flatMap(([from, attribute]) => managed(from, attribute)));
  const known = new Set(ofType('aws_iam_policy').map(({ values }) => values['arn']));
  const elsewhere = [...links, [role, 'permissions_boundary'] as const].flatMap(([from, attribute]) => {
    const given = valuesOf(from, attribute);
    if (given.length > 0) return given.filter((arn) => !known.has(arn)).map(String);
    return managed(from, attribute).length > 0 ? [] : referencesOf(content, from.address, attribute);
  });
  const place = (one: Resource): PolicyPlace => ({ resource: one.address });
  return {
    resource: role.address,
    name: textOf(role.values['name']),
    tags: objectOf(role.values['tags']) as Readonly<Record<string, string>>,
    inline: [
      ...valuesOf(role, 'inline_policy').map((one) => ({
        resource: role.address,
        policy: String(objectOf(one)['name']),
      })),
      ...ofType('aws_iam_role_policy').filter(isOfRole).map(place),
    ],
    attached: [...attached].map(place),
    boundary: managed(role, 'permissions_boundary').map(place),
    elsewhere,
    associations: ofType('aws_eks_pod_identity_association')
      .filter((one) => leadsTo(one, 'role_arn', role, role.values['arn']) && !hasMore(content, one))
      .map(({ address, values }) => ({
        ...{ resource: address, cluster: textOf(values['cluster_name']) },
        ...{ namespace: textOf(values['namespace']), serviceAccount: textOf(values['service_account']) },
      })),
  };
}

/** Whether an association has a target role, a session policy or no session tags. */
const hasMore = (content: JsonObject, { address, values }: Resource): boolean =>
  [values['target_role_arn'], values['policy'], values['disable_session_tags']].some(Boolean) ||
  referencesOf(content, address, 'target_role_arn').length > 0;

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
