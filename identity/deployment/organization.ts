import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { FULL_AWS_ACCESS, type Organization, type OrganizationTarget } from '../organization.ts';
import { compilePolicy } from '../policy/index.ts';
import { contentOf, fileError, unmarked } from './read.ts';
import { PolicyProblem } from './deployment.ts';
import { isConditionTrue, isTemplate, resolverOf } from './template-values.ts';
import { isTerraform, TerraformPlan } from './terraform-plan.ts';

const KINDS = { SERVICE_CONTROL_POLICY: 'scps', RESOURCE_CONTROL_POLICY: 'rcps' } as const;

/** A policy as it is attached. */
interface AttachedPolicy {
  readonly type: string;
  readonly name: string;
  readonly content: string;
  /** Ids of the root, of units and accounts. */
  readonly targets: readonly string[];
}

/**
 * Reads an organization from the lists of `aws organizations` (docs/organizations.md has the script), the output of `terraform show -json`
 * or a template with policies of organizations. Throws `HarnessError` BAD_FILE.
 */
export function readOrganization(path: string): Organization {
  const content = contentOf(path);
  try {
    const organization = isTerraform(content)
      ? declaredOrganization(policiesOfTerraform(new TerraformPlan(content)))
      : isTemplate(content)
        ? declaredOrganization(policiesOfTemplate(content))
        : listedOrganization(content);
    for (const target of Object.values(organization.targets))
      for (const kind of ['scp', 'rcp'] as const)
        for (const [name, text] of Object.entries(target[`${kind}s`])) compilePolicy(text, { kind, name });
    return organization;
  } catch (error) {
    if (error instanceof Error && error.name === 'AwsError')
      throw fileError(path, 'Organization file')(`has a malformed policy: ${error.message}`, error);
    throw unmarked(path, error, 'Organization file');
  }
}

/** Returns the policies of a target by name. */
const attachedTo = (
  policies: readonly AttachedPolicy[],
  isTarget: (policy: AttachedPolicy) => boolean,
): Pick<OrganizationTarget, 'scps' | 'rcps'> => {
  const ofType = (type: string): Record<string, string> =>
    Object.fromEntries(
      policies.filter((one) => one.type === type && isTarget(one)).map(({ name, content }) => [name, content]),
    );
  return { scps: ofType('SERVICE_CONTROL_POLICY'), rcps: ofType('RESOURCE_CONTROL_POLICY') };
};

/** Returns the organization in the lists of the script. */
function listedOrganization(content: JsonObject): Organization {
  const { Id, MasterAccountId } = objectOf(content['Organization']);
  const objects = (name: string): JsonObject[] => listOf(content[name]).map(objectOf);
  if (textOf(Id) === undefined || objects('Roots').length === 0)
    throw new PolicyProblem(
      'must have "Organization" with an "Id", and "Roots". docs/organizations.md has the script.',
    );
  const policies = objects('Policies').map((one): AttachedPolicy => {
    const { PolicySummary, Content } = objectOf(one['Policy']);
    const { Type, Name } = objectOf(PolicySummary);
    const targets = listOf(one['Targets']).flatMap((target) => textOf(objectOf(target)['TargetId']) ?? []);
    return { type: String(Type), name: String(Name), content: String(Content), targets };
  });
  const children = objects('Children').flatMap(({ ParentId: parent, OrganizationalUnits, Accounts }) => [
    ...listOf(OrganizationalUnits).map((one) => ({ ...objectOf(one), parent, label: 'OU' })),
    ...listOf(Accounts).map((one) => ({ ...objectOf(one), parent, label: 'account' })),
  ]) as JsonObject[];
  const targets = [...objects('Roots').map((one): JsonObject => ({ ...one, label: '' })), ...children].map((one) => {
    const id = String(one['Id']);
    return [
      id,
      {
        name: one['label'] === '' ? 'Root' : `${String(one['label'])} ${textOf(one['Name']) ?? id}`,
        parent: textOf(one['parent']),
        ...attachedTo(policies, (policy) => policy.targets.includes(id)),
      },
    ] as const;
  });
  return { id: String(Id), managementAccount: textOf(MasterAccountId), targets: Object.fromEntries(targets) };
}

/** Returns an organization of which only some policies are declared. Every account is below the roots and units that they are attached to. */
function declaredOrganization(policies: readonly AttachedPolicy[]): Organization {
  if (policies.length === 0) throw new PolicyProblem('has no service or resource control policy.');
  const isAccount = (target: string): boolean => /^\d{12}$/.test(target);
  const accounts = [...new Set(policies.flatMap(({ targets }) => targets.filter(isAccount)))];
  const root = attachedTo(policies, ({ targets }) => targets.length === 0 || !targets.every(isAccount));
  return {
    otherAccounts: 'root',
    targets: {
      root: { name: 'the organization', ...root, scps: { ...FULL_AWS_ACCESS, ...root.scps } },
      ...Object.fromEntries(
        accounts.map((id) => {
          const own = attachedTo(policies, ({ targets }) => targets.includes(id));
          return [id, { name: `account ${id}`, parent: 'root', ...own, scps: { ...FULL_AWS_ACCESS, ...own.scps } }];
        }),
      ),
    },
    notes: [
      'The files of --organization declare policies, not the organization. Every account counts as below their roots and units, and FullAWSAccess as attached.',
    ],
  };
}

function policiesOfTerraform(plan: TerraformPlan): readonly AttachedPolicy[] {
  const attachments = plan.ofType('aws_organizations_policy_attachment');
  return plan.ofType('aws_organizations_policy').flatMap((one): AttachedPolicy[] => {
    const { name, id, type = 'SERVICE_CONTROL_POLICY' } = one.values;
    if (!(String(type) in KINDS)) return [];
    const content = plan.required(one, 'content');
    if (typeof content !== 'string')
      throw new PolicyProblem(
        `has ${one.address} whose content is known only after apply. Apply it, and use the state.`,
      );
    const targets = attachments
      .filter(({ values }) => values['policy_id'] === id && typeof id === 'string')
      .flatMap(({ values }) => textOf(values['target_id']) ?? []);
    return [{ type: String(type), name: String(name), content, targets }];
  });
}

function policiesOfTemplate(template: JsonObject): readonly AttachedPolicy[] {
  return Object.entries(objectOf(template['Resources'])).flatMap(([id, resource]): AttachedPolicy[] => {
    const one = objectOf(resource);
    const resolve = resolverOf(template, {}, id);
    const { Name, Type, Content, TargetIds } = objectOf(one['Properties']);
    const isDeployed =
      one['Condition'] === undefined || isConditionTrue(template, { Condition: one['Condition'] }, resolve);
    if (one['Type'] !== 'AWS::Organizations::Policy' || !(String(Type) in KINDS) || !isDeployed) return [];
    const content = resolve(Content);
    const targets = listOf(resolve(TargetIds)).flatMap((target) => textOf(target) ?? []);
    const name = textOf(resolve(Name)) ?? id;
    return [
      { type: String(Type), name, content: isJsonObject(content) ? JSON.stringify(content) : String(content), targets },
    ];
  });
}
