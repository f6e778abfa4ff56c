import { allow, getObject, granted, irsaRole, podIdentityRole, suite } from '../harness/index.ts';

suite('coexistence', ({ scenario }) => {
  scenario('CO-06', 'two service accounts of a namespace, one of each kind', {
    roles: {
      pi: podIdentityRole(allow('s3:GetObject', 'data/pi/*')),
      web: irsaRole('app/web', allow('s3:GetObject', 'data/web/*')),
    },
    workloads: { pi: { serviceAccount: 'pi', role: 'pi' }, web: { serviceAccount: 'web', irsa: 'web' } },
    objects: ['data/pi/key', 'data/web/key'],
    probes: [granted('pi', getObject('data/pi/key')), granted('web', getObject('data/web/key'))],
  });
});
