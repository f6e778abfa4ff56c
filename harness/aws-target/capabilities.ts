import type { AwsTarget } from './target.ts';
import type { AwsService } from '../../aws/service-names.ts';

const SERVICES: Readonly<Record<string, readonly AwsService[]>> = {
  'pod-identity': ['eks', 'eks-auth', 'iam', 'sts'],
  associations: ['eks', 'iam'],
  irsa: ['iam', 'sts'],
  'sts-of-aws': ['sts'],
  s3: ['s3'],
  'two-accounts': ['sts'],
  'node-role': ['iam'],
};

const CONTROLS = {
  'virtual-clock': 'its clock cannot be moved',
  'aws-disturbances': 'it cannot be made to fail',
  'call-record': 'its call record cannot be read in time',
  'request-context': 'its requests have the condition keys of the real network and organization',
  organization: 'the policies of its organization are not changed',
  'kms-keys': 'KMS keys can only be deleted after seven days',
  'policy-decisions': 'it does not report its decisions about other services',
} as const;

export interface Lack {
  readonly services: ReadonlyMap<AwsService, string>;
  readonly where: string;
  readonly otherAccount: boolean;
  readonly permissionsBoundary: string | undefined;
}

/** Returns the capabilities that this AWS lacks, each with the reason. */
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
    // A boundary policy forbids policies of roles without a boundary (docs/nightly.md).
    unavailable.set(
      'node-role',
      "the nodes' role has no boundary, so --permissions-boundary does not let its policies change",
    );
  }
  return unavailable;
}

/** Capabilities that AWS's APIs offer, before `unavailableOf` removes some. */
export const AWS_CAPABILITIES: readonly string[] = ['associations', 's3', 'two-accounts', 'sts-of-aws'];

/** Whether this is AWS, whose repeated server errors may be an outage. Those of an emulator count as an answer. */
export const isAwsItself = ({ capabilities }: Pick<AwsTarget, 'capabilities'>): boolean =>
  capabilities.has('sts-of-aws');
