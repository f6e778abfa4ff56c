import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { Caller } from '../../identity/policy/principal.ts';
import type { ServiceName } from '../core/service.ts';
import type { World } from './world.ts';
import type { Throttle } from '../core/settings.ts';

interface Bucket {
  readonly tokens: number;
  /** The time of the last call, by the world's uptime. */
  readonly at: number;
}

/** Operations that change nothing. */
const LOOK = /^(Get|List|Describe|Head)/;

export type Throttles = ReturnType<typeof throttles>;

/** Returns token buckets by service and account, and additionally by mutating operation. Unsigned calls share a bucket. */
export function throttles({ settings: { throttling }, uptime }: Pick<World, 'settings' | 'uptime'>) {
  const buckets = new Map<string, Bucket>();
  return {
    /** Throws the service's throttling error if a bucket is empty. */
    admit(service: ServiceName, caller: Caller | undefined, operation: string): void {
      const throttle = throttling[service];
      if (throttle === undefined) return;
      const now = uptime.now();
      const filled = (key: string, { perSecond, burst }: Throttle): number => {
        const { tokens, at } = buckets.get(key) ?? { tokens: burst, at: now };
        return Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
      };
      const all = `${service} ${caller?.accountId ?? 'anonymous'}`;
      const levels = new Map([[all, filled(all, throttle)]]);
      if (throttle.changes !== undefined && !LOOK.test(operation))
        levels.set(`${all} ${operation}`, filled(`${all} ${operation}`, throttle.changes));
      const admitted = [...levels.values()].every((tokens) => tokens >= 1);
      for (const [key, tokens] of levels) buckets.set(key, { tokens: admitted ? tokens - 1 : tokens, at: now });
      if (!admitted) throw new AwsError(...THROTTLED[service]);
    },
  };
}

/** The services' throttling errors, from the API References and the error lists of EC2 and S3. */
const THROTTLED: Readonly<Record<ServiceName, readonly [code: string, status: number, text: string]>> = {
  iam: ['Throttling', 400, 'Rate exceeded'],
  sts: ['Throttling', 400, 'Rate exceeded'],
  eks: ['ThrottlingException', 429, 'Rate exceeded'],
  'eks-auth': ['ThrottlingException', 429, 'Rate exceeded'],
  ec2: ['RequestLimitExceeded', 503, 'Request limit exceeded.'],
  s3: ['SlowDown', 503, 'Please reduce your request rate.'],
};
