import { parseBool, parseInteger } from '../../go/text.ts';
import { clampTokenExpiration, type Settings, type Identity, type ServiceAccount } from '../options.ts';

/**
 * Reads the annotations `<prefix>/role-arn` (unchecked), `audience`, `sts-regional-endpoints` and `token-expiration`,
 * with the flags as defaults. Source: amazon-eks-pod-identity-webhook, README, "EKS Walkthrough".
 */
export function identityOf(serviceAccount: ServiceAccount, settings: Settings): Identity {
  const annotation = (name: string): string | undefined =>
    serviceAccount.annotations[`${settings.annotationPrefix}/${name}`];
  return {
    roleArn: roleArn(annotation('role-arn'), settings),
    audience: annotation('audience') ?? settings.tokenAudience,
    regionalSts: parseBool(annotation('sts-regional-endpoints') ?? '') ?? settings.stsRegionalEndpoint,
    tokenExpiration: tokenExpiration(annotation('token-expiration'), settings.tokenExpiration),
  };
}

/** Seconds of a whole number in the annotation, raised to the minimum. */
export function tokenExpiration(annotation: string | undefined, fallback: bigint): bigint {
  const seconds = parseInteger(annotation ?? '', 64);
  return seconds === undefined ? fallback : clampTokenExpiration(seconds);
}

function roleArn(annotation: string | undefined, { composeRoleArn }: Settings): string {
  if (annotation === undefined) return '';
  if (!composeRoleArn.enabled || annotation.includes('arn:')) return annotation;
  return `arn:${composeRoleArn.partition}:iam::${composeRoleArn.accountId}:role/${annotation}`;
}
