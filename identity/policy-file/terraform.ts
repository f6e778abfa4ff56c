import { listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { PolicyProblem } from '../deployment/deployment.ts';
import { TerraformPlan, type Resource } from '../deployment/terraform-plan.ts';
import { chosen, type PolicyPlace } from './place.ts';

/** Attributes of `hashicorp/aws` with a policy document, in order of preference. */
const ATTRIBUTES = ['assume_role_policy', 'policy', 'json'] as const;

/** Returns a resource's policy. Throws `PolicyProblem`, also for a policy that is only known after apply. */
export function policyOfTerraform(content: JsonObject, { resource: address, policy: name }: PolicyPlace): unknown {
  const plan = new TerraformPlan(content);
  const attributeOf = (one: Resource): string | undefined =>
    ATTRIBUTES.find((attribute) => textOf(one.values[attribute]) !== undefined || plan.isAfterApply(one, attribute));
  const holders = plan.resources.filter((one) => attributeOf(one) !== undefined);
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
  const { reason } = plan.afterApply(holder, attribute);
  throw new PolicyProblem(
    `has no ${attribute} of ${holder.address}, which ${reason.slice(`${holder.address}.${attribute} `.length)}. Use the state after apply (terraform show -json).`,
  );
}
