import { readFileSync } from 'node:fs';
import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { isJsonObject, type JsonObject } from '../../foundation/node/json.ts';
import { PolicyProblem, type Deployment, type Surroundings } from './deployment.ts';
import { deploymentOfManifest } from './manifest.ts';
import { forFlags, isTemplate, templateFromYaml } from './template-values.ts';
import { deploymentOfTemplate } from './template.ts';
import { isTerraform, type Side } from './terraform-plan.ts';
import { deploymentOfTerraform } from './terraform.ts';

/** Transforms a text before it is parsed. */
export type Change = (text: string) => string;

export const NO_POLICY = 'must contain a policy document: an object with "Version" and "Statement".';

export const fileError =
  (path: string, kind = 'Policy file') =>
  (problem: string, cause?: unknown): HarnessError =>
    new HarnessError('BAD_FILE', `${kind} ${path}${problem.startsWith(',') ? '' : ' '}${problem}`, { cause });

/** Returns the error of a file, if it is a `PolicyProblem`, otherwise the error itself. */
export const unmarked = (path: string, error: unknown, kind?: string): unknown =>
  error instanceof PolicyProblem ? fileError(path, kind)(error.message) : error;

/** Reads a file of JSON, or of YAML by its name. Throws `HarnessError` BAD_FILE. */
export const contentOf = (path: string, change: Change = (text) => text): JsonObject =>
  contentOfText(path, change(textOfFile(path, 'Policy file')));

/** Parses the text of a file. Throws `HarnessError` BAD_FILE. */
export function contentOfText(path: string, text: string): JsonObject {
  const bad = fileError(path);
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

export function textOfFile(path: string, kind: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw fileError(path, kind)(`cannot be read (${unreadable(error)}). Check the path.`, error);
  }
}

/**
 * Reads what the output of `terraform show -json`, or a template of CloudFormation or CDK, deploys. `side`: before or after a plan is
 * applied. Throws `HarnessError` BAD_FILE.
 */
export function readDeployment(
  path: string,
  format: 'terraform' | 'template',
  given: Surroundings,
  side?: Side,
): Deployment {
  const content = contentOf(path);
  const isRight = format === 'terraform' ? isTerraform(content) : isTemplate(content) && !isTerraform(content);
  if (!isRight)
    throw fileError(path)(
      format === 'terraform'
        ? 'is not output of "terraform show -json". For a template of CloudFormation, use --template.'
        : 'is not a template with "Resources". For output of "terraform show -json", use --terraform.',
    );
  try {
    return format === 'terraform' ? deploymentOfTerraform(content, given, side) : deploymentOfTemplate(content, given);
  } catch (error) {
    throw error instanceof PolicyProblem ? fileError(path)(forFlags(error.message)) : error;
  }
}

/** Reads service accounts and templates of pods in a manifest of Kubernetes; `-` is standard input. Throws `HarnessError` BAD_FILE. */
export function readManifest(path: string): Deployment {
  try {
    return deploymentOfManifest(textOfFile(path, 'Manifest'));
  } catch (error) {
    throw unmarked(path, error, 'Manifest');
  }
}
