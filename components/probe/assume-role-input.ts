import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import type { AssumeRoleStep } from '../../foundation/protocols/probe-protocol.ts';

/** Returns AssumeRole's input for a step of a role chain (AWS STS API Reference). */
export function assumeRoleInput(step: AssumeRoleStep): AssumeRoleCommandInput {
  const { roleArn, sessionName = 'probe', tags, transitiveTagKeys, policyArns } = step;
  const { externalId, sourceIdentity, policy, durationSeconds } = step;
  return {
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(externalId !== undefined && { ExternalId: externalId }),
    ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    ...(policy !== undefined && { Policy: policy }),
    ...(policyArns && { PolicyArns: policyArns.map((arn) => ({ arn })) }),
    ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
    ...(tags && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    ...(transitiveTagKeys && { TransitiveTagKeys: [...transitiveTagKeys] }),
  };
}
