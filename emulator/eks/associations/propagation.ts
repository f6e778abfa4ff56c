import type { World } from '../../world/world.ts';
import type { Background } from '../background.ts';
import { messageOf } from '../errors.ts';
import type { Association, Cluster, ServiceAccountKey } from '../../world/eks-model.ts';

/** Returns the key of `Cluster.eksAuthAssociations`. */
export function subjectKey(subject: ServiceAccountKey): string {
  return `${subject.namespace}/${subject.serviceAccount}`;
}

export type AssociationPropagation = ReturnType<typeof associationPropagation>;

/** Propagates changes to the cluster's webhook and to EKS Auth, with the delays of `associationPropagation`. */
export function associationPropagation(world: World, { after }: Background) {
  const push = async (cluster: Cluster, identities: readonly ServiceAccountKey[]): Promise<string | undefined> => {
    if (cluster.status === 'DELETING') return undefined;
    try {
      await cluster.managed?.associationsChanged(identities);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  };

  return {
    /**
     * Propagates an association that was created, changed, or deleted (`undefined`). Returns the error if the cluster
     * could not be notified immediately; the change itself remains.
     */
    async changed(
      cluster: Cluster,
      subject: ServiceAccountKey,
      association: Association | undefined,
    ): Promise<string | undefined> {
      const delays = world.settings.associationPropagation;
      // Copied, so that later updates do not become visible early.
      const copiedAssociation = association === undefined ? undefined : { ...association };
      const inform = () => {
        if (copiedAssociation === undefined) cluster.eksAuthAssociations.delete(subjectKey(subject));
        else cluster.eksAuthAssociations.set(subjectKey(subject), copiedAssociation);
      };
      if (delays.eksAuth > 0) after(delays.eksAuth, inform);
      else inform();

      const identities = [...cluster.associations.values()].map(({ namespace, serviceAccount }) => ({
        namespace,
        serviceAccount,
      }));
      if (delays.webhook > 0) {
        after(delays.webhook, () => void push(cluster, identities));
        return undefined;
      }
      return push(cluster, identities);
    },
  };
}
