/** Names of the faults that are on in this process. Code of the switched build asks (`switched-source.ts`), and no other. */
export const FAULTS_ON: Set<string> = onIn(globalThis as { conformanceFaults?: Set<string> });

/** Statement that switches faults on: ahead of all modules, since some make tables of what they are told when they are loaded. */
export const switchingOn = (faults: readonly string[]): string =>
  `globalThis.conformanceFaults=new Set(${JSON.stringify(faults)});`;

/** Names of the faults whose place was reached since the set was cleared. */
export const FAULTS_REACHED = new Set<string>();

export function isOn(name: string): boolean {
  FAULTS_REACHED.add(name);
  return FAULTS_ON.has(name);
}

/** Programs of an image have theirs from the line that `image-variant.ts` puts ahead of them. */
function onIn(global: { conformanceFaults?: Set<string> }): Set<string> {
  return (global.conformanceFaults ??= new Set());
}
