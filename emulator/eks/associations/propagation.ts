import type { World } from '../../world/world.ts';
import type { Background } from '../background.ts';
import { messageOf } from '../errors.ts';
import type { Association, Cluster, Subject } from '../../world/eks-model.ts';

/** The key of `Cluster.eksAuthAssociations`. */
export function subjectKey(subject: Subject): string {
  return `${subject.namespace}/${subject.serviceAccount}`;
}

export type AssociationPropagation = ReturnType<typeof associationPropagation>;

/**
 * Carries changes of associations to the two that act on them: the cluster's webhook and EKS Auth. Each learns of a
 * change after a delay of its own (setting `associationPropagation`); with a delay of 0, before the call answers.
 */
export function associationPropagation(world: World, { after }: Background) {
  const push = async (cluster: Cluster, identities: readonly Subject[]): Promise<string | undefined> => {
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
     * Tells of an association that was made, changed (`association`) or deleted (`undefined`).
     *
     * @returns what went wrong when the cluster was told at once, else undefined: the change itself stands.
     */
    async changed(
      cluster: Cluster,
      subject: Subject,
      association: Association | undefined,
    ): Promise<string | undefined> {
      const delays = world.settings.associationPropagation;
      // A copy: later updates of the association must not show before their own time.
      const known = association === undefined ? undefined : { ...association };
      const inform = () => {
        if (known === undefined) cluster.eksAuthAssociations.delete(subjectKey(subject));
        else cluster.eksAuthAssociations.set(subjectKey(subject), known);
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
