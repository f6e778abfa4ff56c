/** npm's names of the commands, as a clone has them, by the command's own name. */
const SCRIPTS: Readonly<Record<string, string>> = {
  run: 'conformance',
  list: 'conformance',
  plan: 'conformance',
  'kind-images': 'kind:images',
  'kind-node-image': 'kind:node-image',
};

/** Whether this code is an installed package's. Otherwise it is a clone's. */
export const isInstalled = (): boolean => import.meta.url.includes('/node_modules/');

/**
 * How the user starts a command, with these arguments: `npx eks-pod-identity-conformance sweep --list` where the package is
 * installed, `npm run sweep -- --list` in a clone.
 */
export function commandLine(command: string, args = '', installed = isInstalled()): string {
  if (installed)
    return ['npx eks-pod-identity-conformance', ...(command === 'run' ? [] : [command]), args].join(' ').trim();
  const words = [...(command === 'list' || command === 'plan' ? [`--${command}`] : []), args].join(' ').trim();
  return `npm run ${SCRIPTS[command] ?? command}${words === '' ? '' : ` -- ${words}`}`;
}
