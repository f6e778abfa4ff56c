import { readFileSync } from 'node:fs';
import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { isJsonObject, type JsonObject } from '../../foundation/node/json.ts';
import { isTemplate, placesOfTemplate, policyOfTemplate, templateFromYaml } from './cloudformation.ts';
import { PolicyProblem, type PolicyPlace, type RolePlaces } from './place.ts';
import { isTerraform, placesOfTerraform, policyOfTerraform } from './terraform.ts';

/**
 * Reads a policy from a file, from the output of `terraform show -json`, or from a CloudFormation or CDK template
 * (JSON, or YAML by file name). Throws `HarnessError` BAD_FILE. @param change transforms the text before it is parsed
 */
export function readPolicyFile(
  path: string,
  place: PolicyPlace,
  change: (text: string) => string = (text) => text,
): JsonObject {
  const bad = (problem: string, cause?: unknown): HarnessError =>
    new HarnessError('BAD_FILE', `Policy file ${path} ${problem}`, { cause });
  const content = contentOf(path, change, bad);
  const read = isTerraform(content) ? policyOfTerraform : isTemplate(content) ? policyOfTemplate : undefined;
  if (read === undefined && place.resource !== undefined)
    throw bad(
      `has no resource "${place.resource}": it is neither output of "terraform show -json" nor a template with "Resources".`,
    );
  try {
    const found = read === undefined ? content : read(content, place);
    const policy: unknown = typeof found === 'string' ? JSON.parse(found) : found;
    if (isJsonObject(policy)) return policy;
  } catch (error) {
    if (error instanceof PolicyProblem) throw bad(error.message);
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw bad(NO_POLICY);
}

/** Reads where a role's policies are in the output of `terraform show -json` or a template. Throws `HarnessError` BAD_FILE. */
export function readRolePlaces(
  path: string,
  role: string | undefined,
  change: (text: string) => string = (text) => text,
): RolePlaces {
  const bad = (problem: string, cause?: unknown): HarnessError =>
    new HarnessError('BAD_FILE', `Policy file ${path} ${problem}`, { cause });
  const content = contentOf(path, change, bad);
  try {
    return (isTerraform(content) ? placesOfTerraform : placesOfTemplate)(content, role);
  } catch (error) {
    throw error instanceof PolicyProblem ? bad(error.message) : error;
  }
}

const NO_POLICY = 'must contain a policy document: an object with "Version" and "Statement".';

function contentOf(
  path: string,
  change: (text: string) => string,
  bad: (problem: string, cause?: unknown) => HarnessError,
): JsonObject {
  let text: string;
  try {
    text = change(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    throw bad(`cannot be read (${unreadable(error)}). Check the path.`, error);
  }
  const isYaml = /\.(?:ya?ml|template)$/.test(path);
  try {
    const content: unknown = isYaml ? templateFromYaml(text) : JSON.parse(text);
    if (isJsonObject(content)) return content;
  } catch (error) {
    throw bad(
      `is not ${isYaml ? 'YAML' : 'JSON'}: ${(error as Error).message.split('\n')[0]?.replace(/[.:]+$/, '')}.`,
      error,
    );
  }
  throw bad(NO_POLICY);
}
