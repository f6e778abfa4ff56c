/** Init containers, sidecars, ephemeral containers, and pods on the host network. */
import { admitPod, fetchCredentials, granted, podIdentityRole, succeeds, suite, whoAmI } from '../../harness/index.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED, IMAGE, TOKEN_DIRECTORY } from '../lib/worlds.ts';
import { POD, post, review } from './lib/reviews.ts';
import { POD_IDENTITY_ENV } from './lib/settings.ts';

suite('webhook', ({ scenario }) => {
  scenario('WH-09', 'ephemeral containers get no settings', {
    source: WEBHOOK_HANDLER + ', paths of the patch',
    ...ASSOCIATED,
    probes: [
      succeeds(
        post(review({ ...POD, spec: { ...POD.spec, ephemeralContainers: [{ name: 'debugger', image: IMAGE }] } })),
        { patchPaths: '/metadata/labels,/spec/volumes,/spec/containers' },
      ),
    ],
  });

  scenario('WH-08', 'init containers and sidecars also get the settings', {
    profile: 'core',
    source: WEBHOOK_HANDLER + '; Kubernetes documentation, "Sidecar Containers"',
    ...ASSOCIATED,
    probes: [
      succeeds(
        admitPod('app', {
          spec: {
            initContainers: [
              { name: 'prepare', image: IMAGE },
              { name: 'sidecar', image: IMAGE, restartPolicy: 'Always' },
            ],
          },
        }),
        {
          'app.envNames': POD_IDENTITY_ENV.join(),
          'prepare.envNames': POD_IDENTITY_ENV.join(),
          'prepare.mount': `${TOKEN_DIRECTORY} (read only)`,
          'sidecar.envNames': POD_IDENTITY_ENV.join(),
          'sidecar.mount': `${TOKEN_DIRECTORY} (read only)`,
        },
      ),
    ],
  });

  for (const [id, container, what] of [
    ['WH-08b', 'init', 'an init container'],
    ['WH-08c', 'sidecar', 'a sidecar'],
  ] as const) {
    scenario(id, `${what} gets credentials from the agent`, {
      source: WEBHOOK_HANDLER + '; Kubernetes documentation, "Init Containers" and "Sidecar Containers"',
      roles: { app: podIdentityRole() },
      workloads: { app: { role: 'app', container } },
      probes: [granted('app', fetchCredentials()), granted('app', whoAmI())],
    });
  }

  scenario('WH-14', 'a pod on the host network gets settings and credentials like any other', {
    source: WEBHOOK_HANDLER + ': it reads only the containers, volumes, labels and node selector of a pod',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', hostNetwork: true } },
    probes: [
      granted('app', fetchCredentials()),
      succeeds(admitPod('app', { spec: { hostNetwork: true } }), {
        injected: 'pod-identity',
        'app.envNames': POD_IDENTITY_ENV.join(),
      }),
    ],
  });
});
