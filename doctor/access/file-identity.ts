import { editDistance } from '../../foundation/node/nearest.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import {
  knownOf,
  ROLE_ANNOTATION,
  Unknown,
  type DeployedAssociation,
  type DeployedServiceAccount,
  type Deployment,
  type Known,
} from '../../identity/deployment/deployment.ts';
import type { Asker } from './session.ts';

/** How files give a service account its role. */
export interface FileIdentity {
  readonly association?: DeployedAssociation | undefined;
  readonly annotated?: DeployedServiceAccount | undefined;
  /** Why an association may be of another service account, or of another cluster. */
  readonly unsure: readonly string[];
  /** Whether another association or the annotation may apply instead. */
  readonly isOpen: boolean;
}

const may = (value: Known<string>, wanted: string): boolean => value instanceof Unknown || value === wanted;
const isOf = (one: DeployedServiceAccount, { namespace, serviceAccount }: Asker): boolean =>
  one.name === serviceAccount && (one.namespace ?? namespace) === namespace;

export const accountOfAsker = (deployment: Deployment, asker: Asker): DeployedServiceAccount | undefined =>
  deployment.serviceAccounts.find((one) => isOf(one, asker));

/** Returns the annotations whose values are known. */
export const annotationsOf = (account: DeployedServiceAccount | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(account?.annotations ?? {}).flatMap(([key, one]) => (one instanceof Unknown ? [] : [[key, one]])),
  );

/** Returns the association or annotation of a service account. Throws `HarnessError` BAD_FILE if several clusters have one. */
export function fileIdentity(deployment: Deployment, asker: Asker, clusterName: string | undefined): FileIdentity {
  const { namespace, serviceAccount } = asker;
  const matching = deployment.associations
    .filter((one) => may(one.namespace, namespace) && may(one.serviceAccount, serviceAccount))
    .filter((one) => clusterName === undefined || may(one.cluster, clusterName));
  const unsureOf = (one: DeployedAssociation): readonly Unknown[] =>
    [one.namespace, one.serviceAccount, ...(clusterName === undefined ? [] : [one.cluster])].filter(
      (value) => value instanceof Unknown,
    );
  const sure = matching.filter((one) => unsureOf(one).length === 0);
  const clusters = [...new Set(sure.map(({ cluster }) => knownOf(cluster) ?? ''))];
  if (clusters.length > 1)
    throw new HarnessError(
      'BAD_FILE',
      `The files have associations of ${namespace}/${serviceAccount} in clusters ${clusters.join(' and ')}. Give --cluster-name.`,
    );
  const association = sure[0] ?? matching[0];
  const annotated = accountOfAsker(deployment, asker);
  return {
    association,
    annotated: annotated?.annotations[ROLE_ANNOTATION] ? annotated : undefined,
    isOpen: sure.length === 0 && matching.length + Number(annotated?.annotations[ROLE_ANNOTATION] !== undefined) > 1,
    unsure: association === undefined ? [] : unsureOf(association).map(({ reason }) => reason),
  };
}

/** Says that files give a service account no role, and which association or annotation is the nearest. */
export function absence({ associations, serviceAccounts }: Deployment, asker: Asker): string {
  const { namespace, serviceAccount } = asker;
  const far = (other: string | undefined, name: Known<string>): number =>
    (knownOf(name) === serviceAccount ? 0 : editDistance(serviceAccount, knownOf(name) ?? '')) +
    (other === namespace ? 0 : 1.5);
  const shown = (value: Known<string>): string => knownOf(value) ?? '(after apply)';
  const others = [
    ...associations.map((one) => ({
      text: `${one.address} (${shown(one.namespace)}/${shown(one.serviceAccount)}, cluster ${shown(one.cluster)})`,
      distance: far(knownOf(one.namespace), one.serviceAccount),
    })),
    ...serviceAccounts
      .filter(({ annotations }) => annotations[ROLE_ANNOTATION])
      .map((one) => ({ text: `${one.address} with a role annotation`, distance: far(one.namespace, one.name) })),
  ].toSorted((a, b) => a.distance - b.distance);
  const nearest = others[0] === undefined ? '' : `; nearest: ${others[0].text}`;
  return `the files have no association and no annotation of ${namespace}/${serviceAccount}${nearest}`;
}
