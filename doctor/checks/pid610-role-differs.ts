import { credentialsOf, variable } from '../facts/injection.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import { defineCheck, podCase, restart } from './cases.ts';

const TOKEN_FILE = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token';

export const roleDiffers = defineCheck({
  id: 'PID610',
  title: 'A pod runs with another role than its service account names now',
  severity: 'warning',
  rights: ['list pods', 'list serviceaccounts'],
  observation: "`AWS_ROLE_ARN` next to the webhook's token file is compared with the annotation.",
  cause: 'The annotation was changed or removed after the pod was created, for example by an operator upgrade.',
  effect: 'The pod keeps its role until it restarts. Then it gets another identity, or none.',
  fix: 'Restore the annotation if the change was a mistake, otherwise restart the workload.',
  source: 'aws-controllers-k8s/community#2567; aws/amazon-eks-pod-identity-webhook#210',
  *find(facts) {
    for (const pod of facts.pods) {
      const account = facts.serviceAccountOf(pod);
      if (account === undefined || facts.associationOf(pod)) continue;
      const annotation = roleAnnotation(account);
      const container = pod.containers.find(
        (one) =>
          variable(one, 'AWS_WEB_IDENTITY_TOKEN_FILE')?.value === TOKEN_FILE && credentialsOf(one).webIdentityRole,
      );
      const role = container && credentialsOf(container).webIdentityRole;
      if (role === undefined || role === annotation) continue;
      const now = annotation === undefined ? 'no longer names a role' : `now names ${annotation || 'an empty role'}`;
      const { namespace, name } = account.metadata;
      yield podCase(pod, `Its pods run as ${role}, but service account ${namespace}/${name} ${now}.`, restart(pod));
    }
  },
});
