/** Faults that are on in this process; read by the switched build (`switched-source.ts`). */
export const FAULTS_ON: Set<string> = onIn(globalThis as { conformanceFaults?: Set<string> });

/** Runs before all modules, since some compute tables when loaded. */
export const switchingOn = (faults: readonly string[]): string =>
  `globalThis.conformanceFaults=new Set(${JSON.stringify(faults)});`;

/** Faults reached since the set was cleared. */
export const FAULTS_REACHED = new Set<string>();

export function isOn(name: string): boolean {
  FAULTS_REACHED.add(name);
  return FAULTS_ON.has(name);
}

/** In images, `image-variant.ts` sets them. */
function onIn(global: { conformanceFaults?: Set<string> }): Set<string> {
  return (global.conformanceFaults ??= new Set());
}
