import { parseBool, parseInteger } from '../../go/text.ts';
import { clampTokenExpiration, type Settings, type Identity, type ServiceAccount } from '../options.ts';

/**
 * Reads the annotations `<prefix>/role-arn` (not validated), `audience`, `sts-regional-endpoints` and
 * `token-expiration`. Flags are the defaults. Source: amazon-eks-pod-identity-webhook, README, "EKS Walkthrough".
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

/** Returns the annotation's whole seconds, raised to the minimum, or the fallback if it is not a whole number. */
export function tokenExpiration(annotation: string | undefined, fallback: bigint): bigint {
  const seconds = parseInteger(annotation ?? '', 64);
  return seconds === undefined ? fallback : clampTokenExpiration(seconds);
}

function roleArn(annotation: string | undefined, { composeRoleArn }: Settings): string {
  if (annotation === undefined) return '';
  if (!composeRoleArn.enabled || annotation.includes('arn:')) return annotation;
  return `arn:${composeRoleArn.partition}:iam::${composeRoleArn.accountId}:role/${annotation}`;
}
