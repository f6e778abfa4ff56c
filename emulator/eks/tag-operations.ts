import { requestTagContext } from '../../identity/policy/tag-context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { accessEntryKeys } from './condition-keys.ts';
import { demand, parameter, type EksCall } from './call.ts';
import type { AccessEntry } from '../world/eks-model.ts';
import { checkTagCount, readTags, resourceTagContext } from './input.ts';

export function tagResource(call: EksCall): object {
  const tags = readTags(call.body);
  const existing = demandedTags(call, 'eks:TagResource', requestTagContext(tags));
  checkTagCount(new Map([...existing, ...tags]));
  for (const [key, value] of tags) existing.set(key, value);
  return {};
}

export function untagResource(call: EksCall): object {
  const keys = call.query.getAll('tagKeys');
  const existing = demandedTags(call, 'eks:UntagResource', keys.length > 0 ? { 'aws:TagKeys': keys } : {});
  for (const key of keys) existing.delete(key);
  return {};
}

export function listTagsForResource(call: EksCall): object {
  return { tags: Object.fromEntries(demandedTags(call, 'eks:ListTagsForResource', {})) };
}

/** The three tag operations have their own errors. */
function demandedTags(
  call: EksCall,
  action: string,
  context: Readonly<Record<string, string | readonly string[]>>,
): Map<string, string> {
  const arn = parameter(call, 'resourceArn');
  const [, , service, , accountId] = arn.split(':');
  if (!arn.startsWith('arn:') || service !== 'eks')
    throw new AwsError('BadRequestException', 400, 'resourceArn is not the ARN of an EKS resource.');
  const [, clusterName = ''] = arn.split('/');
  const cluster = accountId === call.account.id ? call.account.clusters.get(clusterName) : undefined;
  const { accessEntries: entries = new Map<string, AccessEntry>() } = cluster ?? {};
  const entry = [...entries.values()].find((one) => one.arn === arn);
  const others =
    cluster && [cluster.associations, cluster.addons, cluster.nodeGroups].flatMap((all) => [...all.values()]);
  const tags = [cluster, entry, ...(others ?? [])].find((one) => one?.arn === arn)?.tags;
  demand(call, action, arn, { ...accessEntryKeys(clusterName, entry), ...resourceTagContext(tags), ...context });
  if (tags === undefined) throw new AwsError('NotFoundException', 404, 'No EKS resource has this ARN.');
  return tags;
}
