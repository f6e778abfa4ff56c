import { dirname, basename } from 'node:path';
import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import * as model from '../deployment/deployment.ts';
import { deploymentOfManifest } from '../deployment/manifest.ts';
import { contentOfText, unmarked } from '../deployment/read.ts';
import {
  otherPoliciesOfTemplate,
  otherPoliciesOfTerraform,
  scopeOf,
  type AttachedElsewhere,
  type OtherPolicies,
  type ResourcePolicy,
} from '../deployment/resource-policies.ts';
import { isTemplate } from '../deployment/template-values.ts';
import { deploymentOfTemplate } from '../deployment/template.ts';
import { isTerraform, type Side } from '../deployment/terraform-plan.ts';
import { deploymentOfTerraform } from '../deployment/terraform.ts';
import { templateValues } from './template-names.ts';

export interface SourceFile {
  /** As the user gave it, or relative to the folder. */
  readonly path: string;
  readonly text: string;
}

/** What the files of one side deploy. */
export interface AccessSide extends model.Deployment, Pick<OtherPolicies, 'resourcePolicies'> {
  readonly files: readonly SourceFile[];
  /** The side of Terraform plans. */
  readonly side: Side;
  readonly accountId: string;
  readonly region: string;
}

/** Files whose content may give access in a form that is not read. */
const MAY_GIVE_ACCESS =
  /arn:aws[\w-]*:|eks\.amazonaws\.com|sts:AssumeRole|["']?Statement["']?\s*[:=]|aws_iam_|AWS::IAM|PodIdentity|serviceAccountName/;

/** What the kind of a policy is called in names of files. */
const KIND =
  /[-_.]?(?:assume[-_]?role[-_]?policy|trust|permissions?|boundary|session|inline|identity|policy|policies)/gi;

/** Returns the account that the files name first. */
export const accountOf = (files: readonly SourceFile[]): string | undefined =>
  files.map(({ text }) => /\barn:aws[\w-]*:iam::(\d{12}):/.exec(text)?.[1]).find((one) => one !== undefined);

/** Returns what files deploy, of any form. Throws `HarnessError` BAD_FILE. */
export function sideOf(files: readonly SourceFile[], given: model.Surroundings, side: Side = 'after'): AccessSide {
  const parts: model.Deployment[] = [];
  const policies: { readonly path: string; readonly document: JsonObject }[] = [];
  const unread: model.UnreadPart[] = [];
  const resourcePolicies: ResourcePolicy[] = [];
  const attachments: AttachedElsewhere[] = [];
  const add = (deployment: model.Deployment, other: OtherPolicies): void => {
    parts.push(deployment);
    unread.push(...other.unread);
    resourcePolicies.push(...other.resourcePolicies);
    attachments.push(...other.attachments);
  };
  for (const { path, text } of files) {
    const content = contentIn(path, text);
    try {
      if (content && isTerraform(content))
        add(deploymentOfTerraform(content, given, side), otherPoliciesOfTerraform(content, side));
      else if (content && isTemplate(content)) {
        const around = { ...given, values: { ...templateValues(content, given), ...given.values } };
        add(deploymentOfTemplate(content, around), otherPoliciesOfTemplate(content, around));
      } else if (content && 'Statement' in content) policies.push({ path, document: content });
      else if (!MAY_GIVE_ACCESS.test(text)) continue;
      else if (/\.(?:ya?ml|json)$/.test(path) && /["']?apiVersion["']?\s*:/.test(text)) {
        const manifest = manifestIn(text);
        if (manifest) parts.push(manifest);
        const ackObjects = text.match(/services\.k8s\.aws/g)?.length ?? 0;
        if (!manifest || ackObjects > manifest.associations.length || /iam\.\w|eksctl\.io/.test(text))
          unread.push({ reason: `${path} is not read`, content: text });
      } else unread.push({ reason: `${path} is not read`, content: text });
    } catch (error) {
      throw unmarked(path, error);
    }
  }
  const folder = ofPolicies(policies, given);
  const all = model.joined([...parts, folder.deployment]);
  for (const { address, content, roles, isForOthers } of attachments) {
    const isOutside = roles.some((role) => !all.roles.some(({ name, arn }) => name === role || arn === role));
    const isAttached = all.roles.some((role) => role.policies.some((policy) => policy.address.startsWith(address)));
    if (isForOthers || isOutside || (roles.length === 0 && !isAttached && !/attachment/.test(address)))
      unread.push({ reason: `${address} is for users, groups or roles outside of the files`, content });
  }
  return {
    ...{ ...all, files, side, unread: [...all.unread, ...unread] },
    accountId: given.accountId ?? parts.find(({ accountId }) => accountId)?.accountId ?? model.EXAMPLE_ACCOUNT,
    region: given.region ?? parts.find(({ region }) => region)?.region ?? 'us-west-2',
    resourcePolicies: [...resourcePolicies, ...folder.resourcePolicies],
  };
}

/** Returns the object of JSON or YAML; undefined for another text. */
function contentIn(path: string, text: string): JsonObject | undefined {
  if (path.endsWith('.json')) return contentOfText(path, text);
  if (!/\.(?:ya?ml|template)$/.test(path)) return /^\s*\{/.test(text) ? contentOfText(path, text) : undefined;
  try {
    return contentOfText(path, text);
  } catch {
    return undefined; // Manifests may have several documents.
  }
}

function manifestIn(text: string): model.Deployment | undefined {
  try {
    return deploymentOfManifest(text);
  } catch (error) {
    if (error instanceof model.PolicyProblem) return undefined;
    throw error;
  }
}

/**
 * Groups policy files. A trust policy and the identity policies next to it are a role with the name of the folder. If a folder has
 * several trust policies, the common part of the names is the role. Others are policies of their own.
 */
function ofPolicies(
  policies: readonly { readonly path: string; readonly document: JsonObject }[],
  given: model.Surroundings,
): { readonly deployment: model.Deployment; readonly resourcePolicies: readonly ResourcePolicy[] } {
  const statements = (document: JsonObject): JsonObject[] => listOf(document['Statement']).map(objectOf);
  const kindOf = ({ path, document }: (typeof policies)[number]): 'trust' | 'resource' | 'boundary' | 'identity' => {
    const isForPrincipals = statements(document).some((one) => 'Principal' in one || 'NotPrincipal' in one);
    if (!isForPrincipals) return /boundary/i.test(basename(path)) ? 'boundary' : 'identity';
    return statements(document).every((one) => listOf(one['Action']).every((action) => /^sts:/i.test(String(action))))
      ? 'trust'
      : 'resource';
  };
  const all = policies.map((one) => ({ ...one, kind: kindOf(one), text: JSON.stringify(one.document) }));
  const trusts = all.filter(({ kind }) => kind === 'trust');
  const inFolder = (path: string): number => trusts.filter((one) => dirname(one.path) === dirname(path)).length;
  const stem = (path: string): string =>
    basename(path)
      .replace(/\.[^.]+$/, '')
      .replaceAll(KIND, '');
  const roleOf = (path: string): string =>
    inFolder(path) === 1 && basename(dirname(path)) !== '.' && basename(dirname(path)) !== ''
      ? basename(dirname(path))
      : inFolder(path) === 1
        ? stem(trusts.find((one) => dirname(one.path) === dirname(path))?.path ?? path) || 'role'
        : stem(path) || basename(path);
  const ofRoles = all.filter(({ kind }) => kind !== 'resource');
  const keyOf = (path: string): string => `${dirname(path)}/${roleOf(path)}`;
  const roles = [...new Set(ofRoles.map(({ path }) => keyOf(path)))].map((key): model.DeployedRole => {
    const ofRole = ofRoles.filter(({ path }) => keyOf(path) === key);
    const trust = ofRole.find(({ kind }) => kind === 'trust');
    return {
      ...{ address: trust?.path ?? ofRole[0]!.path, tags: {}, trust: trust?.text ?? '' },
      ...model.roleNames(key, basename(key), '/', given),
      policies: ofRole.flatMap(({ kind, path, text }): model.DeployedPolicy[] =>
        kind === 'trust' ? [] : [{ kind: kind === 'boundary' ? 'boundary' : 'attached', address: path, text }],
      ),
    };
  });
  return {
    deployment: { ...model.EMPTY, roles },
    resourcePolicies: all.flatMap(({ kind, path, text, document }) =>
      kind === 'resource' ? [{ address: path, text, resources: scopeOf(document, undefined) }] : [],
    ),
  };
}

/** Whether a file has policies, or what gives access in a form that is not read. */
export function isRead({ path, text }: SourceFile): boolean {
  const content = contentIn(path, text);
  return (
    MAY_GIVE_ACCESS.test(text) ||
    (content !== undefined && (isTerraform(content) || isTemplate(content) || 'Statement' in content))
  );
}

/** Whether the text is a Terraform plan, which has both sides. */
export function isPlan({ path, text }: SourceFile): boolean {
  const content = contentIn(path, text);
  return isJsonObject(content) && isTerraform(content) && 'planned_values' in content;
}

/** Returns the line of an address in the files, from 1. */
export function placeOf(
  files: readonly SourceFile[],
  address: string,
  sid?: string,
): { readonly path: string; readonly line: number } | undefined {
  const name = address.split(' ')[0] ?? '';
  const escaped = JSON.stringify(name).slice(1, -1);
  const last = name.replace(/^.*?([^/]+)$/, '$1').replace(/,$/, '');
  for (const wanted of [escaped, last]) {
    const file = files.find(({ path, text }) => path === name || text.includes(wanted));
    if (file === undefined) continue;
    const at = (text: string | undefined): number =>
      textOf(text) === undefined ? -1 : file.text.indexOf(JSON.stringify(text).slice(1, -1));
    const offset = Math.max(0, file.path === name ? at(sid) : at(wanted));
    return { path: file.path, line: file.text.slice(0, offset).split('\n').length };
  }
  return undefined;
}
