import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import type { AssumeRoleStep } from '../../foundation/probe-protocol.ts';

/** What STS is asked for a step of a role chain (AWS STS API Reference, AssumeRole). */
export const assumeRoleInput = ({
  roleArn,
  tags,
  externalId,
  policy,
  durationSeconds,
}: AssumeRoleStep): AssumeRoleCommandInput => ({
  RoleArn: roleArn,
  RoleSessionName: 'probe',
  ...(externalId !== undefined && { ExternalId: externalId }),
  ...(policy !== undefined && { Policy: policy }),
  ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
  ...(tags && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
});
