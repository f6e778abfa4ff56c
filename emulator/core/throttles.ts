import { AwsError } from './errors.ts';
import type { Caller } from './principal.ts';
import type { ServiceName } from './service.ts';
import type { World } from './world.ts';

interface Bucket {
  readonly tokens: number;
  /** When `tokens` was counted, by the world's uptime. */
  readonly at: number;
}

/** Counts calls by the setting `throttling`: a token bucket for each service and account, one for all unsigned calls. */
export interface Throttles {
  /** Takes a token for a call. Throws the service's error of a caller that is too fast when there is none. */
  admit(service: ServiceName, caller: Caller | undefined): void;
}

export function throttles({ settings: { throttling }, uptime }: Pick<World, 'settings' | 'uptime'>): Throttles {
  const buckets = new Map<string, Bucket>();
  return {
    admit(service, caller) {
      const throttle = throttling[service];
      if (throttle === undefined) return;
      const key = `${service} ${caller?.accountId ?? 'anonymous'}`;
      const now = uptime.now();
      const { tokens, at } = buckets.get(key) ?? { tokens: throttle.burst, at: now };
      const filled = Math.min(throttle.burst, tokens + ((now - at) / 1000) * throttle.perSecond);
      const admitted = filled >= 1;
      buckets.set(key, { tokens: admitted ? filled - 1 : filled, at: now });
      if (!admitted) throw throttled(service);
    },
  };
}

/**
 * How each service says it: the common errors of the IAM and STS API References, `ThrottlingException` of the EKS and EKS
 * Auth API References, and the lists of error codes of EC2 and S3.
 */
function throttled(service: ServiceName): AwsError {
  switch (service) {
    case 'iam':
    case 'sts':
      return new AwsError('Throttling', 400, 'Rate exceeded');
    case 'eks':
    case 'eks-auth':
      return new AwsError('ThrottlingException', 429, 'Rate exceeded');
    case 'ec2':
      return new AwsError('RequestLimitExceeded', 503, 'Request limit exceeded.');
    case 's3':
      return new AwsError('SlowDown', 503, 'Please reduce your request rate.');
  }
}
