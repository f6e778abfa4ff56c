/** Faults that are on in this process. Code of the switched build reads them (`switched-source.ts`). */
export const FAULTS_ON: Set<string> = onIn(globalThis as { conformanceFaults?: Set<string> });

/** Returns code that turns faults on. It must run before all modules, since some compute tables when loaded. */
export const switchingOn = (faults: readonly string[]): string =>
  `globalThis.conformanceFaults=new Set(${JSON.stringify(faults)});`;

/** Faults whose code was reached since the set was cleared. */
export const FAULTS_REACHED = new Set<string>();

export function isOn(name: string): boolean {
  FAULTS_REACHED.add(name);
  return FAULTS_ON.has(name);
}

/** Returns the faults that are on. In images, `image-variant.ts` sets them. */
function onIn(global: { conformanceFaults?: Set<string> }): Set<string> {
  return (global.conformanceFaults ??= new Set());
}
