import type { V1Pod } from '@kubernetes/client-node';
import { settingsOf, type ServiceAccount } from '../../components/webhook/options.ts';
import { mutatePod } from '../../components/webhook/mutation/mutate-pod.ts';
import { identityOf } from '../../components/webhook/mutation/service-account.ts';
import type { PodSubject } from '../../identity/pod-identity.ts';
import type { Deployment } from '../../identity/deployment/deployment.ts';
import { containersOf, credentialsOf } from '../facts/injection.ts';
import { podOf, type Pod } from '../snapshot/kubernetes.ts';

const SKIP_LABEL = 'eks.amazonaws.com/skip-pod-identity-webhook';

/** The phase of pods of files, which Kubernetes does not have. Their names say which object has the template. */
const TEMPLATE = 'Template';
export const isTemplate = ({ phase }: Pod): boolean => phase === TEMPLATE;
export const podLabel = (pod: Pod): string => (isTemplate(pod) ? pod.metadata.name : `pod ${pod.metadata.name}`);

/** Returns pods as the webhook changes new ones of a service account (amazon-eks-pod-identity-webhook, README). */
export function podsOfTemplates(
  { pods }: Deployment,
  { namespace, serviceAccount }: Pick<PodSubject, 'namespace' | 'serviceAccount'>,
  account: ServiceAccount | undefined,
  associated: boolean,
): Pod[] {
  const settings = settingsOf({ serviceAccounts: { get: () => undefined } });
  return pods
    .filter((one) => (one.namespace ?? namespace) === namespace)
    .map(({ address, pod }): { readonly address: string; readonly pod: V1Pod } => ({ address, pod }))
    .filter(({ pod }) => (pod.spec?.serviceAccountName ?? pod.spec?.serviceAccount ?? 'default') === serviceAccount)
    .map(({ address, pod }) => {
      const subject = { associated, annotated: account && identityOf(account, settings) };
      const patch = isServed(pod, associated) ? (mutatePod(pod, subject, settings)?.patch ?? []) : [];
      const added = (path: string): unknown => patch.find((one) => one.path === path)?.value;
      const volumes = [added('/spec/volumes'), added('/spec/volumes/0'), pod.spec?.volumes].flat().filter(Boolean);
      const spec = {
        ...pod.spec,
        ...{ serviceAccountName: serviceAccount, volumes },
        containers: added('/spec/containers') ?? pod.spec?.containers ?? [],
        initContainers: added('/spec/initContainers') ?? pod.spec?.initContainers ?? [],
      };
      const status = { phase: TEMPLATE };
      return podOf({ metadata: { ...pod.metadata, name: address, namespace }, spec, status } as unknown as V1Pod);
    });
}

/**
 * Whether the webhook adds credentials that work. Its selector leaves out a label; the agent does not run on Windows and Fargate (EKS User Guide,
 * "EKS Pod Identity considerations").
 */
function isServed({ metadata, spec }: V1Pod, isPodIdentity: boolean): boolean {
  const labels = metadata?.labels ?? {};
  if (SKIP_LABEL in labels) return false;
  const system = spec?.os?.name ?? spec?.nodeSelector?.['kubernetes.io/os'];
  const isFargate = 'eks.amazonaws.com/fargate-profile' in labels || spec?.schedulerName === 'fargate-scheduler';
  return !isPodIdentity || (system !== 'windows' && !isFargate);
}

/** Returns the containers of templates to which the webhook adds no credentials, with the reason. */
export const skippedContainers = (pod: Pod): readonly string[] =>
  containersOf(pod)
    .filter((one) => {
      const { podIdentity, webIdentityRole, preferred } = credentialsOf(one);
      return !podIdentity && webIdentityRole === undefined && preferred.length === 0;
    })
    .map((one) => `container ${one.name} of ${podLabel(pod)} (${omission(pod, one.name)})`);

/** Says why the webhook adds nothing to a container, or no agent answers it. */
function omission({ metadata: { labels = {}, annotations = {} } }: Pod, name: string): string {
  if (SKIP_LABEL in labels) return `label ${SKIP_LABEL}`;
  const skipped = annotations['eks.amazonaws.com/skip-containers']?.split(/[\s,]+/);
  return skipped?.includes(name) === true ? 'skip-containers' : 'Windows or Fargate';
}
