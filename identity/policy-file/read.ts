import { isJsonObject, type JsonObject } from '../../foundation/node/json.ts';
import type { DeployedRole, Values } from '../deployment/deployment.ts';
import { contentOf, fileError, NO_POLICY, unmarked, type Change } from '../deployment/read.ts';
import { isTemplate } from '../deployment/template-values.ts';
import { deploymentOfTemplate } from '../deployment/template.ts';
import { isTerraform } from '../deployment/terraform-plan.ts';
import { deploymentOfTerraform } from '../deployment/terraform.ts';
import { policyOfTemplate } from './cloudformation.ts';
import { chosen, type PolicyPlace } from './place.ts';
import { policyOfTerraform } from './terraform.ts';

/**
 * Reads a policy from a file, from the output of `terraform show -json`, or from a CloudFormation or CDK template
 * (JSON, or YAML by file name). Throws `HarnessError` BAD_FILE. @param change transforms the text before it is parsed
 */
export function readPolicyFile(path: string, place: PolicyPlace, change?: Change): JsonObject {
  const bad = fileError(path);
  const content = contentOf(path, change);
  const read = isTerraform(content) ? policyOfTerraform : isTemplate(content) ? policyOfTemplate : undefined;
  if (read === undefined && place.resource !== undefined)
    throw bad(
      `has no resource "${place.resource}": it is neither output of "terraform show -json" nor a template with "Resources".`,
    );
  try {
    const document = read === undefined ? content : read(content, place);
    const policy: unknown = typeof document === 'string' ? JSON.parse(document) : document;
    if (isJsonObject(policy)) return policy;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw unmarked(path, error);
  }
  throw bad(NO_POLICY);
}

/** Reads a role in the output of `terraform show -json` or a template. Throws `HarnessError` BAD_FILE. */
export function readRole(path: string, role: string | undefined, values?: Values, change?: Change): DeployedRole {
  const content = contentOf(path, change);
  try {
    const { roles } = (isTerraform(content) ? deploymentOfTerraform : deploymentOfTemplate)(content, { values });
    return chosen(new Map(roles.map((one) => [one.address, one])), role);
  } catch (error) {
    throw unmarked(path, error);
  }
}
