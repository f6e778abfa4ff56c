const SCRIPTS: Readonly<Record<string, string>> = {
  run: 'conformance',
  list: 'conformance',
  plan: 'conformance',
  'kind-images': 'kind:images',
  'kind-node-image': 'kind:node-image',
};

export const isInstalled = (): boolean => import.meta.url.includes('/node_modules/');

/** Returns the command that a user types: `npx eks-pod-identity-conformance sweep`, in a clone `npm run sweep --`. */
export function commandLine(command: string, args = '', installed = isInstalled()): string {
  if (installed)
    return ['npx eks-pod-identity-conformance', ...(command === 'run' ? [] : [command]), args].join(' ').trim();
  const [name = '', ...subcommand] = command.split(' ');
  const words = [...(name === 'list' || name === 'plan' ? [`--${name}`] : subcommand), args].join(' ').trim();
  return `npm run ${SCRIPTS[name] ?? name}${words === '' ? '' : ` -- ${words}`}`;
}
