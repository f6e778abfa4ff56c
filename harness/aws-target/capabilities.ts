import type { AwsTarget } from './target.ts';
import type { AwsService } from '../../aws/service-names.ts';

/** Which services what a scenario may need takes, by the harness' capability names. */
const SERVICES: Readonly<Record<string, readonly AwsService[]>> = {
  'pod-identity': ['eks', 'eks-auth', 'iam', 'sts'],
  associations: ['eks', 'iam'],
  irsa: ['iam', 'sts'],
  'sts-of-aws': ['sts'],
  s3: ['s3'],
  'two-accounts': ['sts'],
  'node-role': ['iam'],
};

/** What only an AWS offers whose inside can be reached. */
const CONTROLS = {
  'virtual-clock': 'nobody can move its clock',
  weather: 'nobody can make it fail',
  'call-record': 'nobody can read its record of calls in time',
  'local-issuer': 'its STS does not reach issuers on this machine',
} as const;

export interface Lack {
  /** Of services, why each that is not there is not. */
  readonly services: ReadonlyMap<AwsService, string>;
  /** What AWS is called in a sentence. */
  readonly where: string;
  readonly otherAccount: boolean;
  readonly permissionsBoundary: string | undefined;
}

/** What scenarios cannot have of an AWS that is not the harness' own emulator, each with the reason. */
export function unavailableOf({ services, where, otherAccount, permissionsBoundary }: Lack): Map<string, string> {
  const unavailable = new Map<string, string>(
    Object.entries(CONTROLS).map(([name, why]) => [name, `${where} is not the harness' own emulator, and ${why}`]),
  );
  for (const [name, needed] of Object.entries(SERVICES)) {
    const why = needed.flatMap((service) => services.get(service) ?? []);
    if (why.length > 0) unavailable.set(name, why.join('; '));
  }
  if (!otherAccount && !unavailable.has('two-accounts'))
    unavailable.set('two-accounts', 'give a role of another account with --other-account-role');
  if (permissionsBoundary !== undefined) {
    unavailable.set('own-boundary', `every role has the boundary ${permissionsBoundary} of --permissions-boundary`);
    // Whoever must set a boundary may not give a role without one policies of their own (docs/nightly.md).
    unavailable.set('node-role', "with --permissions-boundary the nodes' role, which has none, keeps its policies");
  }
  return unavailable;
}

/** What an AWS has that the harness can reach by its APIs alone, before `unavailableOf` is taken from it. */
export const AWS_CAPABILITIES: readonly string[] = ['associations', 's3', 'two-accounts', 'sts-of-aws'];

/** AWS may have an outage; who plays it, and fails at a request at every try, does not know its answer. */
export const isAwsItself = ({ capabilities }: Pick<AwsTarget, 'capabilities'>): boolean =>
  capabilities.has('sts-of-aws');
