import type { AssumeRoleCommandOutput } from '@aws-sdk/client-sts';
import { errorCode, type ServiceError } from '../../components/probe/service-error.ts';
import type { Layer, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { SERVICE_ERRORS, refusalBy } from '../../aws/refusal.ts';
import type { Facts } from '../world/admission.ts';
import { present } from './eks.ts';

type AssumeRoleOutput = Omit<AssumeRoleCommandOutput, '$metadata'>;

export const sessionFacts = ({
  Credentials,
  AssumedRoleUser,
  PackedPolicySize,
  SourceIdentity,
}: AssumeRoleOutput): Facts =>
  present({
    arn: AssumedRoleUser?.Arn,
    userId: AssumedRoleUser?.AssumedRoleId,
    secondsLeft: Math.round(((Credentials?.Expiration?.getTime() ?? 0) - Date.now()) / 1000),
    packedPolicySize: PackedPolicySize,
    sourceIdentity: SourceIdentity,
  });

export async function attempt(layer: Layer, call: () => Promise<ProbeResult>): Promise<ProbeResult> {
  try {
    return await call();
  } catch (error) {
    const refused = error as ServiceError;
    const code = errorCode(refused, refused.$metadata?.httpStatusCode);
    return { ...refusalBy(layer, refused, SERVICE_ERRORS), code };
  }
}
