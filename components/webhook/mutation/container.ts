import type { MutationPlan } from './plan.ts';
import type { Container, EnvVar } from './pod-type.ts';

const STS_VARIABLE = 'AWS_STS_REGIONAL_ENDPOINTS';
const REGION_VARIABLES = ['AWS_DEFAULT_REGION', 'AWS_REGION'];

/**
 * The container with the plan's variables after its own and with its mount. What the container sets itself stays:
 * either region variable keeps both away, either credential variable the other. `envFrom` is not looked at.
 */
export function mutateContainer(container: Container, plan: MutationPlan): Container {
  const own = new Set((container.env ?? []).map((variable) => variable.name ?? ''));
  const hasCredentials = plan.credentialVariables.some((variable) => own.has(variable.name ?? ''));
  const hasRegion = REGION_VARIABLES.some((name) => own.has(name));
  const hasSts = own.has(STS_VARIABLE);
  // A container that sets everything itself gets no mount either.
  if (hasCredentials && hasRegion && hasSts) return container;

  const added: EnvVar[] = [
    ...(plan.regionalSts && !hasSts ? [{ name: STS_VARIABLE, value: 'regional' }] : []),
    ...(plan.region !== '' && !hasRegion ? REGION_VARIABLES.map((name) => ({ name, value: plan.region })) : []),
    ...(hasCredentials ? [] : plan.credentialVariables),
  ];
  const mounted = container.volumeMounts?.some((mount) => mount.name === plan.volumeName) ?? false;
  const mount = { name: plan.volumeName, readOnly: true, mountPath: plan.mountPath };
  return {
    ...container,
    env: [...(container.env ?? []), ...added],
    volumeMounts: [...(container.volumeMounts ?? []), ...(mounted ? [] : [mount])],
  };
}
