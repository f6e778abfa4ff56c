/** Which users in a pod can read the token file. */
import { fetchCredentials, granted, podIdentityRole, readFile, suite } from '../../harness/index.ts';
import { TOKEN_DIRECTORY } from '../lib/worlds.ts';

const TOKEN_FILE = `${TOKEN_DIRECTORY}/eks-pod-identity-token`;

suite('pod-identity', ({ scenario }) => {
  scenario('PI-26', 'a container that does not run as root can read its token', {
    source: 'Kubernetes documentation, "Projected Volumes": ownership and permissions of service account tokens',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', runAsUser: 65534 } },
    probes: [
      granted('app', fetchCredentials()),
      // Only that user may read it, because all containers of the pod run as the user.
      granted('app', readFile(TOKEN_FILE), { facts: { mode: '0600' } }),
    ],
  });

  scenario('PI-26b', 'a container that does not run as root can read its token if the pod has an fsGroup', {
    source: 'Kubernetes documentation, "Configure a Security Context for a Pod or Container", fsGroup',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', runAsUser: 65534, fsGroup: 2000 } },
    probes: [granted('app', fetchCredentials()), granted('app', readFile(TOKEN_FILE), { facts: { mode: '0640' } })],
  });
});
